//===- MergeToLinalg.cpp - States of parts of the keys into one -----------===//
//
// As the definition reads, through the scalar code that the normaliser builds.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/AttentionToLinalg/AttentionToLinalg.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "GenericBuilder.h"
#include "ReadingsToLinalg.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// %acc', %pivot', %sum' = merge %accs state(%pivots, %sums)
///                             outs(%acc, %pivot, %sum)
/// ->
/// %pivot' = linalg.generic (i, p) ins(%pivots) outs(%pivot) { pivot }
/// %f      = linalg.generic (i) ins(%pivot, %pivot') { rescale }
/// %fs     = linalg.generic (p, i) ins(%pivots, %pivot') { rescale }
/// %sum'   = linalg.generic (i, p) ins(%fs, %sums) outs(%f · %sum)
///             { sum + f · s }
/// %acc'   = linalg.generic (e, i, p) ins(%fs, %accs) outs(%f · %acc)
///             { f = 0 ? acc : acc + f · a }
struct MergeToLinalg : public OpRewritePattern<MergeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MergeOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getResults().empty())
      return rewriter.notifyMatchFailure(op, "is on buffers");
    GenericBuilder g(rewriter, op.getLoc());
    if (op.getNormaliser().hasState()) {
      rewriter.replaceOp(op, buildMerged(op, g));
      return success();
    }
    SmallVector<Value> results = {buildSum(op, g, Value(), op.getOuts()[0])};
    llvm::append_range(results,
                       buildReadingsOfParts(rewriter, op, Value(), Value()));
    rewriter.replaceOp(op, results);
    return success();
  }

private:
  static SmallVector<Value> buildMerged(MergeOp op, GenericBuilder &g) {
    OpBuilder &builder = g.builder;
    OnlineNormaliserAttrInterface normaliser = op.getNormaliser();
    Value pivots = op.getStates()[0], sums = op.getStates()[1];
    Value oldPivot = op.getOuts()[1];
    Value pivot =
        g.generic({{pivots, g.map(2, {1, 0})}}, {oldPivot, g.map(2, {0})}, 1,
                  [&](OpBuilder &builder, Location loc, ValueRange a) {
                    return normaliser.buildPivot(builder, loc, a[1], a[0]);
                  });
    Value factor = buildFactor(op, g, oldPivot, pivot);
    Value factors = buildFactor(op, g, pivots, pivot);
    Value accumulator =
        buildSum(op, g, factors, g.rescaled(op.getOuts()[0], factor));
    SmallVector<Value> readings =
        buildReadingsOfParts(builder, op, oldPivot, pivot);
    // The old pivot has been read: only now may its buffer take the new one.
    Value newPivot = bufferization::MaterializeInDestinationOp::create(
                         builder, g.loc, pivot.getType(), pivot, oldPivot)
                         .getResult();
    AffineMap partMap = g.map(2, {1, 0});
    Value sum =
        g.generic({{factors, partMap}, {sums, partMap}},
                  {g.rescaled(op.getOuts()[2], factor), g.map(2, {0})}, 1,
                  [](OpBuilder &builder, Location loc, ValueRange a) -> Value {
                    Value term =
                        arith::MulFOp::create(builder, loc, a[0], a[1]);
                    return arith::AddFOp::create(builder, loc, a[2], term);
                  });
    SmallVector<Value> results = {accumulator, newPivot, sum};
    llvm::append_range(results, readings);
    return results;
  }

  /// What sums under these pivots, [.., lanes], are multiplied by.
  static Value buildFactor(MergeOp op, GenericBuilder &g, Value pivots,
                           Value newPivot) {
    OnlineNormaliserAttrInterface normaliser = op.getNormaliser();
    unsigned rank = getRank(pivots);
    AffineMap map = g.builder.getMultiDimIdentityMap(rank);
    Value empty = tensor::EmptyOp::create(
        g.builder, g.loc, tensor::getMixedSizes(g.builder, g.loc, pivots),
        getElementTypeOrSelf(pivots));
    return g.generic(
        {{pivots, map}, {newPivot, g.map(rank, {rank - 1})}}, {empty, map}, 0,
        [&](OpBuilder &builder, Location loc, ValueRange a) {
          return normaliser.buildRescale(
              builder, loc, a[0], normaliser.buildShift(builder, loc, a[1]));
        });
  }

  /// `accumulator` and those of the parts, times `factors` if there are any.
  static Value buildSum(MergeOp op, GenericBuilder &g, Value factors,
                        Value accumulator) {
    SmallVector<Mapped> inputs = {{op.getAccumulators(), g.map(3, {2, 0, 1})}};
    if (factors)
      inputs.push_back({factors, g.map(3, {2, 1})});
    return g.generic(
        inputs, {accumulator, g.map(3, {0, 1})}, 1,
        [&](OpBuilder &builder, Location loc, ValueRange a) -> Value {
          if (!factors)
            return arith::AddFOp::create(builder, loc, a[1], a[0]);
          Value term = arith::MulFOp::create(builder, loc, a[0], a[1]);
          Value sum = arith::AddFOp::create(builder, loc, a[2], term);
          Value zero = buildFloat(builder, loc, a[1].getType(), 0.0);
          Value isZero = arith::CmpFOp::create(
              builder, loc, arith::CmpFPredicate::OEQ, a[1], zero);
          return arith::SelectOp::create(builder, loc, isZero, a[2], sum);
        });
  }
};
} // namespace

void attention::populateMergeToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<MergeToLinalg>(patterns.getContext());
}
