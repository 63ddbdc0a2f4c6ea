//===- MaskAnalysis.h - What masks say of blocks of keys --------*- C++ -*-===//
//
// Of all of an attention's blocks, by symbols and tables: asked once, and read
// by every pass over the keys.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_MASKANALYSIS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_MASKANALYSIS_H

#include "Attention/Dialect/Attention/Transforms/KeyAnalysis.h"
#include "DataMasks.h"

namespace mlir::attention {

struct MaskAnalysis {
  /// Of masks that only run time knows.
  DataMasks data;
  /// Of sets. What is left of the changes is what full blocks need; symbols are
  /// bound to what the op has for them.
  ChangesAnalysis sets;
  /// Whether some blocks of keys may not be visited.
  bool leavesKeysOut;
};

/// Analyses the masks of `op` before it is tiled, and builds the tables.
MaskAnalysis buildMaskAnalysis(OpBuilder &builder, FusedOp op,
                               BlockSizes sizes);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_MASKANALYSIS_H
