//===- KeyRanges.cpp - Which keys a block of queries visits ---------------===//
//
// Every linear constraint a·i + c·j + r ≥ 0 bounds j: by its greatest value
// over the block's queries where some pair holds, by its least where all pairs
// do.
//
//===----------------------------------------------------------------------===//

#include "KeyRanges.h"

#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// query·i + key·j + rest ≥ 0, where rest is affine in the batch indices and
/// the symbols.
struct LinearConstraint {
  int64_t query, key;
  AffineExpr rest;
};

/// Keys that satisfy constraints: begin is the greatest, end the least of the
/// bounds.
struct Bounds {
  SmallVector<OpFoldResult> begins, ends;
};
} // namespace

/// The inequalities of a set, or nothing if one is not linear.
static std::optional<SmallVector<LinearConstraint>>
getLinearConstraints(IntegerSet set) {
  MLIRContext *context = set.getContext();
  unsigned numDims = set.getNumDims(), numSymbols = set.getNumSymbols();
  SmallVector<LinearConstraint> constraints;
  for (auto [index, expr] : llvm::enumerate(set.getConstraints())) {
    SmallVector<int64_t> flat;
    // Divisions and moduli flatten to locals of their own, if at all.
    if (!expr.isPureAffine() ||
        failed(getFlattenedAffineExpr(expr, numDims, numSymbols, &flat)) ||
        flat.size() != numDims + numSymbols + 1)
      return std::nullopt;
    AffineExpr rest = getAffineConstantExpr(flat.back(), context);
    for (unsigned dim = 0; dim < numDims - 2; ++dim)
      rest = rest + getAffineDimExpr(dim, context) * flat[dim];
    for (unsigned symbol = 0; symbol < numSymbols; ++symbol)
      rest =
          rest + getAffineSymbolExpr(symbol, context) * flat[numDims + symbol];
    LinearConstraint constraint{flat[numDims - 2], flat[numDims - 1], rest};
    constraints.push_back(constraint);
    if (set.isEq(index))
      constraints.push_back({-constraint.query, -constraint.key, -rest});
  }
  return constraints;
}

namespace {
class RangeBuilder {
public:
  RangeBuilder(OpBuilder &builder, Location loc, const PairBlock &block)
      : builder(builder), loc(loc), block(block) {
    AffineExpr a, b;
    bindDims(builder.getContext(), a, b);
    lastQuery = apply(a + b - 1, {block.firstQuery, block.numQueries});
    endKey = apply(a + b, {block.firstKey, block.numKeys});
  }

  /// Adds the bound that a constraint sets on keys, where some query is to
  /// satisfy it or all are.
  void addBound(const LinearConstraint &constraint, ArrayRef<Value> symbols,
                bool forAll, Bounds &bounds) {
    // value = query·i* + rest, with the i* that decides.
    bool takesFirst = (constraint.query < 0) != forAll;
    SmallVector<OpFoldResult> operands(block.batch);
    operands.push_back(takesFirst ? block.firstQuery : lastQuery);
    unsigned numDims = operands.size();
    llvm::append_range(operands, symbols);
    AffineExpr value = constraint.rest +
                       builder.getAffineDimExpr(numDims - 1) * constraint.query;
    auto build = [&](AffineExpr expr) {
      return affine::makeComposedFoldedAffineApply(
          builder, loc, AffineMap::get(numDims, symbols.size(), expr),
          operands);
    };
    if (constraint.key > 0) {
      bounds.begins.push_back(build((-value).ceilDiv(constraint.key)));
    } else if (constraint.key < 0) {
      bounds.ends.push_back(build(value.floorDiv(-constraint.key) + 1));
    } else {
      // Holds for all keys or for none.
      OpFoldResult decides = build(value);
      if (std::optional<int64_t> constant = getConstantIntValue(decides)) {
        if (*constant < 0)
          bounds.ends.push_back(block.firstKey);
        return;
      }
      Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
      Value holds = arith::CmpIOp::create(
          builder, loc, arith::CmpIPredicate::sge,
          getValueOrCreateConstantIndexOp(builder, loc, decides), zero);
      Value end = arith::SelectOp::create(
          builder, loc, holds,
          getValueOrCreateConstantIndexOp(builder, loc, endKey),
          getValueOrCreateConstantIndexOp(builder, loc, block.firstKey));
      bounds.ends.push_back(end);
    }
  }

