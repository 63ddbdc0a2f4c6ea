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

/// What is built into the slice of `out` that is the block's keys, those from
/// `first` on in dimension `keyDim`; `out` with it in there.
template <typename OpTy>
static Value buildInBlock(OpTy op, OpBuilder &builder, Value out,
                          unsigned keyDim, function_ref<Value(Value)> build) {
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, out);
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  offsets[keyDim] = getAsOpFoldResult(op.getFirst());
  sizes[keyDim] =
      getMatrixExtent(builder, loc, {op.getKey(), op.getKeyMap()}, 0);
  Value block = tensor::ExtractSliceOp::create(builder, loc, out, offsets,
                                               sizes, strides);
  return tensor::InsertSliceOp::create(builder, loc, build(block), out, offsets,
                                       sizes, strides);
}

namespace {
/// %w = weights query(%t) key(%k) changes(…) state(%pivot, %sum) first(%f)
/// outs(%w0)
/// ->
/// %s = linalg.generic …                    // the scores [j, lanes]
/// %b = tensor.extract_slice %w0[0, %f] …
/// %c = linalg.generic (i, j) outs(%b)
///        { s[j, i] = −inf ? 0 : weight(s[j, i], state[i]) · factor(state[i]) }
/// %w = tensor.insert_slice %c into %w0[0, %f] …
struct WeightsToLinalg : public OpRewritePattern<WeightsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(WeightsOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getResults().empty())
      return rewriter.notifyMatchFailure(op, "is on buffers");
    GenericBuilder g(rewriter, op.getLoc());
    Value scores = buildBlockScores(g, op.getBlockScores());
    AffineMap map = op.getOutputMap();
    // Lanes beyond the rows are dropped: the tiles are read by index.
    auto build = [&](Value block) {
      return g.generic({}, {block, map}, 0,
                       [&](OpBuilder &builder, Location loc, ValueRange) {
                         Value i = linalg::IndexOp::create(builder, loc, 0);
                         Value j = linalg::IndexOp::create(builder, loc, 1);
                         Value score = tensor::ExtractOp::create(
                             builder, loc, scores, ValueRange{j, i});
                         return buildWeight(op, builder, loc, score, i);
                       });
    };
    unsigned keyDim = *map.getResultPosition(rewriter.getAffineDimExpr(1));
    rewriter.replaceOp(
        op, buildInBlock(op, rewriter, op.getOuts()[0], keyDim, build));
    return success();
  }
};

/// %m = mass query(%t) key(%k) changes(…) state(%pivot, %sum) live(%n)
/// first(%f) outs(%m0)
/// ->
/// %s = linalg.generic …                    // the scores [j, lanes]
/// %b = tensor.extract_slice %m0[%f] …
/// %c = linalg.generic (j, i) ins(%s) outs(%b)
///        { i < n ? b[j] + (the weight of s[j, i]) : b[j] }
/// %m = tensor.insert_slice %c into %m0[%f] …
struct MassToLinalg : public OpRewritePattern<MassOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MassOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getResults().empty())
      return rewriter.notifyMatchFailure(op, "is on buffers");
    GenericBuilder g(rewriter, op.getLoc());
    Value scores = buildBlockScores(g, op.getBlockScores());
    auto build = [&](Value block) {
      return g.generic({{scores, g.map(2, {0, 1})}}, {block, g.map(2, {0})}, 1,
                       [&](OpBuilder &builder, Location loc, ValueRange a) {
                         Value i = linalg::IndexOp::create(builder, loc, 1);
                         return buildIf(
                             builder, loc,
                             buildIsBelow(builder, loc, i, op.getLive()), a[1],
                             [&](OpBuilder &builder, Location loc) -> Value {
                               return arith::AddFOp::create(
                                   builder, loc, a[1],
                                   buildWeight(op, builder, loc, a[0], i));
                             });
                       });
    };
    rewriter.replaceOp(op, buildInBlock(op, rewriter, op.getOuts()[0],
                                        /*keyDim=*/0, build));
    return success();
  }
};
} // namespace

void attention::populateWeightsToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<WeightsToLinalg, MassToLinalg>(patterns.getContext());
}
