//===- ContextToLinalg.cpp - Weighted sum of values -----------------------===//
//
// attention.context as a sum over the keys that leaves out values of weight 0,
// then one rounding to the type the user asked for.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/AttentionToLinalg/AttentionToLinalg.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "LinalgBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// %o = context %w, %v
/// ->
/// %sum = linalg.generic (b…, i, e: parallel, j: reduction)
///          ins(%w[b…, i, j], %v[b…, j, e]) outs(0[b…, i, e])
///          { w == 0 ? acc : acc + w · v }
/// %o   = linalg.generic ins(%sum) { round }
struct ContextToLinalg : public OpRewritePattern<ContextOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ContextOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    MLIRContext *context = op.getContext();
    Value weights = op.getWeights();
    Value value = repeatUnknownHeads(rewriter, loc, op.getValue(), weights);
    auto type = cast<RankedTensorType>(op.getOutput().getType());
    Type computeType =
        cast<RankedTensorType>(weights.getType()).getElementType();
    auto sumType = type.clone(computeType);

    unsigned rank = type.getRank();
    unsigned i = rank - 2, feature = rank - 1, j = rank;
    SmallVector<AffineMap> maps = {
        getBatchedMap(weights, weights, rank + 1, i, j),
        getBatchedMap(value, weights, rank + 1, j, feature),
        getDimsMap(context, rank + 1,
                   llvm::to_vector(llvm::seq<unsigned>(rank)))};
    SmallVector<utils::IteratorType> parallel(rank,
                                              utils::IteratorType::parallel);
    SmallVector<utils::IteratorType> iterators = parallel;
    iterators.push_back(utils::IteratorType::reduction);

    SmallVector<OpFoldResult> sizes = reifyShapes(rewriter, op)[0];
    Value empty = buildEmpty(rewriter, loc, sumType, sizes);
    Value zero = buildFloat(rewriter, loc, computeType, 0.0);
    Value init =
        linalg::FillOp::create(rewriter, loc, zero, empty).getResult(0);
    Value sum =
        linalg::GenericOp::create(
            rewriter, loc, sumType, ValueRange{weights, value}, init, maps,
            iterators,
            [&](OpBuilder &builder, Location loc, ValueRange arguments) {
              Value weight = arguments[0], total = arguments[2];
              Value element =
                  buildExtend(builder, loc, arguments[1], computeType);
              Value term = arith::MulFOp::create(builder, loc, weight, element);
              Value next = arith::AddFOp::create(builder, loc, total, term);
              Value isZero = arith::CmpFOp::create(
                  builder, loc, arith::CmpFPredicate::OEQ, weight,
                  buildFloat(builder, loc, computeType, 0.0));
              Value result =
                  arith::SelectOp::create(builder, loc, isZero, total, next);
              linalg::YieldOp::create(builder, loc, result);
            })
            .getResult(0);
    if (type == sumType) {
      rewriter.replaceOp(op, sum);
      return success();
    }

    Value rounded = buildEmpty(rewriter, loc, type, sizes);
    AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
    rewriter.replaceOpWithNewOp<linalg::GenericOp>(
        op, type, sum, rounded, ArrayRef<AffineMap>{identity, identity},
        parallel, [&](OpBuilder &builder, Location loc, ValueRange arguments) {
          Value result =
              buildRound(builder, loc, arguments[0], type.getElementType());
          linalg::YieldOp::create(builder, loc, result);
        });
    return success();
  }
};
} // namespace

void attention::populateContextToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<ContextToLinalg>(patterns.getContext());
}
