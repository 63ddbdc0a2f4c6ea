//===- OnlineSoftmaxAttr.cpp - The softmax, block by block ----------------===//
//
// Milakov and Gimelshein (2018). Elementwise code on scalars or vectors; the
// exponential is built in place: its arguments are never positive.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "ElementBuilder.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// How exp is computed in a type: exp(x) = 2^n · exp(r) with n = round(x · log2
/// e), r = x − n · log 2.
struct ExpConstants {
  /// Below it the result is 0: there n = −bias, and 2^n has no bits.
  double least;
  /// 1.5 · 2^mantissa + bias: adding it leaves n + bias in the low bits.
  double magic;
  int64_t mantissaBits;
  /// log 2 in two parts, of which n times the first is exact: no need for fused
  /// operations.
  double ln2High, ln2Low;
  /// The polynomial without its constant term, which is exactly 1.
  ArrayRef<double> polynomial;
};
} // namespace

/// e^r, |r| ≤ log(2)/2, fitted with p(0) = 1; relative error 1.7e-7 in f32.
static const double expPolynomialF32[] = {
    0.999999744773859, 0.4999915024148878, 0.16667635708151302,
    0.04189793081968829, 0.008290314787820165};

/// e^r, |r| ≤ log(2)/2: the Taylor series; relative error 5e-18.
static const double expPolynomialF64[] = {1.0,
                                          1.0 / 2,
                                          1.0 / 6,
                                          1.0 / 24,
                                          1.0 / 120,
                                          1.0 / 720,
                                          1.0 / 5040,
                                          1.0 / 40320,
                                          1.0 / 362880,
                                          1.0 / 3628800,
                                          1.0 / 39916800,
                                          1.0 / 479001600,
                                          1.0 / 6227020800};

static const double log2E = 1.4426950408889634;

/// exp(x), or 2^x in base 2, for x ≤ 0, −inf included (0), or NaN. Exactly 1 at
/// 0 and exactly 0 below the least exponent.
static Value buildExpOfNonPositive(ElementBuilder &b, Value x, bool isBase2) {
  ExpConstants c =
      getElementTypeOrSelf(b.type).isF64()
          ? ExpConstants{-709.0,
                         6755399441055744.0 + 1023.0,
                         52,
                         0x1.62e42fefa3800p-1,
                         0x1.ef35793c76730p-45,
                         expPolynomialF64}
          : ExpConstants{-88.0,       12582912.0 + 127.0,    23,
                         0x1.62e4p-1, 0x1.7f7d1cf780000p-20, expPolynomialF32};
  // The comparison keeps a NaN: it is not less.
  double least = isBase2 ? std::floor(c.least * log2E) : c.least;
  x = b.greater(b.constant(least), x);
  Value magic = b.constant(c.magic);
  Value shifted =
      isBase2 ? b.add(x, magic) : b.multiplyAdd(x, b.constant(log2E), magic);
  Value n = b.sub(shifted, magic);
  SmallVector<double> polynomial(c.polynomial);
  Value rest;
  if (isBase2) {
    // The difference is exact, and the polynomial takes up the factor log 2.
    rest = b.sub(x, n);
    double power = 1.0;
    for (double &coefficient : polynomial)
      coefficient *= power *= 1.0 / log2E;
  } else {
    rest = b.multiplyAdd(n, b.constant(-c.ln2High), x);
    rest = b.multiplyAdd(n, b.constant(-c.ln2Low), rest);
  }
  Value result = b.constant(polynomial.back());
  for (double coefficient : llvm::reverse(ArrayRef(polynomial).drop_back()))
    result = b.multiplyAdd(result, rest, b.constant(coefficient));
  result = b.multiplyAdd(result, rest, b.constant(1.0));
  // 2^n by its bits; the product keeps a NaN, which shifting bits would not.
  Value bits =
      arith::BitcastOp::create(b.builder, b.loc, b.integerType(), shifted);
  bits =
      arith::ShLIOp::create(b.builder, b.loc, bits, b.integer(c.mantissaBits));
  Value power = arith::BitcastOp::create(b.builder, b.loc, b.type, bits);
  return b.mul(result, power);
}

//===----------------------------------------------------------------------===//
// OnlineSoftmaxAttr
//===----------------------------------------------------------------------===//

bool OnlineSoftmaxAttr::hasState() const { return true; }

bool OnlineSoftmaxAttr::isShiftInvariant() const { return true; }

bool OnlineSoftmaxAttr::isBase2() const {
  return getUnit() == ScoreUnit::Base2;
}

