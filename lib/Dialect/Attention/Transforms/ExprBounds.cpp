//===- ExprBounds.cpp - Bounds of affine expressions ----------------------===//
//
// Quotients are replaced by fractions that bound them, so that what cancels out
// does so: floor((x + 7) / 8) − floor(x / 8) is at least −7/8, and so 0.
//
//===----------------------------------------------------------------------===//

#include "ExprBounds.h"

#include "mlir/Analysis/Presburger/Fraction.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::attention;
using presburger::Fraction;

namespace {
/// Σ factor · (dimension or symbol) + constant
struct Linear {
  SmallVector<std::pair<AffineExpr, Fraction>> terms;
  Fraction constant;

  void add(const Linear &other, const Fraction &factor) {
    constant = constant + other.constant * factor;
    for (auto &[atom, coefficient] : other.terms) {
      AffineExpr wanted = atom;
      auto *found = llvm::find_if(
          terms, [&](const auto &term) { return term.first == wanted; });
      if (found == terms.end())
        terms.push_back({atom, coefficient * factor});
      else
        found->second = found->second + coefficient * factor;
    }
  }
};
} // namespace

/// A linear expression that is never greater than `expr`, or never less.
static std::optional<Linear> getLinearBound(AffineExpr expr, bool isLower) {
  Linear result;
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    result.constant = Fraction(constant.getValue(), 1);
    return result;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary) {
    result.terms.push_back({expr, Fraction(1, 1)});
    return result;
  }
  if (expr.getKind() == AffineExprKind::Add) {
    for (AffineExpr operand : {binary.getLHS(), binary.getRHS()}) {
      std::optional<Linear> bound = getLinearBound(operand, isLower);
      if (!bound)
        return std::nullopt;
      result.add(*bound, Fraction(1, 1));
    }
    return result;
  }
  auto rhs = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (!rhs)
    return std::nullopt;
  int64_t factor = rhs.getValue();
  if (expr.getKind() == AffineExprKind::Mod) {
    result.constant = Fraction(isLower ? 0 : factor - 1, 1);
    return result;
  }
  bool isProduct = expr.getKind() == AffineExprKind::Mul;
  std::optional<Linear> bound =
      getLinearBound(binary.getLHS(), isLower == (!isProduct || factor >= 0));
  if (!bound)
    return std::nullopt;
  result.add(*bound, isProduct ? Fraction(factor, 1) : Fraction(1, factor));
  Fraction rounding(factor - 1, factor);
  if (expr.getKind() == AffineExprKind::FloorDiv && isLower)
    result.constant = result.constant - rounding;
  if (expr.getKind() == AffineExprKind::CeilDiv && !isLower)
    result.constant = result.constant + rounding;
  return result;
}

std::optional<int64_t> attention::getLowerBound(AffineExpr expr, unsigned dim) {
  std::optional<Linear> bound = getLinearBound(expr, /*isLower=*/true);
  if (!bound)
    return std::nullopt;
  for (auto &[atom, coefficient] : bound->terms) {
    auto atomDim = dyn_cast<AffineDimExpr>(atom);
    bool isDim = atomDim && atomDim.getPosition() == dim;
    if (isDim ? coefficient < Fraction(0, 1) : coefficient != Fraction(0, 1))
      return std::nullopt;
    bound->constant = bound->constant + coefficient;
  }
  DynamicAPInt least = ceil(bound->constant);
  if (least > std::numeric_limits<int64_t>::max() ||
      least < std::numeric_limits<int64_t>::min())
    return std::nullopt;
  return int64_t(least);
}

int64_t attention::evaluateExpr(AffineExpr expr, ArrayRef<int64_t> dims,
                                ArrayRef<int64_t> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t lhs = evaluateExpr(binary.getLHS(), dims, symbols);
  int64_t rhs = evaluateExpr(binary.getRHS(), dims, symbols);
  // Modulo 2^64, as code does.
  auto wrap = [](uint64_t value) { return static_cast<int64_t>(value); };
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return wrap(static_cast<uint64_t>(lhs) + static_cast<uint64_t>(rhs));
  case AffineExprKind::Mul:
    return wrap(static_cast<uint64_t>(lhs) * static_cast<uint64_t>(rhs));
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(lhs, rhs);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(lhs, rhs);
  default:
    return lhs - rhs * llvm::divideFloorSigned(lhs, rhs);
  }
}
