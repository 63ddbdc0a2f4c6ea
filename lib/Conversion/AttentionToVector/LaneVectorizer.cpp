//===- LaneVectorizer.cpp - Scalar regions on lanes of queries ------------===//
//
// One rule for every elementwise operation, and a few for indices: adding to
// and comparing what counts lanes, and loads.
//
//===----------------------------------------------------------------------===//

#include "LaneVectorizer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::attention;

/// Integer division and remainder, which trap on what dead lanes may hold.
static bool isDivision(Operation *op) {
  return isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
             arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp>(op);
}

static bool isLoad(Operation *op) {
  return isa<memref::LoadOp, tensor::ExtractOp>(op);
}

bool LaneVectorizer::needsLiveLane(Region &region) {
  return llvm::any_of(region.front().without_terminator(), [](Operation &op) {
    return isLoad(&op) || !isSpeculatable(&op);
  });
}

LaneValue LaneVectorizer::lookup(Value value) {
  auto found = values.find(value);
  // Captured from outside: the same in all lanes.
  return found == values.end() ? LaneValue::uniform(value) : found->second;
}

Value LaneVectorizer::buildIndexConstant(int64_t value, Type type) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getIntegerAttr(type, value));
}

Value LaneVectorizer::materialize(LaneValue value) {
  if (value.isVector)
    return value.value;
  Type type = value.value.getType();
  auto vectorType = VectorType::get(numLanes, type);
  Value base =
      vector::BroadcastOp::create(builder, loc, vectorType, value.value);
  if (value.stride == 0)
    return base;
  SmallVector<Attribute> offsets;
  for (int64_t lane = 0; lane < numLanes; ++lane)
    offsets.push_back(builder.getIntegerAttr(type, lane * value.stride));
  Value steps = arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(vectorType, offsets));
  return arith::AddIOp::create(builder, loc, base, steps);
}

LaneValue LaneVectorizer::vectorize(Block &block,
                                    ArrayRef<LaneValue> arguments) {
  for (auto [argument, value] :
       llvm::zip_equal(block.getArguments(), arguments))
    values[argument] = value;
  for (Operation &op : block.without_terminator()) {
    if (auto assertion = dyn_cast<cf::AssertOp>(op))
      buildAssert(assertion);
    else
      values[op.getResult(0)] = build(op);
  }
  return lookup(block.back().getOperand(0));
}

LaneValue LaneVectorizer::evaluate(AffineExpr result,
                                   ArrayRef<LaneValue> dims) {
  if (auto dim = dyn_cast<AffineDimExpr>(result))
    return dims[dim.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(result))
    return LaneValue::uniform(
        buildIndexConstant(constant.getValue(), builder.getIndexType()));
  auto quotient = cast<AffineBinaryOpExpr>(result);
  LaneValue lhs = evaluate(quotient.getLHS(), dims);
  LaneValue rhs = evaluate(quotient.getRHS(), dims);
  if (lhs.isUniform() && rhs.isUniform())
    return LaneValue::uniform(
        arith::DivUIOp::create(builder, loc, lhs.value, rhs.value));
  Value lanesOfLhs = materialize(lhs);
  return LaneValue::vector(
      arith::DivUIOp::create(builder, loc, lanesOfLhs, materialize(rhs)));
}

LaneValue LaneVectorizer::build(Operation &op) {
  if (isLoad(&op)) {
    SmallVector<LaneValue> indices;
    for (Value index : op.getOperands().drop_front())
      indices.push_back(lookup(index));
    return load(op.getOperand(0), indices);
  }
  SmallVector<LaneValue> operands;
  for (Value operand : op.getOperands())
    operands.push_back(lookup(operand));
  if (llvm::all_of(operands, [](LaneValue v) { return v.isUniform(); })) {
    IRMapping mapping;
    for (auto [from, to] : llvm::zip(op.getOperands(), operands))
      mapping.map(from, to.value);
    return LaneValue::uniform(builder.clone(op, mapping)->getResult(0));
  }
  bool countsLanes =
      llvm::none_of(operands, [](LaneValue v) { return v.isVector; });
  if (countsLanes) {
    if (LaneValue result = buildStrided(op, operands); result.value)
      return result;
    if (LaneValue result = buildCompare(op, operands); result.value)
      return result;
    if (LaneValue result = buildToFloat(op, operands); result.value)
      return result;
  }
  return buildElementwise(op, operands);
}

/// What holds in all live lanes.
void LaneVectorizer::buildAssert(cf::AssertOp op) {
  LaneValue condition = lookup(op.getArg());
  Value holds = condition.value;
  if (condition.isVector) {
    if (live) {
      Value yes = materialize(
          LaneValue::uniform(buildIndexConstant(1, builder.getI1Type())));
      holds = arith::SelectOp::create(builder, loc, live, holds, yes);
    }
    holds = vector::ReductionOp::create(builder, loc,
                                        vector::CombiningKind::AND, holds);
  }
  cf::AssertOp::create(builder, op.getLoc(), holds, op.getMsg());
}

