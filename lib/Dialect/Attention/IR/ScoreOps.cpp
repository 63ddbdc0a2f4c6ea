//===- ScoreOps.cpp - The score functions ---------------------------------===//
//
// Types, verification and the parts (ScoreOpInterface) of dot, bilinear,
// additive and general scores, and what folds in them.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

//===----------------------------------------------------------------------===//
// What all score functions share
//===----------------------------------------------------------------------===//

/// The extent of the last dimension: the number of features.
static int64_t getNumFeatures(Value matrix) {
  return cast<RankedTensorType>(matrix.getType()).getShape().back();
}

/// The number of rows [.., i, ..] of a matrix [b…, i, d].
static int64_t getNumRows(Value matrix) {
  return cast<RankedTensorType>(matrix.getType()).getShape().drop_back().back();
}

/// [b…, i, d] × [b…, j, d'] -> [b…, i, j] of the compute type of both.
static LogicalResult inferScoreType(MLIRContext *context,
                                    std::optional<Location> loc, Value query,
                                    Value key, SmallVectorImpl<Type> &types) {
  auto queryType = cast<RankedTensorType>(query.getType());
  auto keyType = cast<RankedTensorType>(key.getType());
  if (queryType.getRank() < 2 || keyType.getRank() < 2)
    return emitOptionalError(
        loc,
        "expected queries of shape [batch..., Nq, d_q] and "
        "keys of shape [batch..., Nkv, d_k], so of rank 2 "
        "or more, found ranks ",
        queryType.getRank(), " and ", keyType.getRank());
  SmallVector<int64_t> shape(queryType.getShape().drop_back());
  shape.push_back(getNumRows(key));
  types.push_back(RankedTensorType::get(
      shape, getComputeType(context, {queryType.getElementType(),
                                      keyType.getElementType()})));
  return success();
}

/// The inferred score type, or it with some extents more or less static, or in
/// f64 for values that are f64.
static bool isScoreType(TypeRange inferred, TypeRange actual) {
  return inferred.size() == 1 && actual.size() == 1 &&
         haveCompatibleShapes(inferred[0], actual[0]) &&
         (getElementTypeOrSelf(inferred[0]) ==
              getElementTypeOrSelf(actual[0]) ||
          getElementTypeOrSelf(actual[0]).isF64());
}

static LogicalResult verifyQueryAndKey(ScoreOpInterface op) {
  auto queryType = cast<RankedTensorType>(op.getQuery().getType());
  auto keyType = cast<RankedTensorType>(op.getKey().getType());
  if (failed(verifyBatchedMatrix(op, queryType, "queries", "Nq, d_q")) ||
      failed(verifyBatchedMatrix(op, keyType, "keys", "Nkv, d_k")))
    return failure();
  return verifyBatchDims(op, keyType, "keys", queryType, "the queries");
}

/// Checks a parameter of shape [extents…], where each extent has the name
/// `what` in messages.
static LogicalResult
verifyParameter(Operation *op, Value parameter, StringRef name,
                Type computeType, StringRef layout,
                ArrayRef<std::pair<int64_t, StringRef>> extents) {
  auto type = cast<RankedTensorType>(parameter.getType());
  if (failed(verifyRank(op, type, name, extents.size(), layout)) ||
      failed(verifyExtends(op, type.getElementType(), name, computeType)))
    return failure();
  for (auto [dim, extent] : llvm::enumerate(extents))
    if (failed(verifyExtent(op, type, name, dim, extent.first, extent.second)))
      return failure();
  return success();
}

static LogicalResult reifyScores(ScoreOpInterface op, OpBuilder &builder,
                                 ReifiedRankedShapedTypeDims &shapes) {
  auto result = cast<OpResult>(op.getScores());
  unsigned rank = cast<RankedTensorType>(result.getType()).getRank();
  SmallVector<OpFoldResult> extents;
  for (unsigned dim = 0; dim < rank - 1; ++dim)
    extents.push_back(reifyExtent(builder, result, dim, op.getQuery(), dim));
  extents.push_back(
      reifyExtent(builder, result, rank - 1, op.getKey(), rank - 2));
  shapes.push_back(std::move(extents));
  return success();
}

static Type getComputeType(ScoreOpInterface op) {
  return getElementTypeOrSelf(op.getScores().getType());
}

