//===- ProjectedScoreOps.cpp - Bilinear and additive scores ---------------===//
//
// Verification and parts (ScoreOpInterface) of the scores that project queries
// or keys by a matrix first, and the projection.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "ScoreRules.h"
#include "Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

//===----------------------------------------------------------------------===//
// The projection
//===----------------------------------------------------------------------===//

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
  OpFoldResult numOut = tensor::getMixedSize(builder, loc, w, !transposed);
  if (bias) {
    // One of their types may leave open what the other states.
    auto biasType = cast<RankedTensorType>(bias.getType());
    if (biasType.hasStaticShape())
      numOut = builder.getIndexAttr(biasType.getDimSize(0));
    else if (std::optional<int64_t> constant = getConstantIntValue(numOut))
      bias = tensor::CastOp::create(
          builder, loc,
          RankedTensorType::get({*constant}, biasType.getElementType()), bias);
  }
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, x);
  sizes.back() = numOut;
  // Upstream's bufferisation gives the collapse of a static extent of 0 and a
  // dynamic one a type that is none.
  if (llvm::is_contained(xType.getShape().drop_back(), 0))
    return tensor::EmptyOp::create(builder, loc, sizes, computeType);

  SmallVector<ReassociationIndices> rows(2);
  llvm::append_range(rows[0], llvm::seq<int64_t>(rank - 1));
  rows[1] = {rank - 1};
  Value flat = x;
  if (rank > 2)
    flat = tensor::CollapseShapeOp::create(builder, loc, x, rows);
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
  SmallVector<int64_t> shape(xType.getShape().drop_back());
  shape.push_back(cast<RankedTensorType>(product.getType()).getDimSize(1));
  return tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(shape, computeType), product, rows,
      sizes);
}

//===----------------------------------------------------------------------===//
// BilinearScoreOp
//===----------------------------------------------------------------------===//

LogicalResult BilinearScoreOp::verify() {
  if (failed(verifyQueryAndKey(*this)))
    return failure();
  return verifyParameter(
      *this, getWeight(), "W", getScoreComputeType(*this), "d_q, d_k",
      {{getNumFeatures(getQuery()), "the queries' number of features"},
       {getNumFeatures(getKey()), "the keys' number of features"}});
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
                         getScoreComputeType(*this));
}

Value BilinearScoreOp::buildKeyPart(OpBuilder &builder) {
  if (projectsQuery())
    return getKey();
  return buildProjection(builder, getLoc(), getKey(), getWeight(),
                         /*transposed=*/true, /*bias=*/Value(),
                         getScoreComputeType(*this));
}

Value BilinearScoreOp::buildPair(OpBuilder &builder, Location loc, Value query,
                                 Value key, ValueRange) {
  return arith::MulFOp::create(builder, loc, query, key);
}

//===----------------------------------------------------------------------===//
// AdditiveScoreOp
//===----------------------------------------------------------------------===//

LogicalResult AdditiveScoreOp::verify() {
  if (failed(verifyQueryAndKey(*this)))
    return failure();
  Type computeType = getScoreComputeType(*this);
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

Value AdditiveScoreOp::buildQueryPart(OpBuilder &builder) {
  return buildProjection(builder, getLoc(), getQuery(), getQueryWeight(),
                         /*transposed=*/true, getBias(),
                         getScoreComputeType(*this));
}

Value AdditiveScoreOp::buildKeyPart(OpBuilder &builder) {
  return buildProjection(builder, getLoc(), getKey(), getKeyWeight(),
                         /*transposed=*/true, /*bias=*/Value(),
                         getScoreComputeType(*this));
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
