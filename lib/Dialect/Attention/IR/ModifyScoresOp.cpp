//===- ModifyScoresOp.cpp - attention.modify_scores -----------------------===//
//
// Verification of the region and the modifiers that need none.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

LogicalResult ModifyScoresOp::verify() {
  return verifyBatchedMatrix(*this,
                             cast<RankedTensorType>(getScores().getType()),
                             "scores", "Nq, Nkv");
}

LogicalResult ModifyScoresOp::verifyRegions() {
  auto type = cast<RankedTensorType>(getScores().getType());
  SmallVector<Type> argumentTypes(1 + type.getRank(),
                                  IndexType::get(getContext()));
  argumentTypes[0] = type.getElementType();
  return verifyScalarRegion(*this, getModify(), "modify", argumentTypes,
                            "a score and its indices", type.getElementType());
}

SmallVector<ScoreChange> ModifyScoresOp::getScoreChanges() {
  return {{ScoreChangeKind::Modify, {}, {}, {}, &getModify()}};
}

LogicalResult
ModifyScoresOp::reifyResultShapes(OpBuilder &builder,
                                  ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(
      reifyLeadingExtents(builder, cast<OpResult>(getResult()), getScores()));
  return success();
}

Speculation::Speculatability ModifyScoresOp::getSpeculatability() {
  return getTensorOpSpeculatability(*this);
}

/// modify_scores %s (%x, …) { yield %x }  ->  %s
OpFoldResult ModifyScoresOp::fold(FoldAdaptor) {
  Block &body = getModify().front();
  if (cast<YieldOp>(body.back()).getValue() == body.getArgument(0))
    return getScores();
  return {};
}

namespace {
/// A modifier that multiplies an unscaled dot score by the same number
/// everywhere is the dot score's scale:
///
///   %s = dot_score %q, %k
///   modify_scores %s (%x, …) { %y = mulf %x, %c; yield %y }
///   ->
///   dot_score %q, %k scale(%c)
///
/// The arithmetic is the same, but not where there may be no features: the
/// score is 0 there whatever the scale, while the region may make 0 · ∞ of it.
/// Scores used elsewhere stay as they are.
struct FoldModifierIntoScale : public OpRewritePattern<ModifyScoresOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ModifyScoresOp op,
                                PatternRewriter &rewriter) const override {
    auto dot = op.getScores().getDefiningOp<DotScoreOp>();
    if (!dot || dot.getScale() || dot.getScaled() || !dot->hasOneUse() ||
        cast<RankedTensorType>(dot.getQuery().getType()).getShape().back() <= 0)
      return failure();
    Block &body = op.getModify().front();
    auto yield = cast<YieldOp>(body.back());
    auto product = yield.getValue().getDefiningOp<arith::MulFOp>();
    if (!product || product->getBlock() != &body)
      return failure();
    Value factor = product.getRhs();
    if (factor == body.getArgument(0))
      factor = product.getLhs();
    else if (product.getLhs() != body.getArgument(0))
      return failure();
    // An x · x is not linear, and what the region computes is not uniform.
    if (factor.getParentRegion() == &op.getModify())
      return failure();
    rewriter.replaceOpWithNewOp<DotScoreOp>(op, op.getType(), dot.getQuery(),
                                            dot.getKey(), factor,
                                            /*scaled=*/false);
    return success();
  }
};
} // namespace

void ModifyScoresOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                 MLIRContext *context) {
  patterns.add<FoldModifierIntoScale>(context);
}
