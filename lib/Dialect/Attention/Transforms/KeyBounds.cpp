//===- KeyBounds.cpp - The key analysis of score changes as code ----------===//
//
// Affine operations, which fold and compose, for what is affine.
//
//===----------------------------------------------------------------------===//

#include "KeyBounds.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::attention;

ChangesAnalysis
attention::analyzeScoreChanges(MLIRContext *context, unsigned numBatch,
                               ArrayRef<ScoreChange> changes,
                               const KeyAnalysisOptions &options) {
  ChangesAnalysis result;
  SmallVector<SmallVector<KeySet>> unions;
  for (const ScoreChange &change : changes)
    for (ArrayRef<MaskSet> members : change.sets) {
      SmallVector<KeySet> &keySets = unions.emplace_back();
      for (const MaskSet &member : members) {
        KeySet &keySet = keySets.emplace_back(KeySet{member.set, {}});
        for (Value symbol : member.symbols) {
          auto *found = llvm::find(result.symbols, symbol);
          keySet.symbols.push_back(found - result.symbols.begin());
          if (found == result.symbols.end())
            result.symbols.push_back(symbol);
        }
      }
    }
  result.keys =
      analyzeKeys(context, numBatch, result.symbols.size(), unions, options);
  ArrayRef<bool> decided = result.keys.decided;
  for (const ScoreChange &change : changes) {
    ScoreChange rest = change;
    if (change.kind == ScoreChangeKind::Sets) {
      rest.sets.clear();
      for (const auto &members : change.sets) {
        if (!decided.front())
          rest.sets.push_back(members);
        decided = decided.drop_front();
      }
      if (rest.sets.empty())
        continue;
    }
    result.undecided.push_back(std::move(rest));
  }
  return result;
}

void IndexOps::bind(ArrayRef<OpFoldResult> dims, ArrayRef<OpFoldResult> symbols,
                    ArrayRef<ClampedTerm> terms) {
  numDims = dims.size();
  operands = llvm::to_vector(dims);
  llvm::append_range(operands, symbols);
  for (const ClampedTerm &term : terms) {
    Number least = constant(-term.limit), most = constant(term.limit);
    operands.push_back(min(max(value(term.expr), least), most));
  }
}

OpFoldResult IndexOps::apply(AffineExpr expr, ArrayRef<OpFoldResult> values) {
  return affine::makeComposedFoldedAffineApply(builder, loc, expr, values);
}

OpFoldResult IndexOps::constant(int64_t value) {
  return builder.getIndexAttr(value);
}

OpFoldResult IndexOps::boolean(bool value) {
  return builder.getBoolAttr(value);
}

OpFoldResult IndexOps::value(AffineExpr expr) {
  return affine::makeComposedFoldedAffineApply(
      builder, loc, AffineMap::get(numDims, operands.size() - numDims, expr),
      operands);
}

OpFoldResult IndexOps::add(Number a, Number b) {
  return apply(builder.getAffineDimExpr(0) + builder.getAffineDimExpr(1),
               {a, b});
}

OpFoldResult IndexOps::sub(Number a, Number b) {
  return apply(builder.getAffineDimExpr(0) - builder.getAffineDimExpr(1),
               {a, b});
}

OpFoldResult IndexOps::mul(Number a, int64_t b) {
  return apply(builder.getAffineDimExpr(0) * b, a);
}

OpFoldResult IndexOps::floorDiv(Number a, int64_t b) {
  return apply(builder.getAffineDimExpr(0).floorDiv(b), a);
}

OpFoldResult IndexOps::min(Number a, Number b) {
  if (a == b)
    return a;
  return affine::makeComposedFoldedAffineMin(
      builder, loc, builder.getMultiDimIdentityMap(2), {a, b});
}

OpFoldResult IndexOps::max(Number a, Number b) {
  if (a == b)
    return a;
  return affine::makeComposedFoldedAffineMax(
      builder, loc, builder.getMultiDimIdentityMap(2), {a, b});
}

OpFoldResult IndexOps::ge(Number a, Number b) {
  std::optional<int64_t> left = getConstantIntValue(a);
  std::optional<int64_t> right = getConstantIntValue(b);
  if (left && right)
    return boolean(*left >= *right);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge,
                               toValue(a), toValue(b))
      .getResult();
}

/// The value of a Bool, if known.
static std::optional<bool> getKnown(OpFoldResult value) {
  if (auto attr = dyn_cast<Attribute>(value))
    return cast<BoolAttr>(attr).getValue();
  return std::nullopt;
}

OpFoldResult IndexOps::conjunction(Bool a, Bool b) {
  for (auto [one, other] : {std::pair(a, b), std::pair(b, a)})
    if (std::optional<bool> known = getKnown(one))
      return *known ? other : one;
  return arith::AndIOp::create(builder, loc, toValue(a), toValue(b))
      .getResult();
}

OpFoldResult IndexOps::disjunction(Bool a, Bool b) {
  for (auto [one, other] : {std::pair(a, b), std::pair(b, a)})
    if (std::optional<bool> known = getKnown(one))
      return *known ? one : other;
  return arith::OrIOp::create(builder, loc, toValue(a), toValue(b)).getResult();
}

OpFoldResult IndexOps::negation(Bool a) {
  if (std::optional<bool> known = getKnown(a))
    return boolean(!*known);
  return arith::XOrIOp::create(builder, loc, toValue(a), toValue(boolean(true)))
      .getResult();
}

OpFoldResult IndexOps::select(Bool condition, Number a, Number b) {
  if (std::optional<bool> known = getKnown(condition))
    return *known ? a : b;
  if (a == b)
    return a;
  return arith::SelectOp::create(builder, loc, toValue(condition), toValue(a),
                                 toValue(b))
      .getResult();
}

Value IndexOps::toValue(OpFoldResult value) {
  if (auto known = dyn_cast<Value>(value))
    return known;
  return arith::ConstantOp::create(builder, loc,
                                   cast<TypedAttr>(cast<Attribute>(value)));
}
