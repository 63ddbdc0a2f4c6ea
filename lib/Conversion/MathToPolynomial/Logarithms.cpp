//===- Logarithms.cpp - log, log2, log10 and log1p ------------------------===//
//
// log x = k · log 2 + log m with √½ ≤ m < √2, and with s = (m − 1) / (m + 1)
// log m = 2 artanh s, which is 2s and a polynomial in s².
//
//===----------------------------------------------------------------------===//

#include "Functions.h"

using namespace mlir;
using namespace mlir::attention;

/// (log((1 + s) / (1 − s)) − 2s) / s³ as a polynomial in s²; minimax for the
/// relative error of the logarithm, which is 8e-10 and 1e-18.
static constexpr double artanhF32[] = {0.66666776715793425, 0.39977495697,
                                       0.29873070683459582};
static constexpr double artanhF64[] = {
    0.66666666666667348912, 0.39999999999411114902, 0.28571428743258422821,
    0.22222198476372154869, 0.18183569721641199962, 0.15313903674693240905,
    0.14797503718285709015};

namespace {
/// x = 2^exponent · (1 + fraction)
struct Split {
  Value exponent, fraction;
};

/// How a logarithm is put together: in which base, that is factor · log x, with
/// the logarithm of 2 in two parts, of which integers times the first are
/// exact.
struct Base {
  double high, low, factor;
};
} // namespace

/// For x that is positive and finite.
static Split buildSplit(FloatBuilder &b, Value x) {
  int64_t mantissaBits = b.getMantissaBits();
  int64_t sqrtHalf = b.isF64() ? 0x3fe6a09e667f3bcd : 0x3f3504f3;
  int64_t one = b.getBias() << mantissaBits;
  // Subnormal numbers have no exponent in their bits.
  double least = b.isF64() ? 0x1p-1022 : 0x1p-126;
  double lift = double(int64_t(1) << mantissaBits);
  Value isSmall = b.isLess(x, b.constant(least));
  x = b.select(isSmall, b.mul(x, b.constant(lift)), x);
  Value bias = b.select(isSmall, b.constant(b.getBias() + mantissaBits),
                        b.constant(b.getBias()));

  // From here on the field of the exponent changes at √½ · 2^k.
  Value bits = b.addBits(b.toBits(x), b.integer(one - sqrtHalf));
  Value field = b.shiftRight(bits, mantissaBits);
  // The field as a float: in the low bits of 2^mantissaBits.
  Value biased = b.sub(b.fromBits(b.orBits(field, b.toBits(b.constant(lift)))),
                       b.constant(lift));
  Value mantissa = b.andBits(bits, b.integer((int64_t(1) << mantissaBits) - 1));
  Value m = b.fromBits(b.addBits(mantissa, b.integer(sqrtHalf)));
  return {b.sub(biased, bias), b.sub(m, b.constant(1))};
}

static Value buildLogInBase(FloatBuilder &b, Value x, Base base) {
  auto [k, f] = buildSplit(b, x);
  // log m = f − (f²/2 − s · (f²/2 + s² · p(s²))): the large part, f, is exact.
  Value s = b.div(f, b.add(f, b.constant(2)));
  Value square = b.mul(s, s);
  ArrayRef<double> polynomial =
      b.isF64() ? ArrayRef(artanhF64) : ArrayRef(artanhF32);
  Value rest = b.mul(square, b.polynomial(square, polynomial));
  Value halfSquare = b.mul(b.mul(f, f), b.constant(0.5));
  Value product = b.mul(s, b.add(halfSquare, rest));
  Value low = b.constant(base.low), high = b.constant(base.high);
  Value result;
  if (base.factor == 1.0) {
    product = b.mulAdd(k, low, product);
    result = b.mulAdd(k, high, b.sub(f, b.sub(halfSquare, product)));
  } else {
    Value logM = b.sub(f, b.sub(halfSquare, product));
    result = b.mulAdd(logM, b.constant(base.factor), b.mul(k, low));
    result = b.mulAdd(k, high, result);
  }
  // −inf at 0, NaN below, and what is not finite as it is.
  Value zero = b.constant(0), infinity = b.infinity();
  Value beyond = b.select(b.isEqual(x, zero), b.neg(infinity), b.nan());
  result = b.select(b.isLess(zero, x), result, beyond);
  return b.select(b.isEqual(x, infinity), x, result);
}

static Base getNaturalBase(FloatBuilder &b) {
  return b.isF64() ? Base{0x1.62e42fefa3800p-1, 0x1.ef35793c76730p-45, 1.0}
                   : Base{0x1.62e4p-1, 0x1.7f7d1cf79abcap-20, 1.0};
}

Value attention::buildLog(FloatBuilder &b, Value x) {
  return buildLogInBase(b, x, getNaturalBase(b));
}

Value attention::buildLog2(FloatBuilder &b, Value x) {
  return buildLogInBase(b, x, {1.0, 0.0, 1.4426950408889634});
}

Value attention::buildLog10(FloatBuilder &b, Value x) {
  double factor = 0.43429448190325183;
  return buildLogInBase(
      b, x,
      b.isF64() ? Base{0x1.34413509f7800p-2, 0x1.fef311f12b358p-46, factor}
                : Base{0x1.3442p-2, -0x1.95ec10c0219dcp-19, factor});
}

/// log(1 + x) = log u + (1 + x − u) / u to first order, u = 1 + x rounded.
Value attention::buildLog1P(FloatBuilder &b, Value x) {
  Value one = b.constant(1), zero = b.constant(0);
  Value u = b.add(one, x);
  Value lost = b.sub(x, b.sub(u, one));
  Value correction = b.div(lost, u);
  // At −1 and at infinity the logarithm is all there is.
  correction = b.select(b.isLess(b.abs(lost), one), correction, zero);
  correction = b.select(b.isEqual(u, zero), zero, correction);
  Value result = b.add(buildLogInBase(b, u, getNaturalBase(b)), correction);
  return b.select(b.isEqual(x, zero), x, result);
}
