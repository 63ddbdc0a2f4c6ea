//===- RegionIntervals.cpp - What a mask region can yield -----------------===//
//
// One rule for each integer operation that masks are made of; any other has no
// interval, which is always right.
//
//===----------------------------------------------------------------------===//

#include "RegionIntervals.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

static unsigned getWidth(Type type) {
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}

static bool isInteger(Type type) {
  return type.isIndex() || (type.isSignlessInteger() && getWidth(type) <= 64);
}

bool IntervalEvaluator::countsPairs(Value index) {
  Operation *op = index.getDefiningOp();
  if (!op || op->getParentRegion() != region || isa<arith::ConstantOp>(op))
    return true;
  return isa<arith::AddIOp, arith::SubIOp, arith::IndexCastOp>(op) &&
         llvm::all_of(op->getOperands(),
                      [&](Value operand) { return countsPairs(operand); });
}

//===----------------------------------------------------------------------===//
// Arithmetic on bounds
//===----------------------------------------------------------------------===//

Value IntervalEvaluator::constant(int64_t value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getI64IntegerAttr(value));
}

Value IntervalEvaluator::less(Value a, Value b, bool orEqual) {
  return builder.createOrFold<arith::CmpIOp>(
      loc, orEqual ? arith::CmpIPredicate::sle : arith::CmpIPredicate::slt, a,
      b);
}

Value IntervalEvaluator::both(Value a, Value b) {
  return builder.createOrFold<arith::AndIOp>(loc, a, b);
}

Value IntervalEvaluator::select(Value condition, Value a, Value b) {
  return builder.createOrFold<arith::SelectOp>(loc, condition, a, b);
}

Value IntervalEvaluator::minimum(Value a, Value b) {
  return builder.createOrFold<arith::MinSIOp>(loc, a, b);
}

Value IntervalEvaluator::maximum(Value a, Value b) {
  return builder.createOrFold<arith::MaxSIOp>(loc, a, b);
}

Interval IntervalEvaluator::all(Type type) {
  unsigned width = getWidth(type);
  if (width == 1)
    return {constant(0), constant(1)};
  return {constant(llvm::minIntN(width)), constant(llvm::maxIntN(width))};
}

