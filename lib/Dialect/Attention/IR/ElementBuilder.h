//===- ElementBuilder.h - Code on scalars or vectors ------------*- C++ -*-===//
//
// What normalisers and readings build their parts with: the same code for a
// scalar of the exact lowering and for the lanes of a vector.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_IR_ELEMENTBUILDER_H
#define ATTENTION_LIB_DIALECT_ATTENTION_IR_ELEMENTBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::attention {

/// Builds elementwise code on values of one float type, scalar or vector, and
/// of integers in as many lanes.
struct ElementBuilder {
  ElementBuilder(OpBuilder &builder, Location loc, Type type)
      : builder(builder), loc(loc), type(type) {}

  Value constant(double value) {
    Type element = getElementTypeOrSelf(type);
    return splat(builder.getFloatAttr(element, value));
  }
  Value integer(int64_t value) {
    return splat(
        builder.getIntegerAttr(getElementTypeOrSelf(integerType()), value));
  }
  Value integer32(int64_t value) {
    return splat(builder.getI32IntegerAttr(value));
  }
  Value splat(TypedAttr element) {
    if (auto vector = dyn_cast<VectorType>(type))
      return arith::ConstantOp::create(
          builder, loc,
          DenseElementsAttr::get(vector.clone(element.getType()), element));
    return arith::ConstantOp::create(builder, loc, element);
  }
  Type integerType() {
    Type element = builder.getIntegerType(
        getElementTypeOrSelf(type).getIntOrFloatBitWidth());
    if (auto vector = dyn_cast<VectorType>(type))
      return vector.clone(element);
    return element;
  }
  Value add(Value a, Value b) {
    return arith::AddFOp::create(builder, loc, a, b);
  }
  Value sub(Value a, Value b) {
    return arith::SubFOp::create(builder, loc, a, b);
  }
  Value mul(Value a, Value b) {
    return arith::MulFOp::create(builder, loc, a, b);
  }
  /// a · b + c, fused where the target has an instruction for it.
  Value multiplyAdd(Value a, Value b, Value c) {
    auto contract = arith::FastMathFlags::contract;
    Value product = arith::MulFOp::create(builder, loc, a, b, contract);
    return arith::AddFOp::create(builder, loc, product, c, contract);
  }
  Value compare(arith::CmpFPredicate predicate, Value a, Value b) {
    return arith::CmpFOp::create(builder, loc, predicate, a, b);
  }
  Value select(Value condition, Value a, Value b) {
    return arith::SelectOp::create(builder, loc, condition, a, b);
  }
  /// a > b ? a : b, which is b where one is NaN. One instruction on x86.
  Value greater(Value a, Value b) {
    return select(compare(arith::CmpFPredicate::OGT, a, b), a, b);
  }

  OpBuilder &builder;
  Location loc;
  Type type;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_IR_ELEMENTBUILDER_H
