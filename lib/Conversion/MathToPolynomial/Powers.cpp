//===- Powers.cpp - x^y of f32, in f64 ------------------------------------===//
//
// x^y = 2^(y · log2 x) loses the bits that y · log2 x has before its point, up
// to eight of f32's results; f64 has them to spare. The special cases are those
// of C's pow.
//
//===----------------------------------------------------------------------===//

#include "Functions.h"

using namespace mlir;
using namespace mlir::attention;

/// Whether `x` is an integer, as all large numbers and infinity are.
static Value isInteger(FloatBuilder &b, Value x) {
  Value isLarge = b.invert(b.isLess(b.abs(x), b.constant(0x1p51)));
  return b.orBits(isLarge, b.isEqual(b.round(x), x));
}

Value attention::buildPow(FloatBuilder &b, Value x, Value y) {
  Value zero = b.constant(0), one = b.constant(1);
  Value magnitude = b.abs(x);
  Value result = buildExp2(b, b.mul(y, buildLog2(b, magnitude)));

  // 0 · inf above.
  Value isOne = b.isEqual(magnitude, one);
  Value isInfiniteY = b.isEqual(b.abs(y), b.infinity());
  result = b.select(b.andBits(isOne, isInfiniteY), one, result);
  // Negative x: a sign for odd y, NaN for y between integers, unless x is
  // infinite or 0.
  Value isIntegerY = isInteger(b, y);
  Value isEven = isInteger(b, b.mul(y, b.constant(0.5)));
  Value isOdd = b.andBits(isIntegerY, b.invert(isEven));
  Value hasSign = b.isLess(b.copySign(one, x), zero);
  result = b.select(b.andBits(hasSign, isOdd), b.neg(result), result);
  Value isBetween =
      b.andBits(b.isLess(x, zero), b.isLess(magnitude, b.infinity()));
  result =
      b.select(b.andBits(isBetween, b.invert(isIntegerY)), b.nan(), result);
  result = b.select(b.isEqual(y, zero), one, result);
  return b.select(b.isEqual(x, one), one, result);
}
