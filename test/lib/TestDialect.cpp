//===- TestDialect.cpp - Ops that no pass knows ---------------------------===//
//
// What a project would write that adds a score function, a normaliser or a
// reading of its own: the interface's methods, and nothing anywhere else.
//
//===----------------------------------------------------------------------===//

#include "TestDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::attention_test;

#include "TestDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "TestAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "TestOps.cpp.inc"

void AttentionTestDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "TestOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "TestAttrs.cpp.inc"
      >();
}

static Value buildConstant(OpBuilder &builder, Location loc, Type type,
                           double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, value));
}

//===----------------------------------------------------------------------===//
// DistanceScoreOp
//===----------------------------------------------------------------------===//

Value DistanceScoreOp::buildPair(OpBuilder &builder, Location loc, Value query,
                                 Value key, ValueRange) {
  Value difference = arith::SubFOp::create(builder, loc, query, key);
  return math::AbsFOp::create(builder, loc, difference);
}

Value DistanceScoreOp::buildScale(OpBuilder &builder) {
  return buildConstant(builder, getLoc(),
                       getScores().getType().getElementType(), -0.5);
}

//===----------------------------------------------------------------------===//
// SigmoidOp
//===----------------------------------------------------------------------===//

static Value buildSigmoid(OpBuilder &builder, Location loc, Value x) {
  Type type = x.getType();
  TypedAttr element = builder.getFloatAttr(getElementTypeOrSelf(type), 1.0);
  if (auto vector = dyn_cast<VectorType>(type))
    element = DenseElementsAttr::get(vector, element);
  Value one = arith::ConstantOp::create(builder, loc, element);
  Value negated = arith::NegFOp::create(builder, loc, x);
  Value exp = math::ExpOp::create(builder, loc, negated);
  Value sum = arith::AddFOp::create(builder, loc, one, exp);
  return arith::DivFOp::create(builder, loc, one, sum);
}

Value SigmoidOp::buildWeight(OpBuilder &builder, Location loc, Value score,
                             ValueRange) {
  return buildSigmoid(builder, loc, score);
}

Attribute SigmoidOp::getOnlineNormaliser() {
  if (getWholeRows())
    return {};
  return OnlineSigmoidAttr::get(getContext());
}

//===----------------------------------------------------------------------===//
// OnlineSigmoidAttr
//===----------------------------------------------------------------------===//

Value OnlineSigmoidAttr::buildWeight(OpBuilder &builder, Location loc,
                                     Value score, Value) const {
  return buildSigmoid(builder, loc, score);
}

SmallVector<Value> OnlineSigmoidAttr::buildGraphLevel(OpBuilder &builder,
                                                      Location loc,
                                                      Value scores, ValueRange,
                                                      bool) const {
  return {SigmoidOp::create(builder, loc, scores.getType(), scores)};
}

//===----------------------------------------------------------------------===//
// MeanKeyOp
//===----------------------------------------------------------------------===//

/// weight · key, on scalars or vectors.
static Value buildProduct(OpBuilder &builder, Location loc, Value weight,
                          Value key) {
  Value position = arith::SIToFPOp::create(builder, loc, weight.getType(), key);
  return arith::MulFOp::create(builder, loc, weight, position);
}

/// Of a scalar type, or that of a vector.
static Value buildZero(OpBuilder &builder, Location loc, Type type) {
  return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
}

Attribute MeanKeyOp::getRowReading() {
  return MeanKeyReadingAttr::get(getContext());
}

/// %m = mean_key %w first(%f)
/// ->
/// %m = linalg.generic (b…, i: parallel, j: reduction) ins(%w) outs(0)
///        { m + w · (j + f) }
FailureOr<SmallVector<Value>>
MeanKeyOp::decomposeOperation(OpBuilder &builder) {
  Location loc = getLoc();
  auto type = cast<RankedTensorType>(getMean().getType());
  unsigned rank = type.getRank() + 1;
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, getWeights());
  Value empty = tensor::EmptyOp::create(
      builder, loc, ArrayRef(sizes).drop_back(), type.getElementType());
  Value zero = buildZero(builder, loc, type.getElementType());
  Value init = linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
  AffineMap map = builder.getMultiDimIdentityMap(rank);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.back() = utils::IteratorType::reduction;
  auto sum = linalg::GenericOp::create(
      builder, loc, init.getType(), getWeights(), init,
      ArrayRef<AffineMap>{map, map.dropResult(rank - 1)}, iterators,
      [&](OpBuilder &builder, Location loc, ValueRange arguments) {
        Value key = linalg::IndexOp::create(builder, loc, rank - 1);
        if (getFirst())
          key = arith::AddIOp::create(builder, loc, key, getFirst());
        key =
            arith::IndexCastOp::create(builder, loc, builder.getI32Type(), key);
        Value term = buildProduct(builder, loc, arguments[0], key);
        term = arith::AddFOp::create(builder, loc, arguments[1], term);
        linalg::YieldOp::create(builder, loc, term);
      });
  Value result = sum.getResult(0);
  if (result.getType() != type)
    result = tensor::CastOp::create(builder, loc, type, result);
  return SmallVector<Value>{result};
}

//===----------------------------------------------------------------------===//
// MeanKeyReadingAttr
//===----------------------------------------------------------------------===//

SmallVector<Type> MeanKeyReadingAttr::getResultTypes(FloatType c) const {
  return {c};
}

bool MeanKeyReadingAttr::isCompatible(
    attention::OnlineNormaliserAttrInterface) const {
  return true;
}

/// The sum so far, of unnormalised weights.
SmallVector<Type> MeanKeyReadingAttr::getStateTypes(FloatType c) const {
  return {c};
}

SmallVector<Value> MeanKeyReadingAttr::buildInit(OpBuilder &builder,
                                                 Location loc,
                                                 Type type) const {
  return {buildZero(builder, loc, type)};
}

SmallVector<Value> MeanKeyReadingAttr::buildEntry(OpBuilder &builder,
                                                  Location loc, Value,
                                                  Value weight, Value,
                                                  Value key) const {
  return {buildProduct(builder, loc, weight, key)};
}

SmallVector<Value> MeanKeyReadingAttr::buildInsert(OpBuilder &builder,
                                                   Location loc,
                                                   ValueRange slot, ValueRange,
                                                   ValueRange entry,
                                                   bool) const {
  return {arith::AddFOp::create(builder, loc, slot[0], entry[0])};
}

SmallVector<Value> MeanKeyReadingAttr::buildRescale(OpBuilder &builder,
                                                    Location loc,
                                                    ValueRange slot, Value,
                                                    Value, Value factor) const {
  return {arith::MulFOp::create(builder, loc, slot[0], factor)};
}

SmallVector<Value> MeanKeyReadingAttr::buildResults(
    OpBuilder &builder, Location loc, ValueRange slot,
    attention::OnlineNormaliserAttrInterface normaliser,
    ValueRange normaliserState) const {
  Value factor = normaliser.buildContextFactor(builder, loc, normaliserState);
  if (!factor)
    return {slot[0]};
  return {arith::MulFOp::create(builder, loc, slot[0], factor)};
}

SmallVector<Value> MeanKeyReadingAttr::buildGraphLevel(OpBuilder &builder,
                                                       Location loc,
                                                       Value weights,
                                                       Value firstKey) const {
  auto type = cast<RankedTensorType>(weights.getType());
  auto rowType =
      RankedTensorType::get(type.getShape().drop_back(), type.getElementType());
  return {MeanKeyOp::create(builder, loc, rowType, weights, firstKey)};
}