std::pair<double, Attribute> OnlineSoftmaxAttr::getPrescaled() const {
  if (isBase2())
    return {1.0, *this};
  return {log2E, OnlineSoftmaxAttr::get(getContext(), ScoreUnit::Base2)};
}

SmallVector<Value> OnlineSoftmaxAttr::buildInit(OpBuilder &builder,
                                                Location loc, Type type,
                                                ValueRange initElements) const {
  ElementBuilder b(builder, loc, type);
  if (initElements.empty())
    return {b.constant(-std::numeric_limits<double>::infinity()),
            b.constant(0.0)};
  // A sink is one more score.
  Value sink = initElements.front();
  if (isBase2())
    sink = b.mul(sink, b.constant(log2E));
  Value weight =
      buildWeight(builder, loc, sink, buildShift(builder, loc, sink));
  return {sink, weight};
}

Value OnlineSoftmaxAttr::buildPivot(OpBuilder &builder, Location loc,
                                    Value pivot, Value score) const {
  return ElementBuilder(builder, loc, pivot.getType()).greater(score, pivot);
}

/// The maximum as a number to subtract: 0 where there is no live pair yet.
Value OnlineSoftmaxAttr::buildShift(OpBuilder &builder, Location loc,
                                    Value pivot) const {
  ElementBuilder b(builder, loc, pivot.getType());
  Value negInf = b.constant(-std::numeric_limits<double>::infinity());
  Value isEmpty = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ,
                                        pivot, negInf);
  return arith::SelectOp::create(builder, loc, isEmpty, b.constant(0.0), pivot);
}

Value OnlineSoftmaxAttr::buildRescale(OpBuilder &builder, Location loc,
                                      Value pivot, Value newShift) const {
  return buildWeight(builder, loc, pivot, newShift);
}

Value OnlineSoftmaxAttr::buildWeight(OpBuilder &builder, Location loc,
                                     Value score, Value shift) const {
  ElementBuilder b(builder, loc, score.getType());
  return buildExpOfNonPositive(b, b.sub(score, shift), isBase2());
}

/// 1 / sum, or 0 for a row without a live pair: its context is 0.
Value OnlineSoftmaxAttr::buildContextFactor(OpBuilder &builder, Location loc,
                                            ValueRange state) const {
  ElementBuilder b(builder, loc, state[1].getType());
  Value zero = b.constant(0.0);
  Value isEmpty = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ,
                                        state[1], zero);
  Value inverse =
      arith::DivFOp::create(builder, loc, b.constant(1.0), state[1]);
  return arith::SelectOp::create(builder, loc, isEmpty, zero, inverse);
}

Value OnlineSoftmaxAttr::buildLse(OpBuilder &builder, Location loc,
                                  ValueRange state) const {
  ElementBuilder b(builder, loc, state[1].getType());
  Value log = math::LogOp::create(builder, loc, state[1]);
  Value shift = buildShift(builder, loc, state[0]);
  if (isBase2())
    return b.multiplyAdd(shift, b.constant(1.0 / log2E), log);
  return b.add(shift, log);
}

bool OnlineSoftmaxAttr::growsWithScores() const { return true; }

bool OnlineSoftmaxAttr::hasEntropy() const { return true; }

/// With w = p / sum and ln w = (score − shift) − ln sum:
/// −Σ w · ln w = (mass · ln sum − moment) / sum, of which nothing cancels where
/// the pivot is the maximum. A row without a live pair has a sum of 0.
Value OnlineSoftmaxAttr::buildEntropy(OpBuilder &builder, Location loc,
                                      Value mass, Value moment,
                                      ValueRange state) const {
  ElementBuilder b(builder, loc, mass.getType());
  if (isBase2())
    moment = b.mul(moment, b.constant(1.0 / log2E));
  Value log = math::LogOp::create(builder, loc, state[1]);
  Value entropy =
      b.mul(b.sub(b.mul(mass, log), moment),
            arith::DivFOp::create(builder, loc, b.constant(1.0), state[1]));
  Value zero = b.constant(0.0);
  Value isEmpty = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ,
                                        state[1], zero);
  return arith::SelectOp::create(builder, loc, isEmpty, zero, entropy);
}

SmallVector<Value> OnlineSoftmaxAttr::buildGraphLevel(OpBuilder &builder,
                                                      Location loc,
                                                      Value scores,
                                                      ValueRange initOperands,
                                                      bool withLse) const {
  Value sinks = initOperands.empty() ? Value() : initOperands.front();
  auto softmax = SoftmaxOp::create(builder, loc, scores, sinks, withLse);
  return llvm::to_vector_of<Value>(softmax->getResults());
}
