//===- MaskScoresFolding.cpp - Masks that say nothing, or all -------------===//
//
// Folds and canonicalisations of attention.mask_scores: masks that are always
// true or always false over the scores' extents, and masks of masks.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/Analysis/Presburger/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

//===----------------------------------------------------------------------===//
// Integer sets against the extents
//===----------------------------------------------------------------------===//

/// Sets with more constraints than this, or with more quotients and remainders,
/// are left as they are: the time to decide one grows steeply with both.
static constexpr unsigned maxConstraints = 32, maxQuotients = 8;

/// The part of `set` that is not true anyway for indices within `shape`: the
/// set with fewer constraints, the null set where all are true, or nothing
/// where the set has no element. A set that is not affine (a symbol as divisor
/// or modulus) or too large is returned as it is.
static std::optional<IntegerSet> simplifySet(IntegerSet set,
                                             ArrayRef<int64_t> shape) {
  std::vector<SmallVector<int64_t, 8>> rows;
  FlatLinearConstraints box;
  if (set.getNumConstraints() > maxConstraints ||
      failed(getFlattenedAffineExprs(set, &rows, &box)) ||
      box.getNumLocalVars() > maxQuotients)
    return set;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    box.addBound(presburger::BoundType::LB, dim, 0);
    if (!ShapedType::isDynamic(size))
      box.addBound(presburger::BoundType::UB, dim, size - 1);
  }

  // Whether no element of the box has row ≤ −1. Coefficients can be as large as
  // an int64_t, so what is computed from them is not kept in one.
  auto isNonNegative = [&](ArrayRef<DynamicAPInt> row) {
    FlatLinearConstraints violation(box);
    violation.addInequality(presburger::getComplementIneq(row));
    return violation.isEmpty();
  };

  FlatLinearConstraints elements(box);
  SmallVector<AffineExpr> constraints;
  SmallVector<bool> eqFlags;
  for (auto [index, coefficients] : llvm::enumerate(rows)) {
    bool isEq = set.isEq(index);
    auto row = presburger::getDynamicAPIntVec(coefficients);
    isEq ? elements.addEquality(row) : elements.addInequality(row);
    if (isNonNegative(row) &&
        (!isEq || isNonNegative(presburger::getNegatedCoeffs(row))))
      continue;
    constraints.push_back(set.getConstraint(index));
    eqFlags.push_back(isEq);
  }
  if (elements.isEmpty())
    return std::nullopt;
  if (constraints.empty())
    return IntegerSet();
  return IntegerSet::get(set.getNumDims(), set.getNumSymbols(), constraints,
                         eqFlags);
}

//===----------------------------------------------------------------------===//
// Rewriting
//===----------------------------------------------------------------------===//

/// Scores of the op's shape, all of them −inf. Not a constant, which would take
/// the room of the scores in the object file.
static void replaceByAbsent(MaskScoresOp op, PatternRewriter &rewriter) {
  Location loc = op.getLoc();
  Type elementType = cast<RankedTensorType>(op.getType()).getElementType();
  Value empty = tensor::EmptyOp::create(
      rewriter, loc, tensor::getMixedSizes(rewriter, loc, op.getScores()),
      elementType);
  Value negInf = arith::ConstantOp::create(
      rewriter, loc,
      rewriter.getFloatAttr(elementType,
                            -std::numeric_limits<double>::infinity()));
  rewriter.replaceOpWithNewOp<linalg::FillOp>(op, negInf, empty);
}

/// Gives `op` other sets.
static void setMaskSets(MaskScoresOp op,
                        ArrayRef<SmallVector<MaskSet>> unions) {
  SmallVector<Attribute> attributes;
  SmallVector<Value> symbols;
  for (ArrayRef<MaskSet> sets : unions) {
    SmallVector<Attribute> members;
    for (const MaskSet &member : sets) {
      members.push_back(IntegerSetAttr::get(member.set));
      llvm::append_range(symbols, member.symbols);
    }
    attributes.push_back(ArrayAttr::get(op.getContext(), members));
  }
  op.setSetsAttr(ArrayAttr::get(op.getContext(), attributes));
  op.getSymbolsMutable().assign(symbols);
}

namespace {
/// Sets lose the constraints that the extents imply, unions the sets without an
/// element; a union with a set that holds everywhere goes:
///
///   mask_scores %s sets((i, j) : (i >= 0, i - j >= 0)) : tensor<4x6xf32>
///   ->
///   mask_scores %s sets((i, j) : (i - j >= 0)) : tensor<4x6xf32>
///
/// Where a union has no element left, all scores are absent.
struct SimplifySets : public OpRewritePattern<MaskScoresOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MaskScoresOp op,
                                PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> shape = op.getType().getShape();
    SmallVector<SmallVector<MaskSet>> unions;
    bool changed = false;
    for (ArrayRef<MaskSet> members : op.getMaskSets()) {
      SmallVector<MaskSet> kept;
      bool holdsEverywhere = false;
      for (const MaskSet &member : members) {
        std::optional<IntegerSet> simplified = simplifySet(member.set, shape);
        changed |= !simplified || *simplified != member.set;
        if (!simplified)
          continue;
        holdsEverywhere |= !*simplified;
        kept.push_back({*simplified, member.symbols});
      }
      if (holdsEverywhere)
        continue;
      if (kept.empty()) {
        replaceByAbsent(op, rewriter);
        return success();
      }
      unions.push_back(std::move(kept));
    }
    if (!changed)
      return failure();
    rewriter.modifyOpInPlace(op, [&] { setMaskSets(op, unions); });
    return success();
  }
};

