//===- AsWeights.cpp - attention.as_weights and its attribute -------------===//
//
// The normaliser that does nothing, at the graph level and block by block. It
// has no state: rows are not looked at as a whole.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

static Value buildConstant(OpBuilder &builder, Location loc, Type type,
                           double value) {
  TypedAttr element = builder.getFloatAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    element = DenseElementsAttr::get(vector, element);
  return arith::ConstantOp::create(builder, loc, element);
}

/// The score, or 0 where it is −inf.
static Value buildScoreAsWeight(OpBuilder &builder, Location loc, Value score) {
  Type type = score.getType();
  Value negInf = buildConstant(builder, loc, type,
                               -std::numeric_limits<double>::infinity());
  Value isAbsent = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OEQ, score, negInf);
  Value zero = buildConstant(builder, loc, type, 0.0);
  return arith::SelectOp::create(builder, loc, isAbsent, zero, score);
}

//===----------------------------------------------------------------------===//
// AsWeightsOp
//===----------------------------------------------------------------------===//

LogicalResult AsWeightsOp::verify() {
  return verifyBatchedMatrix(*this,
                             cast<RankedTensorType>(getScores().getType()),
                             "scores", "Nq, Nkv");
}

LogicalResult
AsWeightsOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(
      reifyLeadingExtents(builder, cast<OpResult>(getWeights()), getScores()));
  return success();
}

Speculation::Speculatability AsWeightsOp::getSpeculatability() {
  return getTensorOpSpeculatability(*this);
}

Value AsWeightsOp::buildWeight(OpBuilder &builder, Location loc, Value score,
                               ValueRange) {
  return buildScoreAsWeight(builder, loc, score);
}

Attribute AsWeightsOp::getOnlineNormaliser() {
  return OnlineAsWeightsAttr::get(getContext());
}

//===----------------------------------------------------------------------===//
// OnlineAsWeightsAttr
//===----------------------------------------------------------------------===//

Value OnlineAsWeightsAttr::buildWeight(OpBuilder &builder, Location loc,
                                       Value score, Value) const {
  return buildScoreAsWeight(builder, loc, score);
}

SmallVector<Value>
OnlineAsWeightsAttr::buildGraphLevel(OpBuilder &builder, Location loc,
                                     Value scores, ValueRange, bool) const {
  return {AsWeightsOp::create(builder, loc, scores.getType(), scores)};
}
