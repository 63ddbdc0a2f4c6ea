//===- TopKReading.cpp - The k largest weights of a row -------------------===//
//
// Slots are a list of scores in decreasing order and their keys; what is said
// here is the order, and what becomes of the list at the end.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "ElementBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::attention;

LogicalResult
TopKReadingAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                        int64_t k) {
  if (k >= 1 && k <= std::numeric_limits<int32_t>::max())
    return success();
  return emitError() << "expected a number of keys from 1 to 2147483647, found "
                     << k;
}

SmallVector<Type> TopKReadingAttr::getResultTypes(FloatType computeType) const {
  return {computeType, IntegerType::get(getContext(), 32)};
}

std::optional<int64_t> TopKReadingAttr::getListLength() const { return getK(); }

/// A key that was not selected has a score that is not greater: its weight must
/// not be greater either.
bool TopKReadingAttr::isCompatible(
    OnlineNormaliserAttrInterface normaliser) const {
  return normaliser.hasState() && normaliser.growsWithScores();
}

/// The score and the key.
SmallVector<Type> TopKReadingAttr::getStateTypes(FloatType computeType) const {
  return getResultTypes(computeType);
}

SmallVector<Value> TopKReadingAttr::buildInit(OpBuilder &builder, Location loc,
                                              Type type) const {
  ElementBuilder b(builder, loc, type);
  return {b.constant(-std::numeric_limits<double>::infinity()),
          b.integer32(-1)};
}

bool TopKReadingAttr::isSelective() const { return true; }

/// By score, then by key. Never for a score of −inf, nor for a NaN, which the
/// normaliser's state has noticed.
Value TopKReadingAttr::buildIsBefore(OpBuilder &builder, Location loc,
                                     ValueRange entry, ValueRange other,
                                     bool inOrder) const {
  ElementBuilder b(builder, loc, entry[0].getType());
  Value isGreater = b.compare(arith::CmpFPredicate::OGT, entry[0], other[0]);
  if (inOrder)
    return isGreater;
  // Of two absent keys, −1, none is lower.
  Value isEqual = b.compare(arith::CmpFPredicate::OEQ, entry[0], other[0]);
  Value isLower = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                        entry[1], other[1]);
  Value isFirst = arith::AndIOp::create(builder, loc, isEqual, isLower);
  return arith::OrIOp::create(builder, loc, isGreater, isFirst);
}

SmallVector<Value> TopKReadingAttr::buildEntry(OpBuilder &, Location,
                                               Value score, Value, Value,
                                               Value key) const {
  return {score, key};
}

SmallVector<Value>
TopKReadingAttr::buildResults(OpBuilder &builder, Location loc, ValueRange slot,
                              OnlineNormaliserAttrInterface normaliser,
                              ValueRange normaliserState) const {
  Value shift = normaliser.buildShift(builder, loc, normaliserState[0]);
  Value weight = normaliser.buildWeight(builder, loc, slot[0], shift);
  ElementBuilder b(builder, loc, weight.getType());
  if (Value factor =
          normaliser.buildContextFactor(builder, loc, normaliserState))
    weight = b.mul(weight, factor);
  Value isListed =
      b.compare(arith::CmpFPredicate::OGT, weight, b.constant(0.0));
  return {weight, b.select(isListed, slot[1], b.integer32(-1))};
}

SmallVector<Value> TopKReadingAttr::buildGraphLevel(OpBuilder &builder,
                                                    Location loc, Value weights,
                                                    Value firstKey) const {
  auto op = TopKOp::create(builder, loc, weights, getK());
  Value keys = op.getIndices();
  if (!firstKey)
    return {op.getTopWeights(), keys};
  // Moved, but for −1.
  Value first =
      arith::IndexCastOp::create(builder, loc, builder.getI32Type(), firstKey);
  AffineMap map = builder.getMultiDimIdentityMap(
      cast<ShapedType>(keys.getType()).getRank());
  SmallVector<utils::IteratorType> loops(map.getNumDims(),
                                         utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, keys),
      builder.getI32Type());
  auto moved = linalg::GenericOp::create(
      builder, loc, keys.getType(), keys, empty, ArrayRef<AffineMap>{map, map},
      loops, [&](OpBuilder &builder, Location loc, ValueRange arguments) {
        Value key = arguments[0];
        Value none =
            arith::ConstantIntOp::create(builder, loc, key.getType(), -1);
        Value isNone = arith::CmpIOp::create(
            builder, loc, arith::CmpIPredicate::eq, key, none);
        Value sum = arith::AddIOp::create(builder, loc, key, first);
        Value result = arith::SelectOp::create(builder, loc, isNone, none, sum);
        linalg::YieldOp::create(builder, loc, result);
      });
  return {op.getTopWeights(), moved.getResult(0)};
}
