//===- PairTerms.cpp - Pair bodies as sums of products --------------------===//
//
// Sums, differences and products are taken apart; everything else is a factor.
//
//===----------------------------------------------------------------------===//

#include "PairTerms.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::attention;

/// More terms are not worth their operations.
static constexpr size_t maxTerms = 16;

PairTerms::PairTerms(Block &body) {
  sides[body.getArgument(0)] = QuerySide;
  sides[body.getArgument(1)] = KeySide;
  for (Operation &op : body.without_terminator()) {
    unsigned side = NoSide;
    for (Value operand : op.getOperands())
      side |= getSide(operand);
    for (Value result : op.getResults())
      sides[result] = side;
  }
}

unsigned PairTerms::getSide(const PairTerm &term) const {
  unsigned side = NoSide;
  for (PairFactor factor : term.factors)
    side |= getSide(factor.value);
  return side;
}

std::optional<SmallVector<PairTerm>> PairTerms::expand(Value value,
                                                       bool &hasSquare) {
  SmallVector<PairTerm> terms;
  foundSquare = false;
  if (failed(expand(value, /*isNegative=*/false, terms)))
    return std::nullopt;
  hasSquare = foundSquare;
  return terms;
}

LogicalResult PairTerms::expandProduct(Value lhs, Value rhs, bool isNegative,
                                       SmallVectorImpl<PairTerm> &terms) {
  bool isLhsMixed = getSide(lhs) == BothSides;
  bool isRhsMixed = getSide(rhs) == BothSides;
  if (isLhsMixed && isRhsMixed && lhs != rhs)
    return failure();
  SmallVector<PairTerm> left, right;
  if (failed(expand(lhs, isNegative, left)) ||
      failed(expand(rhs, /*isNegative=*/false, right)))
    return failure();
  bool isSum = left.size() > 1 || right.size() > 1;
  if (isSum && isLhsMixed && isRhsMixed)
    foundSquare = true;
  // A sum over both sides times something of one side is left alone: what it
  // is multiplied out to may cancel.
  unsigned other = isLhsMixed ? getSide(rhs) : getSide(lhs);
  if (isSum && !(isLhsMixed && isRhsMixed) && other != NoSide)
    return failure();
  for (const PairTerm &x : left)
    for (const PairTerm &y : right) {
      PairTerm product = x;
      product.isNegative = x.isNegative != y.isNegative;
      llvm::append_range(product.factors, y.factors);
      terms.push_back(product);
    }
  return success(terms.size() <= maxTerms);
}

LogicalResult PairTerms::expand(Value value, bool isNegative,
                                SmallVectorImpl<PairTerm> &terms) {
  Operation *op = value.getDefiningOp();
  auto asFactor = [&]() {
    terms.push_back({isNegative, {{value, /*isInverse=*/false}}});
    return success(terms.size() <= maxTerms);
  };
  if (!op || getSide(value) != BothSides)
    return asFactor();
  if (auto negation = dyn_cast<arith::NegFOp>(op))
    return expand(negation.getOperand(), !isNegative, terms);
  if (isa<arith::AddFOp, arith::SubFOp>(op)) {
    bool flips = isa<arith::SubFOp>(op);
    return success(
        succeeded(expand(op->getOperand(0), isNegative, terms)) &&
        succeeded(expand(op->getOperand(1), isNegative != flips, terms)));
  }
  // Where a product is not multiplied out, it is a factor as a whole.
  size_t before = terms.size();
  if (isa<arith::MulFOp>(op)) {
    if (succeeded(expandProduct(op->getOperand(0), op->getOperand(1),
                                isNegative, terms)))
      return success();
  } else if (isa<math::FmaOp>(op)) {
    if (succeeded(expandProduct(op->getOperand(0), op->getOperand(1),
                                isNegative, terms)) &&
        succeeded(expand(op->getOperand(2), isNegative, terms)))
      return success();
  } else if (isa<arith::DivFOp>(op)) {
    SmallVector<PairTerm> numerator;
    bool isSimple = getSide(op->getOperand(1)) == NoSide;
    if (isSimple &&
        succeeded(expand(op->getOperand(0), isNegative, numerator))) {
      for (PairTerm &term : numerator)
        term.factors.push_back({op->getOperand(1), /*isInverse=*/true});
      terms.append(numerator);
      return success(terms.size() <= maxTerms);
    }
  }
  terms.truncate(before);
  return asFactor();
}

Value attention::clonePairValue(OpBuilder &builder, Value value, Block &body,
                                IRMapping &mapping) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != &body)
    return value;
  for (Value operand : op->getOperands())
    if (!mapping.contains(operand))
      mapping.map(operand, clonePairValue(builder, operand, body, mapping));
  builder.clone(*op, mapping);
  return mapping.lookup(value);
}

Value attention::buildPairTerms(OpBuilder &builder, Location loc, Type type,
                                ArrayRef<PairTerm> terms, Block &body,
                                IRMapping &mapping) {
  Value sum;
  for (const PairTerm &term : terms) {
    Value product;
    for (PairFactor factor : term.factors) {
      Value value = clonePairValue(builder, factor.value, body, mapping);
      if (!product && !factor.isInverse) {
        product = value;
        continue;
      }
      if (!product)
        product = arith::ConstantOp::create(builder, loc,
                                            builder.getFloatAttr(type, 1.0));
      if (factor.isInverse)
        product = arith::DivFOp::create(builder, loc, product, value);
      else
        product = arith::MulFOp::create(builder, loc, product, value);
    }
    if (!product)
      product = arith::ConstantOp::create(builder, loc,
                                          builder.getFloatAttr(type, 1.0));
    if (!sum)
      sum = term.isNegative
                ? arith::NegFOp::create(builder, loc, product).getResult()
                : product;
    else if (term.isNegative)
      sum = arith::SubFOp::create(builder, loc, sum, product);
    else
      sum = arith::AddFOp::create(builder, loc, sum, product);
  }
  if (!sum)
    sum = arith::ConstantOp::create(builder, loc,
                                    builder.getFloatAttr(type, 0.0));
  return sum;
}
