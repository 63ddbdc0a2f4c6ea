//===- MaskSets.cpp - Integer sets as scalar code -------------------------===//
//
// Whether a pair is in a mask's sets, by the affine dialect's expansion.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/Transforms.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::attention;

Value attention::buildSymbol(OpBuilder &builder, Location loc, Value symbol,
                             ValueRange indices) {
  if (auto type = dyn_cast<RankedTensorType>(symbol.getType()))
    symbol = tensor::ExtractOp::create(builder, loc, symbol,
                                       indices.take_front(type.getRank()));
  else if (auto type = dyn_cast<MemRefType>(symbol.getType()))
    symbol = memref::LoadOp::create(builder, loc, symbol,
                                    indices.take_front(type.getRank()));
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
                                  ValueRange indices) {
  Value contains;
  for (ArrayRef<MaskSet> members : sets) {
    Value inUnion;
    for (const MaskSet &member : members) {
      Value inSet = buildSetContains(builder, loc, member, indices);
      inUnion =
          inUnion
              ? arith::OrIOp::create(builder, loc, inUnion, inSet).getResult()
              : inSet;
    }
    contains =
        contains
            ? arith::AndIOp::create(builder, loc, contains, inUnion).getResult()
            : inUnion;
  }
  return contains;
}
