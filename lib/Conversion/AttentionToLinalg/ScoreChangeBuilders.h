//===- ScoreChangeBuilders.h - Score changes at one pair --------*- C++ -*-===//
//
// Sets, mask and bias tensors and regions as scalar code at a pair (b…, i, j).
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_SCORECHANGEBUILDERS_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_SCORECHANGEBUILDERS_H

#include "Attention/Dialect/Attention/IR/ScoreChange.h"
#include "mlir/IR/Builders.h"

namespace mlir::attention {

/// Clones the operations of a region of one block, with `arguments` for its
/// arguments, and returns what it yields.
Value cloneScalarRegion(OpBuilder &builder, Region &region,
                        ValueRange arguments);

/// Whether the pair at `indices` is in all of these unions, and `condition`
/// holds, if there is one: an i1. One of these there must be.
Value buildSetsContain(OpBuilder &builder, Location loc,
                       ArrayRef<SmallVector<MaskSet>> sets, ValueRange indices,
                       Value condition = {});

/// The score at `indices` after `change`, which is evaluated where the score is
/// a live pair's only.
Value buildScoreChange(OpBuilder &builder, Location loc,
                       const ScoreChange &change, Value score,
                       ValueRange indices);

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_SCORECHANGEBUILDERS_H
