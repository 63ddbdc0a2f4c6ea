//===- TestDialect.cpp - Ops that no pass knows ---------------------------===//
//
// What a project would write that adds a score function or a normaliser of its
// own: the interface's methods, and nothing anywhere else.
//
//===----------------------------------------------------------------------===//

#include "TestDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::attention_test;

#include "TestDialect.cpp.inc"
#define GET_OP_CLASSES
#include "TestOps.cpp.inc"

void AttentionTestDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "TestOps.cpp.inc"
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

unsigned SigmoidOp::getStateSize() { return 0; }

SmallVector<Value> SigmoidOp::buildInit(OpBuilder &, Location, ValueRange) {
  return {};
}

SmallVector<Value> SigmoidOp::buildUpdate(OpBuilder &, Location, ValueRange,
                                          Value) {
  return {};
}

SmallVector<Value> SigmoidOp::buildMerge(OpBuilder &, Location, ValueRange,
                                         ValueRange) {
  return {};
}

Value SigmoidOp::buildWeight(OpBuilder &builder, Location loc, Value score,
                             ValueRange) {
  Value one = buildConstant(builder, loc, score.getType(), 1.0);
  Value negated = arith::NegFOp::create(builder, loc, score);
  Value exp = math::ExpOp::create(builder, loc, negated);
  Value sum = arith::AddFOp::create(builder, loc, one, exp);
  return arith::DivFOp::create(builder, loc, one, sum);
}
