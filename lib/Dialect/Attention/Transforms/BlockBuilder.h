//===- BlockBuilder.h - A block of queries on the block level ---*- C++ -*-===//
//
// Turns attention of one batch element and one block of queries into block
// level operations: pack, online in loops over keys, finish.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BLOCKBUILDER_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BLOCKBUILDER_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/CostModel.h"

namespace mlir::attention {

class BlockBuilder {
public:
  /// Builds in front of `op`, which has an origin.
  BlockBuilder(RewriterBase &rewriter, FusedOp op, BlockSizes sizes)
      : builder(rewriter), loc(op.getLoc()), op(op), sizes(sizes) {}

  /// Builds the operations and returns what replaces the results of `op`.
  SmallVector<Value> build();

private:
  /// The accumulator, 0, and the normaliser's state before any key.
  SmallVector<Value> buildInitialState();
  Value buildFilled(Value scalar, ArrayRef<OpFoldResult> sizes);

  /// The state after all keys.
  SmallVector<Value> buildState();

  /// The results from the state after all keys.
  SmallVector<Value> buildResults(ArrayRef<Value> state);

  RewriterBase &builder;
  Location loc;
  FusedOp op;
  BlockSizes sizes;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BLOCKBUILDER_H
