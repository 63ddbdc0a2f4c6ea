//===- BlockScoreBuilders.cpp - Scores of a block as linalg ---------------===//
//
// A sum over features, then what is done to the scores, pair by pair.
//
//===----------------------------------------------------------------------===//

#include "BlockScoreBuilders.h"

#include "LinalgBuilders.h"
#include "ScoreChangeBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::attention;

Value attention::buildIf(
    OpBuilder &builder, Location loc, Value condition, Value otherwise,
    function_ref<Value(OpBuilder &builder, Location loc)> build) {
  return scf::IfOp::create(
             builder, loc, condition,
             [&](OpBuilder &builder, Location loc) {
               scf::YieldOp::create(builder, loc, build(builder, loc));
             },
             [&](OpBuilder &builder, Location loc) {
               scf::YieldOp::create(builder, loc, otherwise);
             })
      .getResult(0);
}

Value attention::buildIsBelow(OpBuilder &builder, Location loc, Value index,
                              Value bound) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, index,
                               bound);
}

OpFoldResult attention::getMatrixExtent(OpBuilder &builder, Location loc,
                                        MappedValue matrix, unsigned dim) {
  unsigned position = *matrix.map.getResultPosition(
      getAffineDimExpr(dim, matrix.map.getContext()));
  return tensor::getMixedSize(builder, loc, matrix.value, position);
}

/// `scale`, or 0 where there are no features: a sum over none is 0 whatever the
/// scale. Null without a scale.
static Value buildScaleOfSum(OpBuilder &builder, Location loc, Value scale,
                             Value tile) {
  if (!scale)
    return {};
  Value numFeatures = getValueOrCreateConstantIndexOp(
      builder, loc, tensor::getMixedSize(builder, loc, tile, 0));
  Value isEmpty =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, numFeatures,
                            arith::ConstantIndexOp::create(builder, loc, 0));
  return arith::SelectOp::create(builder, loc, isEmpty,
                                 buildFloat(builder, loc, scale.getType(), 0.0),
                                 scale);
}

/// The sum so far and one more feature.
static Value buildSum(const BlockScores &scores, OpBuilder &builder,
                      Location loc, ValueRange arguments) {
  SmallVector<Value> elements;
  for (Value argument : arguments.drop_back())
    elements.push_back(
        buildExtend(builder, loc, argument, scores.getComputeType()));
  Value term =
      scores.isDot()
          ? arith::MulFOp::create(builder, loc, elements[0], elements[1])
                .getResult()
          : cloneScalarRegion(builder, *scores.combine, elements);
  return arith::AddFOp::create(builder, loc, arguments.back(), term);
}

/// The score of a live lane after all changes, at global indices.
static Value buildChanges(const BlockScores &scores, OpBuilder &builder,
                          Location loc, Value score, Value i, Value j) {
  SmallVector<Value> indices(scores.origin);
  MutableArrayRef<Value> pair = MutableArrayRef(indices).take_back(2);
  pair[0] = arith::AddIOp::create(builder, loc, pair[0], i);
  pair[1] = arith::AddIOp::create(builder, loc, pair[1], j);
  for (const ScoreChange &change : scores.changes)
    score = buildScoreChange(builder, loc, change, score, indices);
  return score;
}

Value attention::buildBlockScores(GenericBuilder &g,
                                  const BlockScores &scores) {
  OpBuilder &builder = g.builder;
  Location loc = g.loc;
  Type type = scores.getComputeType();
  Value tile = scores.query;
  Value scale = buildScaleOfSum(builder, loc, scores.scale, tile);
  SmallVector<OpFoldResult> sizes = {
      getMatrixExtent(builder, loc, scores.key, 0),
      tensor::getMixedSize(builder, loc, tile, 1)};
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, type);
  Value zero = buildFloat(builder, loc, type, 0.0);
  Value init = linalg::FillOp::create(builder, loc, zero, empty).getResult(0);

  SmallVector<Mapped> inputs = {
      {tile, g.map(3, {2, 1})},
      {scores.key.value, scores.key.map.compose(g.map(3, {0, 2}))}};
  for (Value parameter : scores.parameters)
    inputs.push_back({parameter, g.map(3, {2})});
  Value sums = g.generic(
      inputs, {init, g.map(3, {0, 1})}, 1,
      [&](OpBuilder &builder, Location loc, ValueRange a) {
        Value lane = linalg::IndexOp::create(builder, loc, 1);
        return buildIf(builder, loc,
                       buildIsBelow(builder, loc, lane, scores.live), a.back(),
                       [&](OpBuilder &builder, Location loc) {
                         return buildSum(scores, builder, loc, a);
                       });
      });

  AffineMap pairMap = g.map(2, {0, 1});
  return g.generic(
      {{sums, pairMap}}, {empty, pairMap}, 0,
      [&](OpBuilder &builder, Location loc, ValueRange a) {
        Value score = a[0];
        if (scale)
          score = arith::MulFOp::create(builder, loc, score, scale);
        if (scores.changes.empty())
          return score;
        Value j = linalg::IndexOp::create(builder, loc, 0);
        Value i = linalg::IndexOp::create(builder, loc, 1);
        return buildIf(builder, loc, buildIsBelow(builder, loc, i, scores.live),
                       score, [&](OpBuilder &builder, Location loc) {
                         return buildChanges(scores, builder, loc, score, i, j);
                       });
      });
}
