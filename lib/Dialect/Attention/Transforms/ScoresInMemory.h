//===- ScoresInMemory.h - Scores that are a tensor after all ----*- C++ -*-===//
//
// A tensor of scores is fused with what follows as a bias of scores of 0, which
// queries and keys of one feature, 0, have.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_SCORESINMEMORY_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_SCORESINMEMORY_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"

namespace mlir::attention {

/// Builds zeros of extents `extents` and of one feature.
Value buildZeros(OpBuilder &builder, Location loc,
                 SmallVector<OpFoldResult> extents, Type elementType);

/// Operands of attention.fused, with maps from (b…, i, j, d, e).
struct ZeroScores {
  MappedValue query;
  /// [j, d], the same for all batch elements.
  MappedValue key;
};

/// Builds queries and keys whose scores are 0, as many as `scores` [b…, i, j]
/// are and of their type.
ZeroScores buildZeroScores(OpBuilder &builder, Location loc, Value scores);

/// The tensor `scores` [b…, i, j] as a change of scores of 0.
ScoreChange getScoresAsChange(Value scores);

/// Replaces `op`, which has no origin, by graph-level operations that compute
/// its scores after the first `numChanges` changes, and by an op that begins
/// with them. Returns that.
FusedOp computeScoresInMemory(RewriterBase &rewriter, FusedOp op,
                              unsigned numChanges);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_SCORESINMEMORY_H
