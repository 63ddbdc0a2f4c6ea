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
               const MaskAnalysis &masks);

  /// Builds the operations and returns what replaces the results of `op`.
  SmallVector<Value> build();

  /// Builds the state of a part of the keys into `outs`, without what init
  /// operands say.
  SmallVector<Value> buildPartialState(KeyPart part, ValueRange outs);

  /// Builds what replaces the results of `op` from the states of all parts of
  /// the keys.
  SmallVector<Value> buildFromStates(ValueRange states);

  /// The normaliser's state after all keys, of what was built last.
  ArrayRef<Value> getFinalState() const { return finalState; }

  /// Builds the weights of the block into `weights`, by their normaliser's
  /// state after all keys.
  Value buildWeights(MappedValue weights, ValueRange state);

  /// Adds the weights of the block, by their normaliser's state after all keys,
  /// to the mass [keys] of the op's keys. Queries are packed into `tile`.
  Value buildMass(ValueRange state, Value tile, Value mass);

  /// Scratch for packed queries.
  Value buildTileScratch();

private:
  /// What packed queries are multiplied by, or null: the scale of a dot
  /// product, and what the normaliser would have scores multiplied by where
  /// nothing sees them in between.
  Value buildPackScale();

  /// The accumulator, 0, and the normaliser's state before any key.
  SmallVector<Value> buildInitialState();

  /// The values of a state before any key.
  SmallVector<Value> buildInitialElements(ValueRange initElements);

  /// The packed queries, in `tile`.
  QueryBlock buildQueryBlock(Value tile);

  /// The state after all keys, or those of a part.
  SmallVector<Value> buildState(const QueryBlock &queries,
                                ValueRange initialState,
                                std::optional<KeyPart> part);

  /// The results from the state after all keys.
  SmallVector<Value> buildResults(const QueryBlock &queries,
                                  ArrayRef<Value> state);

  /// The weights, in a second pass over the keys, from their normaliser's
  /// state.
  Value buildWeights(const QueryBlock &queries, MappedValue out,
                     ValueRange state);

  RewriterBase &builder;
  Location loc;
  FusedOp op;
  BlockSizes sizes;
  const MaskAnalysis &masks;
  /// The op's, or its prescaled form, and what that wants scores to be
  /// multiplied by.
  OnlineNormaliserAttrInterface normaliser;
  double packFactor = 1.0;
  SmallVector<Value> finalState;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BLOCKBUILDER_H