Interval IntervalEvaluator::wrap(Interval interval, Type type) {
  Interval limits = all(type);
  // Sums of 64 bits are exact within half of the range.
  if (getWidth(type) == 64)
    limits = {constant(llvm::minIntN(63)), constant(llvm::maxIntN(63))};
  Value fits = both(less(limits.least, interval.least, /*orEqual=*/true),
                    less(interval.most, limits.most, /*orEqual=*/true));
  Interval any = all(type);
  return {select(fits, interval.least, any.least),
          select(fits, interval.most, any.most)};
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

MaybeInterval IntervalEvaluator::evaluate(Value value) {
  auto found = known.find(value);
  if (found != known.end())
    return found->second;
  MaybeInterval result;
  Operation *op = value.getDefiningOp();
  if (!isInteger(value.getType())) {
    result = std::nullopt;
  } else if (APInt number; matchPattern(value, m_ConstantInt(&number))) {
    bool isBool = number.getBitWidth() == 1;
    Value bound =
        constant(isBool ? number.getZExtValue() : number.getSExtValue());
    result = Interval{bound, bound};
  } else if (op && op->getParentRegion() == region) {
    result = evaluateOp(op);
  } else {
    // From outside of the region: one value.
    Value bound = value;
    Type i64 = builder.getI64Type();
    if (value.getType().isIndex())
      bound = arith::IndexCastOp::create(builder, loc, i64, value);
    else if (value.getType().isInteger(1))
      bound = arith::ExtUIOp::create(builder, loc, i64, value);
    else if (value.getType() != i64)
      bound = arith::ExtSIOp::create(builder, loc, i64, value);
    result = Interval{bound, bound};
  }
  known[value] = result;
  return result;
}

Interval IntervalEvaluator::compare(Operation *op, Interval a, Interval b) {
  using Predicate = arith::CmpIPredicate;
  Predicate predicate = cast<arith::CmpIOp>(op).getPredicate();
  auto toNumber = [&](Value condition) {
    return builder.createOrFold<arith::ExtUIOp>(loc, builder.getI64Type(),
                                                condition);
  };
  if (predicate == Predicate::sgt || predicate == Predicate::sge)
    std::swap(a, b);
  if (predicate == Predicate::slt || predicate == Predicate::sgt)
    return {toNumber(less(a.most, b.least)), toNumber(less(a.least, b.most))};
  if (predicate == Predicate::sle || predicate == Predicate::sge)
    return {toNumber(less(a.most, b.least, /*orEqual=*/true)),
            toNumber(less(a.least, b.most, /*orEqual=*/true))};
  // Equal for certain: every value of one is every value of the other.
  Value always = both(less(a.most, b.least, /*orEqual=*/true),
                      less(b.most, a.least, /*orEqual=*/true));
  Value sometimes = both(less(b.least, a.most, /*orEqual=*/true),
                         less(a.least, b.most, /*orEqual=*/true));
  Interval equal{toNumber(always), toNumber(sometimes)};
  if (predicate == Predicate::eq)
    return equal;
  Value one = constant(1);
  return {builder.createOrFold<arith::SubIOp>(loc, one, equal.most),
          builder.createOrFold<arith::SubIOp>(loc, one, equal.least)};
}

MaybeInterval IntervalEvaluator::evaluateOp(Operation *op) {
  if (isa<tensor::ExtractOp>(op))
    return evaluateLoad(op);
  Type type = op->getResult(0).getType();
  SmallVector<Interval> operands;
  bool isBoolean = type.isInteger(1);
  for (Value operand : op->getOperands()) {
    MaybeInterval interval = evaluate(operand);
    // Of a boolean it is worth to know only one operand.
    if (!interval && operand.getType().isInteger(1))
      interval = all(operand.getType());
    if (!interval)
      return std::nullopt;
    operands.push_back(*interval);
  }
  auto build = [&](auto makeLeast, auto makeMost) {
    return Interval{makeLeast(operands[0].least, operands[1].least),
                    makeMost(operands[0].most, operands[1].most)};
  };
  auto minimumOf = [&](Value a, Value b) { return minimum(a, b); };
  auto maximumOf = [&](Value a, Value b) { return maximum(a, b); };
  if (isa<arith::CmpIOp>(op)) {
    arith::CmpIPredicate predicate = cast<arith::CmpIOp>(op).getPredicate();
    // As booleans are 0 and 1 here, their order is not the signed one.
    bool isSigned = predicate <= arith::CmpIPredicate::sge;
    bool isEquality = predicate <= arith::CmpIPredicate::ne;
    if (!isSigned || (!isEquality && op->getOperand(0).getType().isInteger(1)))
      return std::nullopt;
    return compare(op, operands[0], operands[1]);
  }
  if (isBoolean && isa<arith::AndIOp>(op))
    return build(minimumOf, minimumOf);
  if (isBoolean && isa<arith::OrIOp>(op))
    return build(maximumOf, maximumOf);
  if (isBoolean && isa<arith::XOrIOp>(op)) {
    // Known where both are.
    Interval a = operands[0], b = operands[1];
    auto differ = [&](Value x, Value y) {
      return builder.createOrFold<arith::XOrIOp>(loc, x, y);
    };
    Value least = differ(a.least, b.least);
    Value unknown = maximum(differ(a.least, a.most), differ(b.least, b.most));
    return Interval{minimum(least, differ(unknown, constant(1))),
                    maximum(least, unknown)};
  }
  if (isa<arith::SelectOp>(op)) {
    if (isBoolean)
      return std::nullopt;
    Interval c = operands[0], a = operands[1], b = operands[2];
    Value isTrue = less(constant(0), c.least);
    Value isFalse = less(c.most, constant(1));
    return Interval{select(isTrue, a.least,
                           select(isFalse, b.least, minimum(a.least, b.least))),
                    select(isTrue, a.most,
                           select(isFalse, b.most, maximum(a.most, b.most)))};
  }
  if (isBoolean)
    return std::nullopt;
  if (isa<arith::MinSIOp>(op))
    return build(minimumOf, minimumOf);
  if (isa<arith::MaxSIOp>(op))
    return build(maximumOf, maximumOf);
  // Operands of 64 bits first have to leave room for the sum.
  if (isa<arith::AddIOp, arith::SubIOp>(op)) {
    Interval a = operands[0], b = operands[1];
    Value safe =
        builder.createOrFold<arith::ConstantOp>(loc, builder.getBoolAttr(true));
    if (getWidth(type) == 64) {
      Value least = constant(llvm::minIntN(62)),
            most = constant(llvm::maxIntN(62));
      for (Interval operand : {a, b})
        safe = both(safe,
                    both(less(least, operand.least), less(operand.most, most)));
    }
    Interval result;
    if (isa<arith::AddIOp>(op))
      result = {builder.createOrFold<arith::AddIOp>(loc, a.least, b.least),
                builder.createOrFold<arith::AddIOp>(loc, a.most, b.most)};
    else
      result = {builder.createOrFold<arith::SubIOp>(loc, a.least, b.most),
                builder.createOrFold<arith::SubIOp>(loc, a.most, b.least)};
    result = wrap(result, type);
    Interval any = all(type);
    return Interval{select(safe, result.least, any.least),
                    select(safe, result.most, any.most)};
  }
  Type from = op->getOperand(0).getType();
  if (isa<arith::IndexCastOp, arith::TruncIOp>(op) && !from.isInteger(1))
    return getWidth(type) < getWidth(from) ? wrap(operands[0], type)
                                           : operands[0];
  if (isa<arith::ExtSIOp>(op) && !from.isInteger(1))
    return operands[0];
  if (isa<arith::ExtUIOp>(op) && from.isInteger(1))
    return operands[0];
  APInt divisor;
  if (isa<arith::FloorDivSIOp, arith::DivSIOp>(op) &&
      matchPattern(op->getOperand(1), m_ConstantInt(&divisor)) &&
      divisor.isStrictlyPositive()) {
    auto divide = [&](Value x) -> Value {
      Value y = constant(divisor.getSExtValue());
      if (isa<arith::DivSIOp>(op))
        return arith::DivSIOp::create(builder, loc, x, y);
      return arith::FloorDivSIOp::create(builder, loc, x, y);
    };
    return Interval{divide(operands[0].least), divide(operands[0].most)};
  }
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

MaybeInterval IntervalEvaluator::evaluateLoad(Operation *op) {
  if (MaybeInterval found = lookup(op))
    return found;
  auto extract = cast<tensor::ExtractOp>(op);
  SmallVector<Interval> indices;
  for (Value index : extract.getIndices()) {
    MaybeInterval interval = evaluate(index);
    if (!interval || !countsPairs(index))
      return std::nullopt;
    indices.push_back(*interval);
  }
  return evaluateElements(extract.getTensor(), indices);
}

Interval IntervalEvaluator::evaluateElements(Value tensor,
                                             ArrayRef<Interval> indices) {
  Type type = getElementTypeOrSelf(tensor);
  unsigned width = getWidth(type);
  bool isBoolean = width == 1;
  auto elementConstant = [&](const APInt &value) -> Value {
    return arith::ConstantOp::create(
        builder, loc,
        type.isIndex() ? builder.getIndexAttr(value.getSExtValue())
                       : builder.getIntegerAttr(type, value));
  };
  // Nothing yet: the least is more than the most.
  SmallVector<Value> bounds = {
      elementConstant(isBoolean ? APInt(1, 1)
                                : APInt::getSignedMaxValue(width)),
      elementConstant(isBoolean ? APInt(1, 0)
                                : APInt::getSignedMinValue(width))};
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  SmallVector<std::pair<Value, Value>> ranges;
  for (auto [dim, interval] : llvm::enumerate(indices)) {
    Value size = arith::IndexCastOp::create(
        builder, loc, builder.getI64Type(),
        builder.createOrFold<tensor::DimOp>(loc, tensor, dim));
    Value begin = minimum(maximum(interval.least, constant(0)), size);
    Value last = minimum(
        interval.most, arith::SubIOp::create(builder, loc, size, constant(1)));
    auto toIndex = [&](Value value) {
      return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                        value);
    };
    Value end = arith::AddIOp::create(builder, loc, toIndex(last), one);
    ranges.push_back({toIndex(begin), end});
  }
  SmallVector<Value> position;
  std::function<SmallVector<Value>(SmallVector<Value>)> nest =
      [&](SmallVector<Value> current) {
        if (position.size() == ranges.size()) {
          Value element =
              tensor::ExtractOp::create(builder, loc, tensor, position);
          if (isBoolean)
            return SmallVector<Value>{
                arith::AndIOp::create(builder, loc, current[0], element),
                arith::OrIOp::create(builder, loc, current[1], element)};
          return SmallVector<Value>{
              arith::MinSIOp::create(builder, loc, current[0], element),
              arith::MaxSIOp::create(builder, loc, current[1], element)};
        }
        auto [begin, end] = ranges[position.size()];
        auto loop = scf::ForOp::create(builder, loc, begin, end, one, current);
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(loop.getBody());
        position.push_back(loop.getInductionVar());
        SmallVector<Value> inner =
            nest(SmallVector<Value>(ValueRange(loop.getRegionIterArgs())));
        position.pop_back();
        scf::YieldOp::create(builder, loc, inner);
        return SmallVector<Value>(ValueRange(loop.getResults()));
      };
  bounds = nest(bounds);
  Type i64 = builder.getI64Type();
  for (Value &bound : bounds) {
    if (type.isIndex())
      bound = arith::IndexCastOp::create(builder, loc, i64, bound);
    else if (isBoolean)
      bound = arith::ExtUIOp::create(builder, loc, i64, bound);
    else if (width < 64)
      bound = arith::ExtSIOp::create(builder, loc, i64, bound);
  }
  Value some = less(bounds[0], bounds[1], /*orEqual=*/true);
  Interval any = all(type);
  return {select(some, bounds[0], any.least),
          select(some, bounds[1], any.most)};
}
