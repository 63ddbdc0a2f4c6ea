//===- ReadingsToLinalg.h - Readings on tensors, lane by lane ---*- C++ -*-===//
//
// What the exact lowering of attention.online, merge and finish does to the
// states of readings.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_READINGSTOLINALG_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_READINGSTOLINALG_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"

namespace mlir::attention {

/// What the rest of attention.online has computed: scores and weights [keys,
/// lanes], and where there is a state the pivots before and after the block and
/// the factor of sums [lanes].
struct OnlineBlock {
  Value scores, weights, oldPivot, pivot, factor;
};

/// The states of the readings of `op` after a block.
SmallVector<Value> buildReadingsOfBlock(OpBuilder &builder, OnlineOp op,
                                        const OnlineBlock &block);

/// The states of the readings of `op` after a merge: from the pivots before
/// and after it [lanes], if there are any.
SmallVector<Value> buildReadingsOfParts(OpBuilder &builder, MergeOp op,
                                        Value oldPivot, Value pivot);

/// The results of the readings of `op`.
SmallVector<Value> buildReadingResults(OpBuilder &builder, FinishOp op);

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_READINGSTOLINALG_H
