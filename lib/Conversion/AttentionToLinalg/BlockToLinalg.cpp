//===- BlockToLinalg.cpp - pack, online and finish on tensors -------------===//
//
// The block level as its definitions read, lane by lane, through the scalar
// code that the normaliser builds. Regions are evaluated in live lanes only.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/AttentionToLinalg/AttentionToLinalg.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/IR/Readings.h"
#include "BlockScoreBuilders.h"
#include "GenericBuilder.h"
#include "LinalgBuilders.h"
#include "ReadingsToLinalg.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// %t = pack %q by #q scale(%x) outs(%init)
/// ->
/// %t = linalg.generic (d, i) outs(%init) { i < rows ? x · q(i, d) : 0 }
struct PackToLinalg : public OpRewritePattern<PackOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PackOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getResults().empty())
      return rewriter.notifyMatchFailure(op, "is on buffers");
    Location loc = op.getLoc();
    GenericBuilder g(rewriter, loc);
    Value query = op.getQuery(), out = op.getOuts()[0];
    AffineMap map = op.getQueryMap();
    Type type = getElementTypeOrSelf(out);
    Value rows = getValueOrCreateConstantIndexOp(
        rewriter, loc, getMatrixExtent(rewriter, loc, {query, map}, 0));
    rewriter.replaceOp(
        op, g.generic({}, {out, g.map(2, {0, 1})}, 0,
                      [&](OpBuilder &builder, Location loc, ValueRange) {
                        Value d = linalg::IndexOp::create(builder, loc, 0);
                        Value i = linalg::IndexOp::create(builder, loc, 1);
                        return buildIf(builder, loc,
                                       buildIsBelow(builder, loc, i, rows),
                                       buildFloat(builder, loc, type, 0.0),
                                       [&](OpBuilder &builder, Location loc) {
                                         return buildElement(op, builder, loc,
                                                             type, {i, d});
                                       });
                      }));
    return success();
  }

private:
  static Value buildElement(PackOp op, OpBuilder &builder, Location loc,
                            Type type, ValueRange indices) {
    SmallVector<Value> position;
    for (AffineExpr result : op.getQueryMap().getResults())
      position.push_back(
          affine::expandAffineExpr(builder, loc, result, indices, {}));
    Value element =
        tensor::ExtractOp::create(builder, loc, op.getQuery(), position);
    element = buildExtend(builder, loc, element, type);
    if (!op.getScale())
      return element;
    return arith::MulFOp::create(builder, loc, element, op.getScale());
  }
};