/// mask_scores %s keep(true everywhere)  ->  %s;  false: all scores absent.
struct FoldConstantKeep : public OpRewritePattern<MaskScoresOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MaskScoresOp op,
                                PatternRewriter &rewriter) const override {
    DenseElementsAttr keep;
    if (!op.getKeep() || !matchPattern(op.getKeep(), m_Constant(&keep)) ||
        !keep.isSplat())
      return failure();
    if (!keep.getSplatValue<bool>()) {
      replaceByAbsent(op, rewriter);
      return success();
    }
    rewriter.modifyOpInPlace(op, [&] {
      op.getKeepMutable().clear();
      op.removeKeepMapAttr();
    });
    return success();
  }
};

/// mask_scores %s where { yield true }  ->  %s;  false: all scores absent.
struct FoldConstantWhere : public OpRewritePattern<MaskScoresOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MaskScoresOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getWhere().empty())
      return failure();
    Block &body = op.getWhere().front();
    BoolAttr yielded;
    if (!matchPattern(cast<YieldOp>(body.back()).getValue(),
                      m_Constant(&yielded)))
      return failure();
    if (!yielded.getValue()) {
      replaceByAbsent(op, rewriter);
      return success();
    }
    rewriter.modifyOpInPlace(op, [&] { rewriter.eraseBlock(&body); });
    return success();
  }
};

/// mask_scores %s bias(0 everywhere)  ->  %s
struct FoldConstantBias : public OpRewritePattern<MaskScoresOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MaskScoresOp op,
                                PatternRewriter &rewriter) const override {
    DenseElementsAttr bias;
    if (!op.getBias() || !matchPattern(op.getBias(), m_Constant(&bias)) ||
        !bias.isSplat())
      return failure();
    auto value = bias.getSplatValue<APFloat>();
    if (!value.isZero())
      return failure();
    rewriter.modifyOpInPlace(op, [&] {
      op.getBiasMutable().clear();
      op.removeBiasMapAttr();
    });
    return success();
  }
};

/// A mask of masked scores that nobody else uses is one mask:
///
///   %a = mask_scores %s sets(#a)
///   mask_scores %a sets(#b) keep(%k)
///   ->
///   mask_scores %s sets(#a, #b) keep(%k)
///
/// Not where both have a tensor or a region of one kind, and not where a region
/// would be evaluated at pairs that the bias before it had made absent.
struct MergeNestedMasks : public OpRewritePattern<MaskScoresOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MaskScoresOp op,
                                PatternRewriter &rewriter) const override {
    auto inner = op.getScores().getDefiningOp<MaskScoresOp>();
    if (!inner || !inner->hasOneUse())
      return failure();
    bool innerHasWhere = !inner.getWhere().empty();
    bool outerHasWhere = !op.getWhere().empty();
    if ((inner.getKeep() && op.getKeep()) ||
        (inner.getBias() && op.getBias()) || (innerHasWhere && outerHasWhere) ||
        (inner.getBias() && outerHasWhere))
      return failure();

    SmallVector<SmallVector<MaskSet>> unions = inner.getMaskSets();
    llvm::append_range(unions, op.getMaskSets());
    rewriter.modifyOpInPlace(op, [&] {
      op.getScoresMutable().assign(inner.getScores());
      setMaskSets(op, unions);
      if (inner.getKeep()) {
        op.getKeepMutable().assign(inner.getKeep());
        if (AffineMapAttr map = inner.getKeepMapAttr())
          op.setKeepMapAttr(map);
      }
      if (inner.getBias()) {
        op.getBiasMutable().assign(inner.getBias());
        if (AffineMapAttr map = inner.getBiasMapAttr())
          op.setBiasMapAttr(map);
      }
      if (innerHasWhere)
        rewriter.inlineRegionBefore(inner.getWhere(), op.getWhere(),
                                    op.getWhere().end());
    });
    rewriter.eraseOp(inner);
    return success();
  }
};
} // namespace

/// A mask that says nothing is its scores.
OpFoldResult MaskScoresOp::fold(FoldAdaptor) {
  if (getSets().empty() && !getKeep() && !getBias() && getWhere().empty())
    return getScores();
  return {};
}

void MaskScoresOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                               MLIRContext *context) {
  patterns.add<SimplifySets, FoldConstantKeep, FoldConstantWhere,
               FoldConstantBias, MergeNestedMasks>(context);
}