/// Sums, differences, products by constants and casts of what counts lanes
/// count lanes too: modulo the width of their type, as in every single lane.
LaneValue LaneVectorizer::buildStrided(Operation &op,
                                       ArrayRef<LaneValue> operands) {
  auto cloneOnBases = [&](int64_t stride) {
    IRMapping mapping;
    for (auto [from, to] : llvm::zip(op.getOperands(), operands))
      mapping.map(from, to.value);
    return LaneValue::strided(builder.clone(op, mapping)->getResult(0), stride);
  };
  if (isa<arith::AddIOp>(op))
    return cloneOnBases(operands[0].stride + operands[1].stride);
  if (isa<arith::SubIOp>(op))
    return cloneOnBases(operands[0].stride - operands[1].stride);
  // Widening would have to see which lanes wrap around.
  if (isa<arith::IndexCastOp>(op) && op.getOperand(0).getType().isIndex())
    return cloneOnBases(operands[0].stride);
  if (isa<arith::MulIOp>(op)) {
    for (auto [factor, other] : {std::pair(0, 1), std::pair(1, 0)}) {
      APInt constant;
      if (operands[factor].isUniform() &&
          matchPattern(operands[factor].value, m_ConstantInt(&constant)) &&
          constant.getSignificantBits() <= 16)
        return cloneOnBases(operands[other].stride * constant.getSExtValue());
    }
  }
  return {};
}

/// Signed comparisons of indices: base difference against lane · stride, in 32
/// bits, which indices of one vector's lanes never differ by.
LaneValue LaneVectorizer::buildCompare(Operation &op,
                                       ArrayRef<LaneValue> operands) {
  auto compare = dyn_cast<arith::CmpIOp>(op);
  if (!compare || !compare.getLhs().getType().isIndex())
    return {};
  arith::CmpIPredicate predicate = compare.getPredicate();
  switch (predicate) {
  case arith::CmpIPredicate::eq:
  case arith::CmpIPredicate::ne:
  case arith::CmpIPredicate::slt:
  case arith::CmpIPredicate::sle:
  case arith::CmpIPredicate::sgt:
  case arith::CmpIPredicate::sge:
    break;
  default:
    return {};
  }
  int64_t stride = operands[0].stride - operands[1].stride;
  constexpr int64_t limit = 1 << 30;
  if (std::abs(stride) * numLanes >= limit)
    return {};
  if (stride == 0)
    return LaneValue::uniform(arith::CmpIOp::create(
        builder, loc, predicate, operands[0].value, operands[1].value));
  // lhs + lane·s0 ? rhs + lane·s1  is  lane·(s0 − s1) ? rhs − lhs.
  Value lhs = operands[0].value, rhs = operands[1].value;
  Value raw = arith::SubIOp::create(builder, loc, rhs, lhs);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value low = arith::ConstantIndexOp::create(builder, loc, -limit);
  Value high = arith::ConstantIndexOp::create(builder, loc, limit);
  Value difference = arith::MaxSIOp::create(builder, loc, raw, low);
  difference = arith::MinSIOp::create(builder, loc, difference, high);
  // Beyond 64 bits, which shows in the signs, it has the sign of rhs.
  Value signs = arith::AndIOp::create(
      builder, loc, arith::XOrIOp::create(builder, loc, rhs, lhs),
      arith::XOrIOp::create(builder, loc, rhs, raw));
  auto isNegative = [&](Value value) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, value,
                                 zero);
  };
  Value saturated =
      arith::SelectOp::create(builder, loc, isNegative(rhs), low, high);
  difference = arith::SelectOp::create(builder, loc, isNegative(signs),
                                       saturated, difference);
  Type i32 = builder.getI32Type();
  difference = arith::IndexCastOp::create(builder, loc, i32, difference);
  Value lanes =
      materialize(LaneValue::strided(buildIndexConstant(0, i32), stride));
  Value bound = materialize(LaneValue::uniform(difference));
  return LaneValue::vector(
      arith::CmpIOp::create(builder, loc, predicate, lanes, bound));
}

