//===- TestDialect.cpp - Ops that no pass knows ---------------------------===//
//
// What a project would write that adds a score function or a normaliser of its
// own: the interface's methods, and nothing anywhere else.
//
//===----------------------------------------------------------------------===//

#include "TestDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::attention_test;

#include "TestDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "TestAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "TestOps.cpp.inc"

void AttentionTestDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "TestOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "TestAttrs.cpp.inc"
      >();
}

static Value buildConstant(OpBuilder &builder, Location loc, Type type,
                           double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, value));
}

//===----------------------------------------------------------------------===//
// DistanceScoreOp
//===----------------------------------------------------------------------===//

Value DistanceScoreOp::buildPair(OpBuilder &builder, Location loc, Value query,
                                 Value key, ValueRange) {
  Value difference = arith::SubFOp::create(builder, loc, query, key);
  return math::AbsFOp::create(builder, loc, difference);
}

Value DistanceScoreOp::buildScale(OpBuilder &builder) {
  return buildConstant(builder, getLoc(),
                       getScores().getType().getElementType(), -0.5);
}

//===----------------------------------------------------------------------===//
// SigmoidOp
//===----------------------------------------------------------------------===//

static Value buildSigmoid(OpBuilder &builder, Location loc, Value x) {
  Type type = x.getType();
  TypedAttr element = builder.getFloatAttr(getElementTypeOrSelf(type), 1.0);
  if (auto vector = dyn_cast<VectorType>(type))
    element = DenseElementsAttr::get(vector, element);
  Value one = arith::ConstantOp::create(builder, loc, element);
  Value negated = arith::NegFOp::create(builder, loc, x);
  Value exp = math::ExpOp::create(builder, loc, negated);
  Value sum = arith::AddFOp::create(builder, loc, one, exp);
  return arith::DivFOp::create(builder, loc, one, sum);
}

Value SigmoidOp::buildWeight(OpBuilder &builder, Location loc, Value score,
                             ValueRange) {
  return buildSigmoid(builder, loc, score);
}

Attribute SigmoidOp::getOnlineNormaliser() {
  if (getWholeRows())
    return {};
  return OnlineSigmoidAttr::get(getContext());
}

//===----------------------------------------------------------------------===//
// OnlineSigmoidAttr
//===----------------------------------------------------------------------===//

Value OnlineSigmoidAttr::buildWeight(OpBuilder &builder, Location loc,
                                     Value score, Value) const {
  return buildSigmoid(builder, loc, score);
}

SmallVector<Value> OnlineSigmoidAttr::buildGraphLevel(OpBuilder &builder,
                                                      Location loc,
                                                      Value scores, ValueRange,
                                                      bool) const {
  return {SigmoidOp::create(builder, loc, scores.getType(), scores)};
}
