//===- VisibleKeys.h - The span of keys that some queries see ---*- C++ -*-===//
//
// For queries too few to get loops over keys of their own: those of one tile in
// registers, in a block of more.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_TRANSFORMS_VISIBLEKEYS_H
#define ATTENTION_DIALECT_ATTENTION_TRANSFORMS_VISIBLEKEYS_H

#include "Attention/Dialect/Attention/Transforms/KeyAnalysis.h"
#include "mlir/IR/Builders.h"

namespace mlir::attention {

/// Keys [begin, end); none where they are not in order.
struct KeyRange {
  OpFoldResult begin, end;
};

/// Builds the span from the first to the last of `keys` that some of the
/// `numQueries` from `firstQuery` on sees, as far as the sets among `changes`
/// tell. Indices are global, and there is at least one query.
KeyRange buildVisibleKeys(OpBuilder &builder, Location loc,
                          ArrayRef<ScoreChange> changes, ValueRange batch,
                          OpFoldResult firstQuery, OpFoldResult numQueries,
                          KeyRange keys, const KeyAnalysisOptions &options);

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_ATTENTION_TRANSFORMS_VISIBLEKEYS_H
