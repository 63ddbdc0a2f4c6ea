//===- Exponentials.cpp - exp, exp2, expm1 and tanh -----------------------===//
//
// e^x = 2^n · e^r with n = round(x · log2 e) and |r| ≤ log(2)/2, where e^r is a
// polynomial. Nothing becomes an integer, which NaN and infinities are not: 2^n
// comes from the bits of n as a float.
//
//===----------------------------------------------------------------------===//

#include "Functions.h"

using namespace mlir;
using namespace mlir::attention;

static constexpr double log2E = 1.4426950408889634;
static constexpr double ln2 = 0.69314718055994531;

/// (e^r − 1 − r) / r², |r| ≤ log(2)/2; minimax for the relative error of e^r,
/// which is 3e-9 and 4e-18.
static constexpr double exponentialF32[] = {
    0.49999993447805633, 0.16666520631755947, 0.041668388046069294,
    0.0083687168769867092, 0.0013814598531242151};
static constexpr double exponentialF64[] = {
    0.5000000000000010627,      0.1666666666666641252,
    0.04166666666653015922,     0.0083333333334944646762,
    0.0013888888943630035794,   0.0001984126950657133213,
    0.000024801493098940731162, 2.7557586380898515615e-6,
    2.7630248375984351298e-7,   2.5000059246543154203e-8};

/// e^r − 1 from r.
static Value buildReducedExpM1(FloatBuilder &b, Value r) {
  ArrayRef<double> polynomial =
      b.isF64() ? ArrayRef(exponentialF64) : ArrayRef(exponentialF32);
  return b.mulAdd(b.polynomial(r, polynomial), b.mul(r, r), r);
}

/// x − n · log(2): log(2) is in two parts, of which n times the first is exact.
static Value buildReduced(FloatBuilder &b, Value x, Value n) {
  double high = b.isF64() ? 0x1.62e42fefa3800p-1 : 0x1.62e4p-1;
  double low = b.isF64() ? 0x1.ef35793c76730p-45 : 0x1.7f7d1cf79abcap-20;
  Value r = b.mulAdd(n, b.constant(-high), x);
  return b.mulAdd(n, b.constant(-low), r);
}

/// x · 2^n, of which both ends of the range may be beyond that of one factor.
static Value buildScaled(FloatBuilder &b, Value x, Value n) {
  Value half = b.roundProduct(n, 0.5);
  x = b.mul(x, b.exp2OfInteger(half));
  return b.mul(x, b.exp2OfInteger(b.sub(n, half)));
}

Value attention::buildExp(FloatBuilder &b, Value x) {
  // 0 below, infinity above.
  x = b.isF64() ? b.clamp(x, -746, 710) : b.clamp(x, -104, 89);
  Value n = b.roundProduct(x, log2E);
  Value power =
      b.add(b.constant(1), buildReducedExpM1(b, buildReduced(b, x, n)));
  return buildScaled(b, power, n);
}

Value attention::buildExp2(FloatBuilder &b, Value x) {
  x = b.isF64() ? b.clamp(x, -1076, 1025) : b.clamp(x, -151, 129);
  Value n = b.round(x);
  Value r = b.mul(b.sub(x, n), b.constant(ln2));
  return buildScaled(b, b.add(b.constant(1), buildReducedExpM1(b, r)), n);
}

/// (e^x − 1) / 2 = 2^(n−1) · (e^r − 1) + 2^(n−1) − ½; halved, as 2^n may be
/// infinite where the result is not.
static Value buildHalfExpM1(FloatBuilder &b, Value x) {
  Value n = b.roundProduct(x, log2E);
  Value reduced = buildReducedExpM1(b, buildReduced(b, x, n));
  Value power = b.exp2OfInteger(b.sub(n, b.constant(1)));
  return b.mulAdd(power, reduced, b.sub(power, b.constant(0.5)));
}

Value attention::buildExpM1(FloatBuilder &b, Value x) {
  Value clamped = b.isF64() ? b.clamp(x, -40, 710) : b.clamp(x, -18, 89);
  Value result = b.mul(b.constant(2), buildHalfExpM1(b, clamped));
  // Keeps the sign of a zero.
  return b.select(b.isEqual(x, b.constant(0)), x, result);
}

/// tanh(|x|) = −h / (h + 1) with h = (exp(−2|x|) − 1) / 2: no cancellation, and
/// never more than 1, which it is from 10 on, in f64 from 20.
Value attention::buildTanh(FloatBuilder &b, Value x) {
  Value least = b.constant(b.isF64() ? -40 : -20);
  Value argument = b.mul(b.abs(x), b.constant(-2));
  argument = b.select(b.isLess(argument, least), least, argument);
  Value h = buildHalfExpM1(b, argument);
  return b.copySign(b.div(h, b.add(h, b.constant(1))), x);
}
