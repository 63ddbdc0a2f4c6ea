//===- WeightsToLinalg.cpp - Weights from scores and a final state --------===//
//
// As the definitions of attention.weights and mass read, through the scalar
// code that the normaliser builds.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/AttentionToLinalg/AttentionToLinalg.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "BlockScoreBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

/// The weight of a pair of score `score` by the final state of its row `i`.
template <typename OpTy>
static Value buildWeight(OpTy op, OpBuilder &builder, Location loc, Value score,
                         Value i) {
  OnlineNormaliserAttrInterface normaliser = op.getNormaliser();
  SmallVector<Value> state;
  for (Value tile : op.getState())
    state.push_back(tensor::ExtractOp::create(builder, loc, tile, i));
  Value shift;
  if (normaliser.hasState())
    shift = normaliser.buildShift(builder, loc, state.front());
  Value weight = normaliser.buildWeight(builder, loc, score, shift);
  if (Value factor = normaliser.buildContextFactor(builder, loc, state))
    weight = arith::MulFOp::create(builder, loc, weight, factor);
  // 0 times the factor of a row of NaN would be NaN.
  Value zero = buildFloat(builder, loc, score.getType(), 0.0);
  return arith::SelectOp::create(builder, loc, buildIsLive(builder, loc, score),
                                 weight, zero);
}

namespace {
/// %w = weights query(%t) key(%k) changes(…) state(%pivot, %sum) outs(%w0)
/// ->
/// %s = linalg.generic …                    // the scores [j, lanes]
/// %w = linalg.generic (i, j) outs(%w0)
///        { s[j, i] = −inf ? 0 : weight(s[j, i], state[i]) · factor(state[i]) }
struct WeightsToLinalg : public OpRewritePattern<WeightsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(WeightsOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getResults().empty())
      return rewriter.notifyMatchFailure(op, "is on buffers");
    GenericBuilder g(rewriter, op.getLoc());
    Value scores = buildBlockScores(g, op.getBlockScores());
    // Lanes beyond the rows are dropped: the tiles are read by index.
    rewriter.replaceOp(
        op, g.generic({}, {op.getOuts()[0], op.getOutputMap()}, 0,
                      [&](OpBuilder &builder, Location loc, ValueRange) {
                        Value i = linalg::IndexOp::create(builder, loc, 0);
                        Value j = linalg::IndexOp::create(builder, loc, 1);
                        Value score = tensor::ExtractOp::create(
                            builder, loc, scores, ValueRange{j, i});
                        return buildWeight(op, builder, loc, score, i);
                      }));
    return success();
  }
};

/// %m = mass query(%t) key(%k) changes(…) state(%pivot, %sum) live(%n)
/// outs(%m0)
/// ->
/// %s = linalg.generic …                    // the scores [j, lanes]
/// %m = linalg.generic (j, i) ins(%s) outs(%m0)
///        { i < n ? m[j] + (the weight of s[j, i]) : m[j] }
struct MassToLinalg : public OpRewritePattern<MassOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MassOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getResults().empty())
      return rewriter.notifyMatchFailure(op, "is on buffers");
    GenericBuilder g(rewriter, op.getLoc());
    Value scores = buildBlockScores(g, op.getBlockScores());
    rewriter.replaceOp(
        op, g.generic(
                {{scores, g.map(2, {0, 1})}}, {op.getOuts()[0], g.map(2, {0})},
                1, [&](OpBuilder &builder, Location loc, ValueRange a) {
                  Value i = linalg::IndexOp::create(builder, loc, 1);
                  return buildIf(
                      builder, loc, buildIsBelow(builder, loc, i, op.getLive()),
                      a[1], [&](OpBuilder &builder, Location loc) -> Value {
                        return arith::AddFOp::create(
                            builder, loc, a[1],
                            buildWeight(op, builder, loc, a[0], i));
                      });
                }));
    return success();
  }
};
} // namespace

void attention::populateWeightsToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<WeightsToLinalg, MassToLinalg>(patterns.getContext());
}