  /// The keys within the bounds and within [first, last), as local indices.
  std::pair<OpFoldResult, OpFoldResult>
  resolve(const Bounds &bounds, OpFoldResult first, OpFoldResult last) {
    AffineExpr a, b;
    bindDims(builder.getContext(), a, b);
    SmallVector<OpFoldResult> begins = {first}, ends = {last};
    for (OpFoldResult begin : bounds.begins)
      begins.push_back(apply(a - b, {begin, block.firstKey}));
    for (OpFoldResult end : bounds.ends)
      ends.push_back(apply(a - b, {end, block.firstKey}));
    OpFoldResult begin = minOrMax(begins, /*isMin=*/false);
    begin = minOrMax({begin, last}, /*isMin=*/true);
    ends.front() = last;
    OpFoldResult end = minOrMax(ends, /*isMin=*/true);
    end = minOrMax({end, begin}, /*isMin=*/false);
    return {begin, end};
  }

private:
  OpFoldResult apply(AffineExpr expr, ArrayRef<OpFoldResult> operands) {
    return affine::makeComposedFoldedAffineApply(builder, loc, expr, operands);
  }

  OpFoldResult minOrMax(ArrayRef<OpFoldResult> values, bool isMin) {
    if (values.size() == 1)
      return values.front();
    AffineMap map =
        AffineMap::getMultiDimIdentityMap(values.size(), builder.getContext());
    return isMin
               ? affine::makeComposedFoldedAffineMin(builder, loc, map, values)
               : affine::makeComposedFoldedAffineMax(builder, loc, map, values);
  }

  OpBuilder &builder;
  Location loc;
  const PairBlock &block;
  OpFoldResult lastQuery, endKey;
};
} // namespace

KeyRanges attention::computeKeyRanges(OpBuilder &builder, Location loc,
                                      ArrayRef<ScoreChange> changes,
                                      const PairBlock &block) {
  RangeBuilder range(builder, loc, block);
  KeyRanges result;
  Bounds visited, full;
  bool hasDecided = false;
  for (const ScoreChange &change : changes) {
    bool &decided = result.decided.emplace_back(false);
    if (change.kind != ScoreChangeKind::Sets)
      continue;
    decided = true;
    for (ArrayRef<MaskSet> members : change.sets) {
      std::optional<SmallVector<LinearConstraint>> constraints;
      if (members.size() == 1)
        constraints = getLinearConstraints(members.front().set);
      if (!constraints) {
        decided = false;
        continue;
      }
      hasDecided = true;
      for (const LinearConstraint &constraint : *constraints) {
        range.addBound(constraint, members.front().symbols, /*forAll=*/false,
                       visited);
        range.addBound(constraint, members.front().symbols, /*forAll=*/true,
                       full);
      }
    }
  }

  OpFoldResult zero = builder.getIndexAttr(0);
  if (!hasDecided) {
    result.ranges.push_back({zero, block.numKeys, true});
    return result;
  }
  auto [begin, end] = range.resolve(visited, zero, block.numKeys);
  auto [fullBegin, fullEnd] = range.resolve(full, begin, end);
  // Bounds on one side only leave no partial keys on the other.
  if (!full.begins.empty())
    result.ranges.push_back({begin, fullBegin, false});
  result.ranges.push_back({fullBegin, fullEnd, true});
  if (!full.ends.empty())
    result.ranges.push_back({fullEnd, end, false});
  return result;
}
