//===- ScoreToLinalg.cpp - Score functions as sums over features ----------===//
//
// Any ScoreOpInterface becomes a linalg.generic that sums the pair body over
// the features; named scores generalise to attention.score first.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/AttentionToLinalg/AttentionToLinalg.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "LinalgBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// %s = score %q, %k params(%p) combine { … }
/// ->
/// %s = linalg.generic (b…, i, j: parallel, f: reduction)
///        ins(%q[b…, i, f], %k[b…, j, f], %p[f]) outs(0[b…, i, j])
///        { acc + combine(q, k, p) }
struct ScoreToLinalg : public OpRewritePattern<ScoreOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScoreOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    MLIRContext *context = op.getContext();
    auto type = cast<RankedTensorType>(op.getScores().getType());
    Type computeType = type.getElementType();
    Value query = op.getQuery();
    Value key = repeatUnknownHeads(rewriter, loc, op.getKey(), query);

    unsigned rank = type.getRank();
    unsigned i = rank - 2, j = rank - 1, feature = rank;
    SmallVector<Value> inputs = {query, key};
    SmallVector<AffineMap> maps = {
        getBatchedMap(query, query, rank + 1, i, feature),
        getBatchedMap(key, query, rank + 1, j, feature)};
    for (Value parameter : op.getParameters()) {
      inputs.push_back(parameter);
      maps.push_back(getDimsMap(context, rank + 1, feature));
    }
    maps.push_back(getDimsMap(context, rank + 1,
                              llvm::to_vector(llvm::seq<unsigned>(rank))));
    SmallVector<utils::IteratorType> iterators(rank,
                                               utils::IteratorType::parallel);
    iterators.push_back(utils::IteratorType::reduction);

    Value empty = buildEmpty(rewriter, loc, type, reifyShapes(rewriter, op)[0]);
    Value zero = buildFloat(rewriter, loc, computeType, 0.0);
    Value init =
        linalg::FillOp::create(rewriter, loc, zero, empty).getResult(0);
    rewriter.replaceOpWithNewOp<linalg::GenericOp>(
        op, type, inputs, init, maps, iterators,
        [&](OpBuilder &builder, Location loc, ValueRange arguments) {
          SmallVector<Value> elements;
          for (Value argument : arguments.drop_back())
            elements.push_back(
                buildExtend(builder, loc, argument, computeType));
          Value term = op.buildPair(builder, loc, elements[0], elements[1],
                                    ArrayRef(elements).drop_front(2));
          Value sum =
              arith::AddFOp::create(builder, loc, arguments.back(), term);
          linalg::YieldOp::create(builder, loc, sum);
        });
    return success();
  }
};
} // namespace

void attention::populateScoreToLinalgPatterns(RewritePatternSet &patterns) {
  populateGeneralizeScoresPatterns(patterns);
  patterns.add<ScoreToLinalg>(patterns.getContext());
}
