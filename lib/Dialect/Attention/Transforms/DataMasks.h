//===- DataMasks.h - Masks that only run time knows, by block ---*- C++ -*-===//
//
// For boolean tensors and where regions: whether they keep no pair of a block,
// all, or perhaps some, computed once, before the loop over batch elements and
// blocks of queries.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_DATAMASKS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_DATAMASKS_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/CostModel.h"

namespace mlir::attention {

/// What is known of blocks for one score change.
struct BlockClasses {
  /// The change's position in the op's list.
  unsigned change;
  /// A tensor of i8 [b…, block of queries, block of keys]: 0 where no pair is
  /// kept, 2 where all are, else 1. Dimensions that it does not depend on have
  /// one element.
  Value classes;
  SmallVector<bool> dependsOn;
};

struct DataMasks {
  SmallVector<BlockClasses> masks;
  /// The index (b…, i, j) of the first pair, where the blocks begin.
  SmallVector<OpFoldResult> firsts;
  BlockSizes sizes;
};

/// Builds the classes of blocks for the changes of `op`, before it is tiled.
DataMasks buildDataMasks(OpBuilder &builder, FusedOp op, BlockSizes sizes);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_DATAMASKS_H