/// Conversions of wide integers to floats, of which few CPUs have vectors, in
/// 32 bits where the integers fit: the same floats.
LaneValue LaneVectorizer::buildToFloat(Operation &op,
                                       ArrayRef<LaneValue> operands) {
  if (!isa<arith::SIToFPOp>(op) || !op.getOperand(0).getType().isInteger(64))
    return {};
  int64_t stride = operands[0].stride;
  constexpr int64_t limit = 1 << 30;
  if (std::abs(stride) * numLanes >= limit)
    return {};
  Value base = operands[0].value;
  // base + limit as an unsigned number: one comparison for both ends.
  Value shifted = arith::AddIOp::create(
      builder, loc, base, buildIndexConstant(limit, base.getType()));
  Value fits =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, shifted,
                            buildIndexConstant(2 * limit, base.getType()));
  auto convert = [&](Value base) {
    Value lanes = materialize(LaneValue::strided(base, stride));
    auto type = VectorType::get(numLanes, op.getResult(0).getType());
    scf::YieldOp::create(
        builder, loc,
        arith::SIToFPOp::create(builder, loc, type, lanes).getResult());
  };
  auto converted = scf::IfOp::create(
      builder, loc, fits,
      [&](OpBuilder &, Location) {
        convert(
            arith::TruncIOp::create(builder, loc, builder.getI32Type(), base));
      },
      [&](OpBuilder &, Location) { convert(base); });
  return LaneValue::vector(converted.getResult(0));
}

LaneValue LaneVectorizer::buildElementwise(Operation &op,
                                           ArrayRef<LaneValue> operands) {
  SmallVector<Value> vectors;
  for (LaneValue operand : operands)
    vectors.push_back(materialize(operand));
  if (isDivision(&op) && live) {
    // What dead lanes divide by must not trap.
    Value one = materialize(
        LaneValue::uniform(buildIndexConstant(1, op.getOperand(1).getType())));
    vectors[1] = arith::SelectOp::create(builder, loc, live, vectors[1], one);
  }
  Operation *result = builder.create(
      loc, op.getName().getIdentifier(), vectors,
      TypeRange{VectorType::get(numLanes, op.getResult(0).getType())},
      op.getAttrs());
  // Whether products and sums are contracted is left open (Spec, section 12).
  // Conversions are arithmetic too, and may have no flags at all.
  auto arithmetic = dyn_cast<arith::ArithFastMathInterface>(result);
  if (arith::FastMathFlagsAttr flags =
          arithmetic ? arithmetic.getFastMathFlagsAttr() : nullptr)
    result->setAttr(arithmetic.getFastMathAttrName(),
                    arith::FastMathFlagsAttr::get(
                        op.getContext(),
                        flags.getValue() | arith::FastMathFlags::contract));
  return LaneValue::vector(result->getResult(0));
}

LaneValue LaneVectorizer::load(Value buffer, ArrayRef<LaneValue> indices) {
  SmallVector<Value> bases;
  for (LaneValue index : indices)
    bases.push_back(index.value);
  auto loadAt = [&](ArrayRef<Value> at) -> Value {
    if (isa<TensorType>(buffer.getType()))
      return tensor::ExtractOp::create(builder, loc, buffer, at);
    return memref::LoadOp::create(builder, loc, buffer, at);
  };
  if (llvm::all_of(indices, [](LaneValue v) { return v.isUniform(); }))
    return LaneValue::uniform(loadAt(bases));

  Type type = getElementTypeOrSelf(buffer);
  auto vectorType = VectorType::get(numLanes, type);
  auto memrefType = dyn_cast<MemRefType>(buffer.getType());
  bool isContiguous = memrefType && live && memrefType.isLastDimUnitStride() &&
                      !indices.back().isVector && indices.back().stride == 1 &&
                      llvm::all_of(indices.drop_back(),
                                   [](LaneValue v) { return v.isUniform(); });
  // In memory i1 is a byte, in a vector a bit.
  if (isContiguous && !type.isInteger(1)) {
    Value zero = arith::ConstantOp::create(builder, loc,
                                           builder.getZeroAttr(vectorType));
    return LaneValue::vector(vector::MaskedLoadOp::create(
        builder, loc, vectorType, buffer, bases, live, zero));
  }
  // Lane by lane; a dead lane reads element 0, which is there if a lane is
  // live.
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  SmallVector<Value> elements;
  for (int64_t lane = 0; lane < numLanes; ++lane) {
    SmallVector<Value> at;
    for (LaneValue index : indices) {
      Value position = index.value;
      if (index.isVector)
        position = vector::ExtractOp::create(builder, loc, position, lane);
      else if (index.stride != 0)
        position = arith::AddIOp::create(
            builder, loc, position,
            buildIndexConstant(lane * index.stride, builder.getIndexType()));
      if (live && !index.isUniform()) {
        Value isLive = vector::ExtractOp::create(builder, loc, live, lane);
        position =
            arith::SelectOp::create(builder, loc, isLive, position, zero);
      }
      at.push_back(position);
    }
    elements.push_back(loadAt(at));
  }
  return LaneValue::vector(
      vector::FromElementsOp::create(builder, loc, vectorType, elements));
}
