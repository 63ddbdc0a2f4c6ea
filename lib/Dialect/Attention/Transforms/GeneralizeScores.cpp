//===- GeneralizeScores.cpp - Named scores to attention.score -------------===//
//
// Rewrites every score function into the general one through ScoreOpInterface,
// so that what follows knows one form only.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/Passes.h"
#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace mlir::attention {
#define GEN_PASS_DEF_ATTENTIONGENERALIZESCORES
#include "Attention/Dialect/Attention/Transforms/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

/// Appends a region of one block with these argument types that yields what
/// `build` makes of its arguments.
static void
buildYieldingRegion(OpBuilder &builder, Location loc, Region &region,
                    TypeRange argumentTypes,
                    function_ref<Value(OpBuilder &, ValueRange)> build) {
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Location> locations(argumentTypes.size(), loc);
  Block *block =
      builder.createBlock(&region, region.end(), argumentTypes, locations);
  YieldOp::create(builder, loc, build(builder, block->getArguments()));
}

Value attention::generalizeScore(RewriterBase &rewriter, ScoreOpInterface op) {
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getScores().getType());
  Type computeType = type.getElementType();

  Value query = op.buildQueryPart(rewriter);
  Value key = op.buildKeyPart(rewriter);
  Value scale = op.buildScale(rewriter);
  ValueRange parameters = op.getPairParameters();

  auto score = ScoreOp::create(rewriter, loc, type, query, key, parameters);
  SmallVector<Type> pairTypes(2 + parameters.size(), computeType);
  buildYieldingRegion(rewriter, loc, score.getCombine(), pairTypes,
                      [&](OpBuilder &builder, ValueRange arguments) {
                        return op.buildPair(builder, loc, arguments[0],
                                            arguments[1],
                                            arguments.drop_front(2));
                      });
  if (!scale)
    return score.getScores();

  auto scaled = ModifyScoresOp::create(rewriter, loc, type, score.getScores());
  SmallVector<Type> scoreTypes(1 + type.getRank(), rewriter.getIndexType());
  scoreTypes[0] = computeType;
  buildYieldingRegion(rewriter, loc, scaled.getModify(), scoreTypes,
                      [&](OpBuilder &builder, ValueRange arguments) -> Value {
                        return arith::MulFOp::create(builder, loc, arguments[0],
                                                     scale);
                      });
  return scaled.getResult();
}

namespace {
/// %s = some.score %q, %k, …
/// ->
/// %query = …; %key = …                       // parts, once an element
/// %sum = score %query, %key combine { … }
/// %s = modify_scores %sum { multiply by the scale }   // where there is one
struct GeneralizeScore : public OpInterfaceRewritePattern<ScoreOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(ScoreOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (isa<ScoreOp>(op))
      return failure();
    rewriter.replaceOp(op, generalizeScore(rewriter, op));
    return success();
  }
};

struct GeneralizeScoresPass
    : public attention::impl::AttentionGeneralizeScoresBase<
          GeneralizeScoresPass> {
  void runOnOperation() override {
    getOperation()->walk([&](ScoreOpInterface op) {
      if (isa<ScoreOp>(op))
        return;
      if (auto bilinear = dyn_cast<BilinearScoreOp>(op.getOperation()))
        remark::passed(op.getLoc(),
                       remark::RemarkOpts::name("Projected")
                           .category("attention-generalize-scores"))
            << (bilinear.projectsQuery()
                    ? "bilinear weight applied to the queries"
                    : "bilinear weight applied to the keys");
    });
    RewritePatternSet patterns(&getContext());
    populateGeneralizeScoresPatterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace

void attention::populateGeneralizeScoresPatterns(RewritePatternSet &patterns) {
  patterns.add<GeneralizeScore>(patterns.getContext());
}