/// Builds x · w, or x · wᵀ where `transposed`, plus `bias` where there is one,
/// for x [b…, n, d], in the compute type:
///
///   %r = tensor.collapse_shape %x [[b…, n], [d]]
///   %i = linalg.fill 0, or linalg.broadcast of the bias
///   %p = linalg.matmul ins(%r, %w) outs(%i)
///   tensor.expand_shape %p [[b…, n], [d']]
///
/// One matmul whatever the batch rank, so that what makes matmuls fast sees
/// one.
static Value buildProjection(OpBuilder &builder, Location loc, Value x, Value w,
                             bool transposed, Value bias, Type computeType) {
  auto xType = cast<RankedTensorType>(x.getType());
  int64_t rank = xType.getRank();
  SmallVector<ReassociationIndices> rows(2);
  llvm::append_range(rows[0], llvm::seq<int64_t>(rank - 1));
  rows[1] = {rank - 1};
  Value flat = x;
  if (rank > 2)
    flat = tensor::CollapseShapeOp::create(builder, loc, x, rows);

  OpFoldResult numOut = tensor::getMixedSize(builder, loc, w, !transposed);
  OpFoldResult numRows = tensor::getMixedSize(builder, loc, flat, 0);
  Value empty = tensor::EmptyOp::create(
      builder, loc, ArrayRef<OpFoldResult>{numRows, numOut}, computeType);
  Value init;
  if (bias) {
    if (getElementTypeOrSelf(bias) != computeType) {
      auto biasType = cast<RankedTensorType>(bias.getType());
      bias = arith::ExtFOp::create(builder, loc, biasType.clone(computeType),
                                   bias);
    }
    init = linalg::BroadcastOp::create(builder, loc, bias, empty,
                                       /*dimensions=*/ArrayRef<int64_t>{0})
               ->getResult(0);
  } else {
    Value zero = arith::ConstantOp::create(
        builder, loc, builder.getFloatAttr(computeType, 0.0));
    init = linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
  }

  Value product =
      transposed ? linalg::MatmulTransposeBOp::create(
                       builder, loc, init.getType(), ValueRange{flat, w}, init)
                       ->getResult(0)
                 : linalg::MatmulOp::create(builder, loc, init.getType(),
                                            ValueRange{flat, w}, init)
                       .getResult(0);
  if (rank == 2)
    return product;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, x);
  sizes.back() = numOut;
  SmallVector<int64_t> shape(xType.getShape().drop_back());
  shape.push_back(cast<RankedTensorType>(product.getType()).getDimSize(1));
  return tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(shape, computeType), product, rows,
      sizes);
}

//===----------------------------------------------------------------------===//
// DotScoreOp
//===----------------------------------------------------------------------===//

LogicalResult DotScoreOp::inferReturnTypes(MLIRContext *context,
                                           std::optional<Location> loc,
                                           Adaptor adaptor,
                                           SmallVectorImpl<Type> &types) {
  return inferScoreType(context, loc, adaptor.getQuery(), adaptor.getKey(),
                        types);
}

bool DotScoreOp::isCompatibleReturnTypes(TypeRange l, TypeRange r) {
  return isScoreType(l, r);
}

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
  Type computeType = ::getComputeType(*this);
  if (getScale() && getScaled())
    return emitOpError("expected either 'scaled' or a scale, found both");
  if (getScale() && getScale().getType() != computeType)
    return emitOpError("expected the scale to have the compute type ")
           << computeType << ", found " << getScale().getType();
  return success();
}

LogicalResult
DotScoreOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  return reifyScores(*this, builder, shapes);
}

Speculation::Speculatability DotScoreOp::getSpeculatability() {
  return getTensorOpSpeculatability(*this);
}

Value DotScoreOp::buildPair(OpBuilder &builder, Location loc, Value query,
                            Value key, ValueRange) {
  return arith::MulFOp::create(builder, loc, query, key);
}

