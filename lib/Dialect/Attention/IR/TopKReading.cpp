//===- TopKReading.cpp - The k largest weights of a row -------------------===//
//
// Slots are a list of scores in decreasing order and their keys. A key goes in
// by comparing its score with all of them, which does not wait for one slot
// after another; most keys are less than the last slot and never begin.
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

/// Whether an entry comes before a slot. Never for a score of −inf, nor for a
/// NaN, which the normaliser's state has noticed.
static Value buildIsBefore(OpBuilder &builder, Location loc, ValueRange entry,
                           ValueRange slot, bool inOrder) {
  ElementBuilder b(builder, loc, entry[0].getType());
  Value isGreater = b.compare(arith::CmpFPredicate::OGT, entry[0], slot[0]);
  if (inOrder)
    return isGreater;
  // Of two absent keys, −1, none is lower.
  Value isEqual = b.compare(arith::CmpFPredicate::OEQ, entry[0], slot[0]);
  Value isLower = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt,
                                        entry[1], slot[1]);
  Value isFirst = arith::AndIOp::create(builder, loc, isEqual, isLower);
  return arith::OrIOp::create(builder, loc, isGreater, isFirst);
}

Value TopKReadingAttr::buildIsSelected(OpBuilder &builder, Location loc,
                                       ValueRange lastSlot, ValueRange entry,
                                       bool inOrder) const {
  return buildIsBefore(builder, loc, entry, lastSlot, inOrder);
}

/// The score and the key, and what a slot takes if they belong at it or before:
/// what was in the slot before it.
SmallVector<Value> TopKReadingAttr::buildEntry(OpBuilder &, Location,
                                               Value score, Value, Value,
                                               Value key) const {
  return {score, key, score, key};
}

SmallVector<Value> TopKReadingAttr::buildEntryOfSlot(OpBuilder &, Location,
                                                     ValueRange slot) const {
  return {slot[0], slot[1], slot[0], slot[1]};
}

/// Behind slots of the same score, if it comes behind their keys.
void TopKReadingAttr::buildInsert(OpBuilder &builder, Location loc,
                                  SmallVector<Value> &slot,
                                  SmallVector<Value> &entry,
                                  bool inOrder) const {
  Value score = entry[0], key = entry[1];
  ElementBuilder b(builder, loc, score.getType());
  Value isBefore = buildIsBefore(builder, loc, entry, slot, inOrder);
  SmallVector<Value> taken = {b.select(isBefore, entry[2], slot[0]),
                              b.select(isBefore, entry[3], slot[1])};
  entry[2] = b.select(isBefore, slot[0], score);
  entry[3] = b.select(isBefore, slot[1], key);
  slot = taken;
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
