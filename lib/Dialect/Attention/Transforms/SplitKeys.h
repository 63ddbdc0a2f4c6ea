//===- SplitKeys.h - Keys read in parts at the same time --------*- C++ -*-===//
//
// One parallel loop over batch elements, blocks of queries and parts of the
// keys, which leaves a state for each.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_SPLITKEYS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_SPLITKEYS_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/CostModel.h"
#include "Attention/Target/TargetFacts.h"
#include "MaskAnalysis.h"

namespace mlir::attention {

/// Into how many parts the keys of an attention are split: at most `most`,
/// which is 1 for no split. Where only run time knows how many keys there are,
/// fewer where they are few; `isFixed` is for as many as `most` in any case.
struct KeySplit {
  int64_t most = 1;
  bool isFixed = false;
};

/// By the model: from the target's facts and the shapes, as far as they are
/// known.
KeySplit chooseKeySplit(const TargetFacts &facts, FusedOp op, BlockSizes sizes);

/// How many parts there are.
OpFoldResult buildNumKeyParts(OpBuilder &builder, Location loc,
                              OpFoldResult numKeys, KeySplit split);

/// The states of parts of the keys, tensors [b…, block of queries, part, …].
struct PartialStates {
  SmallVector<Value> states;
  OpFoldResult numParts;
};

/// Builds the loop in front of `op`; fails where its maps have no tiles.
FailureOr<PartialStates> buildPartialStates(RewriterBase &rewriter, FusedOp op,
                                            BlockSizes sizes,
                                            const MaskAnalysis &masks,
                                            KeySplit split);

/// The states of all parts at a batch element and a block of queries.
SmallVector<Value> buildStatesOfBlock(OpBuilder &builder, Location loc,
                                      const PartialStates &partial,
                                      ArrayRef<OpFoldResult> position);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_SPLITKEYS_H
