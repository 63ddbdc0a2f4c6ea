//===- ScoreOps.cpp - Dot and general scores ------------------------------===//
//
// Verification and parts (ScoreOpInterface) of the scores that compare queries
// and keys as they are, and what folds in them.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "ScoreRules.h"
#include "Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

//===----------------------------------------------------------------------===//
// DotScoreOp
//===----------------------------------------------------------------------===//

void DotScoreOp::build(OpBuilder &builder, OperationState &state, Value query,
                       Value key, bool scaled) {
  build(builder, state, query, key, /*scale=*/Value(), scaled);
}

LogicalResult DotScoreOp::verify() {
  if (failed(verifyQueryAndKey(*this)))
    return failure();
  auto keyType = cast<RankedTensorType>(getKey().getType());
  if (failed(verifyExtent(*this, keyType, "keys", keyType.getRank() - 1,
                          getNumFeatures(getQuery()),
                          "the queries' number of features (a bilinear score "
                          "takes different ones)")))
    return failure();
  Type computeType = getScoreComputeType(*this);
  if (getScale() && getScaled())
    return emitOpError("expected either 'scaled' or a scale, found both");
  if (getScale() && getScale().getType() != computeType)
    return emitOpError("expected the scale to have the compute type ")
           << computeType << ", found " << getScale().getType();
  return success();
}

Value DotScoreOp::buildPair(OpBuilder &builder, Location loc, Value query,
                            Value key, ValueRange) {
  return arith::MulFOp::create(builder, loc, query, key);
}

Value DotScoreOp::buildScale(OpBuilder &builder) {
  if (!getScaled() && !getScale())
    return Value();
  Location loc = getLoc();
  auto computeType = cast<FloatType>(getScoreComputeType(*this));
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getFloatAttr(computeType, value));
  };
  int64_t numFeatures = getNumFeatures(getQuery());
  if (numFeatures == 0)
    return constant(0.0);
  if (!ShapedType::isDynamic(numFeatures))
    return getScale() ? getScale() : constant(1.0 / std::sqrt(numFeatures));

  // d is known at run time only, and may be 0.
  unsigned rank = cast<RankedTensorType>(getQuery().getType()).getRank();
  Value d = tensor::DimOp::create(builder, loc, getQuery(), rank - 1);
  Value scale = getScale();
  if (!scale) {
    Value asInt =
        arith::IndexCastOp::create(builder, loc, builder.getI64Type(), d);
    Value asFloat = arith::SIToFPOp::create(builder, loc, computeType, asInt);
    Value root = math::SqrtOp::create(builder, loc, asFloat);
    scale = arith::DivFOp::create(builder, loc, constant(1.0), root);
  }
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value isEmpty =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, d, zero);
  return arith::SelectOp::create(builder, loc, isEmpty, constant(0.0), scale);
}

/// dot_score %q, %k scale(1.0)  ->  dot_score %q, %k
OpFoldResult DotScoreOp::fold(FoldAdaptor adaptor) {
  auto scale = dyn_cast_or_null<FloatAttr>(adaptor.getScale());
  if (!scale || !scale.getValue().isExactlyValue(1.0))
    return {};
  getScaleMutable().clear();
  return getResult();
}

namespace {
/// A constant scale of 1/√d says what `scaled` says:
///
///   dot_score %q, %k scale(%c : f32) : tensor<4x64xf32>, …   // %c = 0.125
///   ->
///   dot_score %q, %k scaled : tensor<4x64xf32>, …
struct ConstantScaleToScaled : public OpRewritePattern<DotScoreOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DotScoreOp op,
                                PatternRewriter &rewriter) const override {
    FloatAttr scale;
    int64_t numFeatures = getNumFeatures(op.getQuery());
    if (!op.getScale() || !matchPattern(op.getScale(), m_Constant(&scale)) ||
        ShapedType::isDynamic(numFeatures) || numFeatures == 0)
      return failure();
    auto expected =
        rewriter.getFloatAttr(scale.getType(), 1.0 / std::sqrt(numFeatures));
    if (scale != expected)
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getScaleMutable().clear();
      op.setScaled(true);
    });
    return success();
  }
};
} // namespace

void DotScoreOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                             MLIRContext *context) {
  patterns.add<ConstantScaleToScaled>(context);
}

//===----------------------------------------------------------------------===//
// ScoreOp
//===----------------------------------------------------------------------===//

LogicalResult ScoreOp::verify() {
  if (failed(verifyQueryAndKey(*this)))
    return failure();
  auto keyType = cast<RankedTensorType>(getKey().getType());
  int64_t numFeatures = getNumFeatures(getQuery());
  if (failed(verifyExtent(*this, keyType, "keys", keyType.getRank() - 1,
                          numFeatures, "the queries' number of features")))
    return failure();
  Type computeType = getScoreComputeType(*this);
  for (Value parameter : getParameters())
    if (failed(verifyParameter(
            *this, parameter, "a per-feature parameter", computeType, "d",
            {{numFeatures, "the queries' number of features"}})))
      return failure();
  return success();
}

LogicalResult ScoreOp::verifyRegions() {
  Type computeType = getScoreComputeType(*this);
  SmallVector<Type> argumentTypes(2 + getParameters().size(), computeType);
  return verifyScalarRegion(*this, getCombine(), "combine", argumentTypes,
                            "a query element, a key element and one element of "
                            "each per-feature parameter",
                            computeType);
}

ValueRange ScoreOp::getPairParameters() { return getParameters(); }

Value ScoreOp::buildPair(OpBuilder &builder, Location, Value query, Value key,
                         ValueRange parameters) {
  IRMapping mapping;
  Block &body = getCombine().front();
  mapping.map(body.getArgument(0), query);
  mapping.map(body.getArgument(1), key);
  mapping.map(body.getArguments().drop_front(2), parameters);
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return mapping.lookupOrDefault(cast<YieldOp>(body.back()).getValue());
}
