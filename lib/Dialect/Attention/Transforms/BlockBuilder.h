//===- BlockBuilder.h - A block of queries on the block level ---*- C++ -*-===//
//
// Turns attention of one batch element and one block of queries into block
// level operations: pack, online in loops over keys, finish; merge where keys
// are read in parts.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BLOCKBUILDER_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BLOCKBUILDER_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/CostModel.h"
#include "KeyLoops.h"

namespace mlir::attention {

class BlockBuilder {
public:
  /// Builds in front of `op`, which has an origin.
  BlockBuilder(RewriterBase &rewriter, FusedOp op, BlockSizes sizes,
               const DataMasks &masks);

  /// Builds the operations and returns what replaces the results of `op`.
  SmallVector<Value> build();

  /// Builds the state of a part of the keys into `outs`, without what init
  /// operands say.
  SmallVector<Value> buildPartialState(KeyPart part, ValueRange outs);

  /// Builds what replaces the results of `op` from the states of all parts of
  /// the keys.
  SmallVector<Value> buildFromStates(ValueRange states);

private:
  /// What packed queries are multiplied by, or null: the scale of a dot
  /// product, and what the normaliser would have scores multiplied by where
  /// nothing sees them in between.
  Value buildPackScale();

  /// The accumulator, 0, and the normaliser's state before any key.
  SmallVector<Value> buildInitialState();

  /// The values of a state before any key.
  SmallVector<Value> buildInitialElements(ValueRange initElements);

  /// The state after all keys, or those of a part.
  SmallVector<Value> buildState(ValueRange initialState,
                                std::optional<KeyPart> part);

  /// The results from the state after all keys.
  SmallVector<Value> buildResults(ArrayRef<Value> state);

  RewriterBase &builder;
  Location loc;
  FusedOp op;
  BlockSizes sizes;
  const DataMasks &masks;
  /// The op's, or its prescaled form, and what that wants scores to be
  /// multiplied by.
  OnlineNormaliserAttrInterface normaliser;
  double packFactor = 1.0;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BLOCKBUILDER_H
