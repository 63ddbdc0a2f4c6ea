//===- ScoreChangeBuilders.cpp - Score changes at one pair ----------------===//
//
// Sets, mask and bias tensors and regions as scalar code at a pair (b…, i, j).
//
//===----------------------------------------------------------------------===//

#include "ScoreChangeBuilders.h"

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "LinalgBuilders.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::attention;

Value attention::cloneScalarRegion(OpBuilder &builder, Region &region,
                                   ValueRange arguments) {
  Block &body = region.front();
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return mapping.lookupOrDefault(cast<YieldOp>(body.back()).getValue());
}

//===----------------------------------------------------------------------===//
// Integer sets
//===----------------------------------------------------------------------===//

/// The value of a symbol at a pair, as an index.
static Value buildSymbol(OpBuilder &builder, Location loc, Value symbol,
                         ValueRange indices) {
  if (isa<RankedTensorType>(symbol.getType()))
    symbol = tensor::ExtractOp::create(builder, loc, symbol,
                                       indices.take_front(getRank(symbol)));
  if (symbol.getType().isIndex())
    return symbol;
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    symbol);
}

/// Replaces every divisor and modulus in `expr` that is not a constant by a new
/// symbol, bound to its value or 1 where that is not positive. Appends to
/// `symbols`.
static AffineExpr makeDivisorsPositive(OpBuilder &builder, Location loc,
                                       AffineExpr expr, ValueRange dims,
                                       SmallVectorImpl<Value> &symbols) {
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return expr;
  AffineExpr lhs =
      makeDivisorsPositive(builder, loc, binary.getLHS(), dims, symbols);
  AffineExpr rhs =
      makeDivisorsPositive(builder, loc, binary.getRHS(), dims, symbols);
  AffineExprKind kind = expr.getKind();
  if (kind == AffineExprKind::Add || kind == AffineExprKind::Mul)
    return getAffineBinaryOpExpr(kind, lhs, rhs);
  // Constants too: a negative one would divide otherwise than symbols do.
  Value divisor = affine::expandAffineExpr(builder, loc, rhs, dims, symbols);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  symbols.push_back(arith::MaxSIOp::create(builder, loc, divisor, one));
  return getAffineBinaryOpExpr(
      kind, lhs, getAffineSymbolExpr(symbols.size() - 1, expr.getContext()));
}

/// Whether the pair is in the set, an i1.
static Value buildSetContains(OpBuilder &builder, Location loc,
                              const MaskSet &member, ValueRange indices) {
  SmallVector<Value> symbols;
  for (Value symbol : member.symbols)
    symbols.push_back(buildSymbol(builder, loc, symbol, indices));
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value contains;
  for (auto [index, constraint] :
       llvm::enumerate(member.set.getConstraints())) {
    AffineExpr expr =
        makeDivisorsPositive(builder, loc, constraint, indices, symbols);
    Value value =
        affine::expandAffineExpr(builder, loc, expr, indices, symbols);
    Value holds = arith::CmpIOp::create(builder, loc,
                                        member.set.isEq(index)
                                            ? arith::CmpIPredicate::eq
                                            : arith::CmpIPredicate::sge,
                                        value, zero);
    contains =
        contains
            ? arith::AndIOp::create(builder, loc, contains, holds).getResult()
            : holds;
  }
  return contains;
}

Value attention::buildSetsContain(OpBuilder &builder, Location loc,
                                  ArrayRef<SmallVector<MaskSet>> sets,
                                  ValueRange indices, Value condition) {
  Value inAll = condition;
  for (ArrayRef<MaskSet> members : sets) {
    Value inUnion;
    for (const MaskSet &member : members) {
      Value contains = buildSetContains(builder, loc, member, indices);
      inUnion = inUnion ? arith::OrIOp::create(builder, loc, inUnion, contains)
                              .getResult()
                        : contains;
    }
    inAll =
        inAll ? arith::AndIOp::create(builder, loc, inAll, inUnion).getResult()
              : inUnion;
  }
  return inAll;
}

//===----------------------------------------------------------------------===//
// Changes
//===----------------------------------------------------------------------===//

/// The element of a mask or bias tensor at a pair.
static Value buildElement(OpBuilder &builder, Location loc,
                          const ScoreChange &change, ValueRange indices) {
  SmallVector<Value> position;
  for (AffineExpr result : change.map.getResults())
    position.push_back(
        affine::expandAffineExpr(builder, loc, result, indices, {}));
  return tensor::ExtractOp::create(builder, loc, change.tensor, position);
}

/// The score of a live pair after `change`.
static Value buildAtLivePair(OpBuilder &builder, Location loc,
                             const ScoreChange &change, Value score,
                             ValueRange indices) {
  Type type = score.getType();
  auto keepIf = [&](Value takesPart) -> Value {
    return arith::SelectOp::create(builder, loc, takesPart, score,
                                   buildNegInf(builder, loc, type));
  };
  switch (change.kind) {
  case ScoreChangeKind::Sets:
    if (change.sets.empty())
      return score;
    return keepIf(buildSetsContain(builder, loc, change.sets, indices));
  case ScoreChangeKind::Keep:
    return keepIf(buildElement(builder, loc, change, indices));
  case ScoreChangeKind::Where:
    return keepIf(cloneScalarRegion(builder, *change.region, indices));
  case ScoreChangeKind::Bias: {
    Value bias = buildElement(builder, loc, change, indices);
    return arith::AddFOp::create(builder, loc, score,
                                 buildExtend(builder, loc, bias, type));
  }
  case ScoreChangeKind::Modify: {
    SmallVector<Value> arguments = {score};
    llvm::append_range(arguments, indices);
    return cloneScalarRegion(builder, *change.region, arguments);
  }
  }
  llvm_unreachable("all kinds of change are above");
}

Value attention::buildScoreChange(OpBuilder &builder, Location loc,
                                  const ScoreChange &change, Value score,
                                  ValueRange indices) {
  auto ifOp = scf::IfOp::create(
      builder, loc, buildIsLive(builder, loc, score),
      [&](OpBuilder &builder, Location loc) {
        scf::YieldOp::create(
            builder, loc,
            buildAtLivePair(builder, loc, change, score, indices));
      },
      [&](OpBuilder &builder, Location loc) {
        scf::YieldOp::create(builder, loc, score);
      });
  return ifOp.getResult(0);
}
