//===- EntropyReading.cpp - The entropy of a row of weights ---------------===//
//
// Two sums over the keys of a row, under the pivot of the moment, from which
// the normaliser makes the entropy at the end.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "ElementBuilder.h"

using namespace mlir;
using namespace mlir::attention;

SmallVector<Type>
EntropyReadingAttr::getResultTypes(FloatType computeType) const {
  return {computeType};
}

bool EntropyReadingAttr::isCompatible(
    OnlineNormaliserAttrInterface normaliser) const {
  return normaliser.hasState() && normaliser.hasEntropy();
}

/// The mass Σ p and the moment Σ p · (s − shift).
SmallVector<Type>
EntropyReadingAttr::getStateTypes(FloatType computeType) const {
  return {computeType, computeType};
}

SmallVector<Value> EntropyReadingAttr::buildInit(OpBuilder &builder,
                                                 Location loc,
                                                 Type type) const {
  Value zero = ElementBuilder(builder, loc, type).constant(0.0);
  return {zero, zero};
}

/// The score less the shift, but not −inf: its weight is 0, and so must be the
/// product. A NaN stays.
static Value buildFiniteDistance(ElementBuilder &b, Value score, Value shift) {
  bool isF64 = getElementTypeOrSelf(b.type).isF64();
  double lowest = isF64 ? std::numeric_limits<double>::lowest()
                        : std::numeric_limits<float>::lowest();
  return b.greater(b.constant(lowest), b.sub(score, shift));
}

SmallVector<Value> EntropyReadingAttr::buildEntry(OpBuilder &builder,
                                                  Location loc, Value score,
                                                  Value weight, Value shift,
                                                  Value) const {
  ElementBuilder b(builder, loc, score.getType());
  return {weight, b.mul(weight, buildFiniteDistance(b, score, shift))};
}

void EntropyReadingAttr::buildInsert(OpBuilder &builder, Location loc,
                                     SmallVector<Value> &slot,
                                     SmallVector<Value> &entry, bool) const {
  ElementBuilder b(builder, loc, slot[0].getType());
  for (auto [sum, term] : llvm::zip_equal(slot, entry))
    sum = b.add(sum, term);
}

/// moment' = f · (moment + (shift − shift') · mass). The distance of shifts may
/// overflow, where the factor is 0.
SmallVector<Value> EntropyReadingAttr::buildRescale(OpBuilder &builder,
                                                    Location loc,
                                                    ValueRange slot,
                                                    Value shift, Value newShift,
                                                    Value factor) const {
  ElementBuilder b(builder, loc, factor.getType());
  Value moved = b.multiplyAdd(b.sub(shift, newShift), slot[0], slot[1]);
  Value zero = b.constant(0.0);
  Value isZero = b.compare(arith::CmpFPredicate::OEQ, factor, zero);
  return {b.mul(factor, slot[0]), b.select(isZero, zero, b.mul(factor, moved))};
}

SmallVector<Value>
EntropyReadingAttr::buildResults(OpBuilder &builder, Location loc,
                                 ValueRange slot,
                                 OnlineNormaliserAttrInterface normaliser,
                                 ValueRange normaliserState) const {
  return {
      normaliser.buildEntropy(builder, loc, slot[0], slot[1], normaliserState)};
}

SmallVector<Value> EntropyReadingAttr::buildGraphLevel(OpBuilder &builder,
                                                       Location loc,
                                                       Value weights,
                                                       Value) const {
  return {EntropyOp::create(builder, loc, weights)};
}
