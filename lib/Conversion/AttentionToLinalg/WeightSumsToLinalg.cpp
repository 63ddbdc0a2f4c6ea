//===- WeightSumsToLinalg.cpp - Sums over weights -------------------------===//
//
// attention.entropy and column_mass: one reduction each, over the keys and over
// the queries.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/AttentionToLinalg/AttentionToLinalg.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "LinalgBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

/// The sum of term(w) over dimension `reduced` of `weights`, as the one result
/// of `op`.
static Value buildSum(OpBuilder &builder, Operation *op, Value weights,
                      unsigned reduced,
                      function_ref<Value(OpBuilder &, Location, Value)> term) {
  Location loc = op->getLoc();
  Type type = op->getResult(0).getType();
  Value empty = buildEmpty(builder, loc, type, reifyShapes(builder, op)[0]);
  Value zero = buildFloat(builder, loc, getElementTypeOrSelf(weights), 0.0);
  Value init = linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
  return buildReduction(
             builder, loc, weights, reduced, /*rows=*/{}, init,
             [&](OpBuilder &builder, Location loc, ValueRange arguments) {
               Value sum =
                   arith::AddFOp::create(builder, loc, arguments[1],
                                         term(builder, loc, arguments[0]));
               return SmallVector<Value>{sum};
             })
      .front();
}

namespace {
/// %h = entropy %w
/// ->
/// %h = linalg.generic (b…, i: parallel, j: reduction) ins(%w) outs(0)
///        { h + (w == 0 ? 0 : −w · log w) }
struct EntropyToLinalg : public OpRewritePattern<EntropyOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(EntropyOp op,
                                PatternRewriter &rewriter) const override {
    auto term = [](OpBuilder &builder, Location loc, Value weight) -> Value {
      Value zero = buildFloat(builder, loc, weight.getType(), 0.0);
      Value log = math::LogOp::create(builder, loc, weight);
      Value product = arith::MulFOp::create(
          builder, loc, arith::NegFOp::create(builder, loc, weight), log);
      Value isZero = arith::CmpFOp::create(
          builder, loc, arith::CmpFPredicate::OEQ, weight, zero);
      return arith::SelectOp::create(builder, loc, isZero, zero, product);
    };
    Value weights = op.getWeights();
    rewriter.replaceOp(
        op, buildSum(rewriter, op, weights, getRank(weights) - 1, term));
    return success();
  }
};

/// %m = column_mass %w
/// ->
/// %m = linalg.generic (b…: parallel, i: reduction, j: parallel) ins(%w)
/// outs(0)
///        { m + w }
struct ColumnMassToLinalg : public OpRewritePattern<ColumnMassOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ColumnMassOp op,
                                PatternRewriter &rewriter) const override {
    auto term = [](OpBuilder &, Location, Value weight) { return weight; };
    Value weights = op.getWeights();
    rewriter.replaceOp(
        op, buildSum(rewriter, op, weights, getRank(weights) - 2, term));
    return success();
  }
};
} // namespace

void attention::populateWeightSumsToLinalgPatterns(
    RewritePatternSet &patterns) {
  patterns.add<EntropyToLinalg, ColumnMassToLinalg>(patterns.getContext());
}
