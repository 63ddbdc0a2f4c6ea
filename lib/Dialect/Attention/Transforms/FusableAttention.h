//===- FusableAttention.h - What attention.fused is made of -----*- C++ -*-===//
//
// Finds the operations between a score function, or a tensor of scores, and a
// context, or what else reads weights, through interfaces only, and says why
// they cannot be one operation.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_FUSABLEATTENTION_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_FUSABLEATTENTION_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"

namespace mlir::attention {

/// scores -> changes… -> normaliser -> context and readings of the weights, all
/// in one block.
struct FusableAttention {
  /// Null where the scores are a tensor in memory.
  ScoreOpInterface score;
  Value scores;
  /// Why the scores are a tensor in memory, if they are.
  std::string whyInMemory;
  /// In program order.
  SmallVector<ScoreChangeOpInterface> changes;
  NormaliserOpInterface normaliser;
  OnlineNormaliserAttrInterface online;
  /// Null where nobody uses one.
  ContextOp context;
  /// Null where nobody uses it.
  Value lse;
  /// What reads the weights and becomes part of the fused operation, in program
  /// order.
  SmallVector<RowReadingOpInterface> readings;
  SmallVector<ColumnMassOp> columnMasses;
  /// What reads rows of weights in a way that the normaliser's do not allow.
  SmallVector<RowReadingOpInterface> incompatible;
  /// Null where nobody but the context and the above use them.
  Value weights;
  /// What the fused operation has to stand before.
  Operation *position = nullptr;

  /// The steps of all changes as one list, of which the first adds the scores
  /// to 0 if they are in memory.
  SmallVector<ScoreChange> getScoreChanges();
};

/// What `context` is the end of; else, `reason` says why it is not fused.
FailureOr<FusableAttention> findFusableAttention(ContextOp context,
                                                 std::string &reason);

/// The same where weights are used, or read, but have no context.
FailureOr<FusableAttention>
findFusableAttention(NormaliserOpInterface normaliser, std::string &reason);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_FUSABLEATTENTION_H