Value DotScoreOp::buildScale(OpBuilder &builder) {
  if (!getScaled() && !getScale())
    return Value();
  Location loc = getLoc();
  auto computeType = cast<FloatType>(::getComputeType(*this));
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
// BilinearScoreOp
//===----------------------------------------------------------------------===//

LogicalResult BilinearScoreOp::inferReturnTypes(MLIRContext *context,
                                                std::optional<Location> loc,
                                                Adaptor adaptor,
                                                SmallVectorImpl<Type> &types) {
  return inferScoreType(context, loc, adaptor.getQuery(), adaptor.getKey(),
                        types);
}

bool BilinearScoreOp::isCompatibleReturnTypes(TypeRange l, TypeRange r) {
  return isScoreType(l, r);
}

LogicalResult BilinearScoreOp::verify() {
  if (failed(verifyQueryAndKey(*this)))
    return failure();
  return verifyParameter(
      *this, getWeight(), "W", ::getComputeType(*this), "d_q, d_k",
      {{getNumFeatures(getQuery()), "the queries' number of features"},
       {getNumFeatures(getKey()), "the keys' number of features"}});
}

LogicalResult
BilinearScoreOp::reifyResultShapes(OpBuilder &builder,
                                   ReifiedRankedShapedTypeDims &shapes) {
  return reifyScores(*this, builder, shapes);
}

Speculation::Speculatability BilinearScoreOp::getSpeculatability() {
  return getTensorOpSpeculatability(*this);
}

bool BilinearScoreOp::projectsQuery() {
  // Multiplications per side: rows · d_q · d_k for the projection, and one per
  // pair and feature of the side that is not projected. Batch extents count on
  // both sides alike but where keys are shared by several queries' heads.
  auto known = [](int64_t extent) {
    return ShapedType::isDynamic(extent) ? 1.0 : static_cast<double>(extent);
  };
  auto queryType = cast<RankedTensorType>(getQuery().getType());
  auto keyType = cast<RankedTensorType>(getKey().getType());
  double numQueryRows = 1, numKeyRows = 1;
  for (int64_t extent : queryType.getShape().drop_back())
    numQueryRows *= known(extent);
  for (int64_t extent : keyType.getShape().drop_back())
    numKeyRows *= known(extent);
  double numPairs = numQueryRows * known(getNumRows(getKey()));
  double dq = known(getNumFeatures(getQuery()));
  double dk = known(getNumFeatures(getKey()));
  return numQueryRows * dq * dk + numPairs * dk <=
         numKeyRows * dq * dk + numPairs * dq;
}

Value BilinearScoreOp::buildQueryPart(OpBuilder &builder) {
  if (!projectsQuery())
    return getQuery();
  return buildProjection(builder, getLoc(), getQuery(), getWeight(),
                         /*transposed=*/false, /*bias=*/Value(),
                         ::getComputeType(*this));
}

Value BilinearScoreOp::buildKeyPart(OpBuilder &builder) {
  if (projectsQuery())
    return getKey();
  return buildProjection(builder, getLoc(), getKey(), getWeight(),
                         /*transposed=*/true, /*bias=*/Value(),
                         ::getComputeType(*this));
}

Value BilinearScoreOp::buildPair(OpBuilder &builder, Location loc, Value query,
                                 Value key, ValueRange) {
  return arith::MulFOp::create(builder, loc, query, key);
}

//===----------------------------------------------------------------------===//
// AdditiveScoreOp
//===----------------------------------------------------------------------===//

LogicalResult AdditiveScoreOp::inferReturnTypes(MLIRContext *context,
                                                std::optional<Location> loc,
                                                Adaptor adaptor,
                                                SmallVectorImpl<Type> &types) {
  return inferScoreType(context, loc, adaptor.getQuery(), adaptor.getKey(),
                        types);
}

bool AdditiveScoreOp::isCompatibleReturnTypes(TypeRange l, TypeRange r) {
  return isScoreType(l, r);
}

LogicalResult AdditiveScoreOp::verify() {
  if (failed(verifyQueryAndKey(*this)))
    return failure();
  Type computeType = ::getComputeType(*this);
  auto vType = cast<RankedTensorType>(getValueWeight().getType());
  if (failed(verifyRank(*this, vType, "v", 1, "a")) ||
      failed(verifyExtends(*this, vType.getElementType(), "v", computeType)))
    return failure();
  std::pair<int64_t, StringRef> hidden = {vType.getDimSize(0),
                                          "the extent of v"};
  if (failed(verifyParameter(
          *this, getQueryWeight(), "Wq", computeType, "a, d_q",
          {hidden,
           {getNumFeatures(getQuery()), "the queries' number of features"}})) ||
      failed(verifyParameter(
          *this, getKeyWeight(), "Wk", computeType, "a, d_k",
          {hidden,
           {getNumFeatures(getKey()), "the keys' number of features"}})))
    return failure();
  if (!getBias())
    return success();
  return verifyParameter(*this, getBias(), "the bias", computeType, "a",
                         {hidden});
}

LogicalResult
AdditiveScoreOp::reifyResultShapes(OpBuilder &builder,
                                   ReifiedRankedShapedTypeDims &shapes) {
  return reifyScores(*this, builder, shapes);
}

Speculation::Speculatability AdditiveScoreOp::getSpeculatability() {
  return getTensorOpSpeculatability(*this);
}

Value AdditiveScoreOp::buildQueryPart(OpBuilder &builder) {
  return buildProjection(builder, getLoc(), getQuery(), getQueryWeight(),
                         /*transposed=*/true, getBias(),
                         ::getComputeType(*this));
}

Value AdditiveScoreOp::buildKeyPart(OpBuilder &builder) {
  return buildProjection(builder, getLoc(), getKey(), getKeyWeight(),
                         /*transposed=*/true, /*bias=*/Value(),
                         ::getComputeType(*this));
}

ValueRange AdditiveScoreOp::getPairParameters() {
  return getODSOperands(4); // v
}

Value AdditiveScoreOp::buildPair(OpBuilder &builder, Location loc, Value query,
                                 Value key, ValueRange parameters) {
  Value sum = arith::AddFOp::create(builder, loc, query, key);
  Value hidden = math::TanhOp::create(builder, loc, sum);
  return arith::MulFOp::create(builder, loc, parameters[0], hidden);
}

//===----------------------------------------------------------------------===//
// ScoreOp
//===----------------------------------------------------------------------===//

LogicalResult ScoreOp::inferReturnTypes(MLIRContext *context,
                                        std::optional<Location> loc,
                                        Adaptor adaptor,
                                        SmallVectorImpl<Type> &types) {
  return inferScoreType(context, loc, adaptor.getQuery(), adaptor.getKey(),
                        types);
}

bool ScoreOp::isCompatibleReturnTypes(TypeRange l, TypeRange r) {
  return isScoreType(l, r);
}

LogicalResult ScoreOp::verify() {
  if (failed(verifyQueryAndKey(*this)))
    return failure();
  auto keyType = cast<RankedTensorType>(getKey().getType());
  int64_t numFeatures = getNumFeatures(getQuery());
  if (failed(verifyExtent(*this, keyType, "keys", keyType.getRank() - 1,
                          numFeatures, "the queries' number of features")))
    return failure();
  Type computeType = ::getComputeType(*this);
  for (Value parameter : getParameters())
    if (failed(verifyParameter(
            *this, parameter, "a per-feature parameter", computeType, "d",
            {{numFeatures, "the queries' number of features"}})))
      return failure();
  return success();
}

LogicalResult ScoreOp::verifyRegions() {
  Type computeType = ::getComputeType(*this);
  SmallVector<Type> argumentTypes(2 + getParameters().size(), computeType);
  return verifyScalarRegion(*this, getCombine(), "combine", argumentTypes,
                            "a query element, a key element and one element of "
                            "each per-feature parameter",
                            computeType);
}

LogicalResult ScoreOp::reifyResultShapes(OpBuilder &builder,
                                         ReifiedRankedShapedTypeDims &shapes) {
  return reifyScores(*this, builder, shapes);
}

Speculation::Speculatability ScoreOp::getSpeculatability() {
  return getTensorOpSpeculatability(*this);
}

ValueRange ScoreOp::getPairParameters() { return getParameters(); }

Value ScoreOp::buildPair(OpBuilder &builder, Location loc, Value query,
                         Value key, ValueRange parameters) {
  IRMapping mapping;
  Block &body = getCombine().front();
  mapping.map(body.getArgument(0), query);
  mapping.map(body.getArgument(1), key);
  mapping.map(body.getArguments().drop_front(2), parameters);
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return mapping.lookupOrDefault(cast<YieldOp>(body.back()).getValue());
}
