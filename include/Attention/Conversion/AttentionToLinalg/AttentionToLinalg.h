//===- AttentionToLinalg.h - The exact lowering -----------------*- C++ -*-===//
//
// Patterns that lower attention of every level to linalg on tensors, op by op.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_CONVERSION_ATTENTIONTOLINALG_ATTENTIONTOLINALG_H
#define ATTENTION_CONVERSION_ATTENTIONTOLINALG_ATTENTIONTOLINALG_H

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace mlir::attention {

/// All patterns of -convert-attention-to-linalg.
void populateAttentionToLinalgPatterns(RewritePatternSet &patterns);

/// fused, into the graph level; and readings that have a decomposition.
void populateFusedToLinalgPatterns(RewritePatternSet &patterns);
/// The block level: pack, online, finish, merge, weights and mass.
void populateBlockToLinalgPatterns(RewritePatternSet &patterns);
/// merge.
void populateMergeToLinalgPatterns(RewritePatternSet &patterns);
/// weights and mass.
void populateWeightsToLinalgPatterns(RewritePatternSet &patterns);
/// Scores, by ScoreOpInterface.
void populateScoreToLinalgPatterns(RewritePatternSet &patterns);
/// modify_scores and mask_scores.
void populateScoreChangesToLinalgPatterns(RewritePatternSet &patterns);
/// Weights, by NormaliserOpInterface.
void populateNormaliserToLinalgPatterns(RewritePatternSet &patterns);
/// context.
void populateContextToLinalgPatterns(RewritePatternSet &patterns);
/// top_k.
void populateTopKToLinalgPatterns(RewritePatternSet &patterns);
/// entropy and column_mass.
void populateWeightSumsToLinalgPatterns(RewritePatternSet &patterns);

} // namespace mlir::attention

#endif // ATTENTION_CONVERSION_ATTENTIONTOLINALG_ATTENTIONTOLINALG_H
