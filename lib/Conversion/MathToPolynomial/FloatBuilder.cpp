//===- FloatBuilder.cpp - Elementwise code on floats ----------------------===//
//
// Arithmetic on values of one float type, scalar or vector.
//
//===----------------------------------------------------------------------===//

#include "FloatBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

FloatBuilder::FloatBuilder(OpBuilder &builder, Location loc, Type type)
    : builder(builder), loc(loc), type(type),
      width(getElementTypeOrSelf(type).getIntOrFloatBitWidth()),
      contract(arith::FastMathFlagsAttr::get(builder.getContext(),
                                             arith::FastMathFlags::contract)) {}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Type FloatBuilder::withElement(Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

Value FloatBuilder::splat(TypedAttr element) {
  if (auto vector = dyn_cast<VectorType>(withElement(element.getType())))
    return arith::ConstantOp::create(builder, loc,
                                     DenseElementsAttr::get(vector, element));
  return arith::ConstantOp::create(builder, loc, element);
}

Value FloatBuilder::constant(double value) {
  return splat(builder.getFloatAttr(getElementTypeOrSelf(type), value));
}

Value FloatBuilder::infinity() {
  return constant(std::numeric_limits<double>::infinity());
}

Value FloatBuilder::nan() {
  return constant(std::numeric_limits<double>::quiet_NaN());
}

Value FloatBuilder::integer(int64_t value) {
  return splat(builder.getIntegerAttr(builder.getIntegerType(width), value));
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value FloatBuilder::add(Value x, Value y) {
  return arith::AddFOp::create(builder, loc, x, y, contract);
}

Value FloatBuilder::sub(Value x, Value y) {
  return arith::SubFOp::create(builder, loc, x, y, contract);
}

Value FloatBuilder::mul(Value x, Value y) {
  return arith::MulFOp::create(builder, loc, x, y, contract);
}

Value FloatBuilder::div(Value x, Value y) {
  return arith::DivFOp::create(builder, loc, x, y);
}

Value FloatBuilder::neg(Value x) {
  return arith::NegFOp::create(builder, loc, x);
}

Value FloatBuilder::abs(Value x) {
  return math::AbsFOp::create(builder, loc, x);
}

Value FloatBuilder::copySign(Value magnitude, Value sign) {
  return math::CopySignOp::create(builder, loc, magnitude, sign);
}

Value FloatBuilder::isLess(Value x, Value y) {
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, x, y);
}

Value FloatBuilder::isEqual(Value x, Value y) {
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, x, y);
}

Value FloatBuilder::invert(Value condition) {
  Value yes = splat(builder.getBoolAttr(true));
  return arith::XOrIOp::create(builder, loc, condition, yes);
}

Value FloatBuilder::select(Value condition, Value x, Value y) {
  return arith::SelectOp::create(builder, loc, condition, x, y);
}

Value FloatBuilder::clamp(Value x, double least, double greatest) {
  Value low = constant(least), high = constant(greatest);
  x = select(isLess(x, low), low, x);
  return select(isLess(high, x), high, x);
}

Value FloatBuilder::polynomial(Value x, ArrayRef<double> coefficients) {
  Value result = constant(coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back()))
    result = mulAdd(result, x, constant(coefficient));
  return result;
}

/// Adding it leaves an integer in the low bits, and its unit in the last place
/// is 1.
static double getMagic(int64_t mantissaBits) {
  return 1.5 * double(int64_t(1) << mantissaBits);
}

Value FloatBuilder::round(Value x) {
  Value magic = constant(getMagic(getMantissaBits()));
  return sub(add(x, magic), magic);
}

Value FloatBuilder::roundProduct(Value x, double factor) {
  Value magic = constant(getMagic(getMantissaBits()));
  return sub(mulAdd(x, constant(factor), magic), magic);
}

Value FloatBuilder::exp2OfInteger(Value n) {
  Value biased = add(n, constant(getMagic(getMantissaBits()) + getBias()));
  return fromBits(shiftLeft(toBits(biased), getMantissaBits()));
}

//===----------------------------------------------------------------------===//
// Bits
//===----------------------------------------------------------------------===//

Value FloatBuilder::toBits(Value x) {
  return arith::BitcastOp::create(
      builder, loc, withElement(builder.getIntegerType(width)), x);
}

Value FloatBuilder::fromBits(Value bits) {
  return arith::BitcastOp::create(builder, loc, type, bits);
}

Value FloatBuilder::addBits(Value x, Value y) {
  return arith::AddIOp::create(builder, loc, x, y);
}

Value FloatBuilder::andBits(Value x, Value y) {
  return arith::AndIOp::create(builder, loc, x, y);
}

Value FloatBuilder::orBits(Value x, Value y) {
  return arith::OrIOp::create(builder, loc, x, y);
}

Value FloatBuilder::shiftLeft(Value bits, int64_t count) {
  return arith::ShLIOp::create(builder, loc, bits, integer(count));
}

Value FloatBuilder::shiftRight(Value bits, int64_t count) {
  return arith::ShRUIOp::create(builder, loc, bits, integer(count));
}