/// %acc', %pivot', %sum' = online query(%t) key(%k) value(%v) changes(…)
///                           outs(%acc, %pivot, %sum)
/// ->
/// %dot    = linalg.generic (j, i, d) ins(%t, %k) { combine }
/// %s      = linalg.generic (j, i) ins(%dot) { i < live ? changes(x · s) : x ·
/// s } %pivot' = linalg.generic (i, j) ins(%s) outs(%pivot) { pivot } %p      =
/// linalg.generic (j, i) ins(%s, %pivot') { weight } %f      = linalg.generic
/// (i) ins(%pivot, %pivot') { rescale } %sum'   = linalg.generic (i, j) ins(%p)
/// outs(%f · %sum) { add } %acc'   = linalg.generic (e, i, j) ins(%p, %v)
/// outs(%f · %acc)
///             { p = 0 ? acc : acc + p · v }
struct OnlineToLinalg : public OpRewritePattern<OnlineOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(OnlineOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getResults().empty())
      return rewriter.notifyMatchFailure(op, "is on buffers");
    Location loc = op.getLoc();
    OnlineNormaliserAttrInterface normaliser = op.getNormaliser();
    GenericBuilder g(rewriter, loc);
    Value accumulator = op.getOuts()[0];
    Value scores = buildBlockScores(g, op.getBlockScores());
    Type type = op.getComputeType();
    Value empty = tensor::EmptyOp::create(
        rewriter, loc, tensor::getMixedSizes(rewriter, loc, scores), type);
    AffineMap pairMap = g.map(2, {0, 1}), laneMap = g.map(1, {0});
    SmallVector<Mapped> pairInputs = {{scores, pairMap}};

    Value pivot, factor;
    Value oldPivot = normaliser.hasState() ? op.getOuts()[1] : Value();
    if (normaliser.hasState()) {
      pivot =
          g.generic({{scores, g.map(2, {1, 0})}}, {oldPivot, g.map(2, {0})}, 1,
                    [&](OpBuilder &builder, Location loc, ValueRange a) {
                      return normaliser.buildPivot(builder, loc, a[1], a[0]);
                    });
      Value emptyLanes = tensor::EmptyOp::create(
          rewriter, loc, tensor::getMixedSizes(rewriter, loc, oldPivot), type);
      factor = g.generic(
          {{oldPivot, laneMap}, {pivot, laneMap}}, {emptyLanes, laneMap}, 0,
          [&](OpBuilder &builder, Location loc, ValueRange a) {
            return normaliser.buildRescale(
                builder, loc, a[0], normaliser.buildShift(builder, loc, a[1]));
          });
      pairInputs.push_back({pivot, g.map(2, {1})});
    }
    Value weights =
        g.generic(pairInputs, {empty, pairMap}, 0,
                  [&](OpBuilder &builder, Location loc, ValueRange a) {
                    Value shift;
                    if (pivot)
                      shift = normaliser.buildShift(builder, loc, a[1]);
                    return normaliser.buildWeight(builder, loc, a[0], shift);
                  });

    // Before the old pivot's buffer takes the new one.
    SmallVector<Value> readings = buildReadingsOfBlock(
        rewriter, op, {scores, weights, oldPivot, pivot, factor});
    SmallVector<Value> results;
    Value rescaled = g.rescaled(accumulator, factor);
    AffineMap valueMap = op.getValueMap().compose(g.map(3, {2, 0}));
    results.push_back(g.generic(
        {{weights, g.map(3, {2, 1})}, {op.getValue(), valueMap}},
        {rescaled, g.map(3, {0, 1})}, 1,
        [&](OpBuilder &builder, Location loc, ValueRange a) -> Value {
          Value value = buildExtend(builder, loc, a[1], type);
          Value term = arith::MulFOp::create(builder, loc, a[0], value);
          Value sum = arith::AddFOp::create(builder, loc, a[2], term);
          Value isZero =
              arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ,
                                    a[0], buildFloat(builder, loc, type, 0.0));
          return arith::SelectOp::create(builder, loc, isZero, a[2], sum);
        }));
    if (normaliser.hasState()) {
      // The old pivot has been read: only now may its buffer take the new one,
      // as loops over blocks of keys require.
      results.push_back(
          bufferization::MaterializeInDestinationOp::create(
              rewriter, loc, pivot.getType(), pivot, op.getOuts()[1])
              .getResult());
      rescaled = g.rescaled(op.getOuts()[2], factor);
      results.push_back(g.generic(
          {{weights, g.map(2, {1, 0})}}, {rescaled, g.map(2, {0})}, 1,
          [&](OpBuilder &builder, Location loc, ValueRange a) -> Value {
            return arith::AddFOp::create(builder, loc, a[1], a[0]);
          }));
    }
    llvm::append_range(results, readings);
    rewriter.replaceOp(op, results);
    return success();
  }
};

/// %o, %lse = finish %acc state(%pivot, %sum) by #o outs(%o0, %lse0)
/// ->
/// %o   = linalg.generic (i, e) outs(%o0) { acc[e, i] · factor(state[i]) }
/// %lse = linalg.generic (i) outs(%lse0) { lse(state[i]) }
struct FinishToLinalg : public OpRewritePattern<FinishOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FinishOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getResults().empty())
      return rewriter.notifyMatchFailure(op, "is on buffers");
    GenericBuilder g(rewriter, op.getLoc());
    OnlineNormaliserAttrInterface normaliser = op.getNormaliser();
    // Lanes beyond the rows are dropped: the tiles are read by index.
    auto readState = [&](OpBuilder &builder, Location loc, Value i) {
      SmallVector<Value> state;
      for (Value tile : op.getState().take_front(getStateSize(normaliser)))
        state.push_back(tensor::ExtractOp::create(builder, loc, tile, i));
      return state;
    };
    SmallVector<Value> results = {g.generic(
        {}, {op.getOuts()[0], op.getOutputMap()}, 0,
        [&](OpBuilder &builder, Location loc, ValueRange a) {
          Value i = linalg::IndexOp::create(builder, loc, 0);
          Value e = linalg::IndexOp::create(builder, loc, 1);
          Value context = tensor::ExtractOp::create(
              builder, loc, op.getAccumulator(), ValueRange{e, i});
          Value factor = normaliser.buildContextFactor(
              builder, loc, readState(builder, loc, i));
          if (factor)
            context = arith::MulFOp::create(builder, loc, context, factor);
          return buildRound(builder, loc, context, a[0].getType());
        })};
    if (op.hasLse())
      results.push_back(
          g.generic({}, {op.getOuts()[1], g.map(1, {0})}, 0,
                    [&](OpBuilder &builder, Location loc, ValueRange) {
                      Value i = linalg::IndexOp::create(builder, loc, 0);
                      return normaliser.buildLse(builder, loc,
                                                 readState(builder, loc, i));
                    }));
    llvm::append_range(results, buildReadingResults(rewriter, op));
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

void attention::populateBlockToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<PackToLinalg, OnlineToLinalg, FinishToLinalg>(
      patterns.getContext());
  populateMergeToLinalgPatterns(patterns);
  populateWeightsToLinalgPatterns(patterns);
}
