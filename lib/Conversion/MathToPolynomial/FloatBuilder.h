//===- FloatBuilder.h - Elementwise code on floats --------------*- C++ -*-===//
//
// Arithmetic on values of one float type, scalar or vector, for code that has
// to be the same for all of them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_MATHTOPOLYNOMIAL_FLOATBUILDER_H
#define ATTENTION_LIB_CONVERSION_MATHTOPOLYNOMIAL_FLOATBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace mlir::attention {

/// Builds on values of `type`: f32, f64, or a vector of them.
///
/// Sums and products may be contracted, so one code is good for targets with
/// fused multiply-add and without: where it has to be exact, it is in both.
class FloatBuilder {
public:
  FloatBuilder(OpBuilder &builder, Location loc, Type type);

  bool isF64() const { return width == 64; }
  /// The bits of a mantissa, without the implied one.
  int64_t getMantissaBits() const { return isF64() ? 52 : 23; }
  /// What is added to exponents.
  int64_t getBias() const { return isF64() ? 1023 : 127; }

  Value constant(double value);
  Value infinity();
  Value nan();
  Value integer(int64_t value);

  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value div(Value x, Value y);
  /// x · y + z, in one rounding or two.
  Value mulAdd(Value x, Value y, Value z) { return add(mul(x, y), z); }
  Value neg(Value x);
  Value abs(Value x);
  Value copySign(Value magnitude, Value sign);

  /// False where one is NaN.
  Value isLess(Value x, Value y);
  Value isEqual(Value x, Value y);
  Value invert(Value condition);
  Value select(Value condition, Value x, Value y);
  /// Between `least` and `greatest`; NaN stays NaN. An instruction a bound.
  Value clamp(Value x, double least, double greatest);

  /// coefficients[0] + coefficients[1] · x + …
  Value polynomial(Value x, ArrayRef<double> coefficients);
  /// x · factor rounded to an integer, to nearest even: for |x · factor| up to
  /// 2^(mantissa bits − 2). Anything for NaN.
  Value roundProduct(Value x, double factor);
  Value round(Value x);
  /// 2^n for integers n that normal numbers have as exponents.
  Value exp2OfInteger(Value n);

  Value toBits(Value x);
  Value fromBits(Value bits);
  Value addBits(Value x, Value y);
  Value andBits(Value x, Value y);
  Value orBits(Value x, Value y);
  Value shiftLeft(Value bits, int64_t count);
  Value shiftRight(Value bits, int64_t count);

  OpBuilder &getBuilder() { return builder; }
  Location getLoc() const { return loc; }
  Type getType() const { return type; }

private:
  Value splat(TypedAttr element);
  Type withElement(Type element);

  OpBuilder &builder;
  Location loc;
  Type type;
  unsigned width;
  arith::FastMathFlagsAttr contract;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_MATHTOPOLYNOMIAL_FLOATBUILDER_H
