//===- ScoreChangesToLinalg.cpp - Modifiers and masks, pair by pair -------===//
//
// modify_scores and mask_scores become elementwise linalg.generic ops. Regions
// are evaluated at live pairs only, inside an scf.if.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/AttentionToLinalg/AttentionToLinalg.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "LinalgBuilders.h"
#include "ScoreChangeBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

/// The indices (b…, i, j) of the element a linalg body works on.
static SmallVector<Value> buildIndices(OpBuilder &builder, Location loc,
                                       int64_t rank) {
  SmallVector<Value> indices;
  for (int64_t dim = 0; dim < rank; ++dim)
    indices.push_back(linalg::IndexOp::create(builder, loc, dim));
  return indices;
}

/// Replaces `op`, which maps scores to scores of its type, by an elementwise
/// linalg.generic. `build` gets the score and the elements of `tensors`, which
/// `tensorMaps` index.
static void replaceByElementwise(
    Operation *op, Value scores, ValueRange tensors,
    ArrayRef<AffineMap> tensorMaps, PatternRewriter &rewriter,
    function_ref<Value(OpBuilder &, Location, ValueRange)> build) {
  int64_t rank = getRank(scores);
  Type type = op->getResult(0).getType();
  AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
  SmallVector<Value> inputs = {scores};
  llvm::append_range(inputs, tensors);
  SmallVector<AffineMap> maps = {identity};
  llvm::append_range(maps, tensorMaps);
  maps.push_back(identity);
  Value empty =
      buildEmpty(rewriter, op->getLoc(), type, reifyShapes(rewriter, op)[0]);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  rewriter.replaceOpWithNewOp<linalg::GenericOp>(
      op, type, inputs, empty, maps, iterators,
      [&](OpBuilder &builder, Location loc, ValueRange arguments) {
        Value result = build(builder, loc, arguments.drop_back());
        linalg::YieldOp::create(builder, loc, result);
      });
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

namespace {
/// modify_scores %s { modify }
/// ->
/// linalg.generic ins(%s) { if s ≠ −inf then modify(s, b…, i, j) else −inf }
struct ModifyScoresToLinalg : public OpRewritePattern<ModifyScoresOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ModifyScoresOp op,
                                PatternRewriter &rewriter) const override {
    replaceByElementwise(
        op, op.getScores(), {}, {}, rewriter,
        [&](OpBuilder &builder, Location loc, ValueRange elements) -> Value {
          Value score = elements.front();
          SmallVector<Value> arguments = {score};
          llvm::append_range(
              arguments, buildIndices(builder, loc, getRank(op.getScores())));
          auto ifOp = scf::IfOp::create(
              builder, loc, buildIsLive(builder, loc, score),
              [&](OpBuilder &builder, Location loc) {
                Value result =
                    cloneScalarRegion(builder, op.getModify(), arguments);
                scf::YieldOp::create(builder, loc, result);
              },
              [&](OpBuilder &builder, Location loc) {
                scf::YieldOp::create(builder, loc, score);
              });
          return ifOp.getResult(0);
        });
    return success();
  }
};

/// mask_scores %s sets(…) keep(%k) where { where } bias(%b)
/// ->
/// linalg.generic ins(%s, %k, %b) {
///   if s ≠ −inf and (b…, i, j) in the sets and k
///   then (if where(b…, i, j) then s + b else −inf) else −inf }
struct MaskScoresToLinalg : public OpRewritePattern<MaskScoresOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MaskScoresOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> tensors;
    SmallVector<AffineMap> maps;
    if (op.getKeep()) {
      tensors.push_back(op.getKeep());
      maps.push_back(op.getKeepIndexingMap());
    }
    if (op.getBias()) {
      tensors.push_back(op.getBias());
      maps.push_back(op.getBiasIndexingMap());
    }
    replaceByElementwise(
        op, op.getScores(), tensors, maps, rewriter,
        [&](OpBuilder &builder, Location loc, ValueRange elements) {
          return buildMasked(op, builder, loc, elements);
        });
    return success();
  }

private:
  static Value buildMasked(MaskScoresOp op, OpBuilder &builder, Location loc,
                           ValueRange elements) {
    Value score = elements.front();
    SmallVector<Value> indices =
        buildIndices(builder, loc, getRank(op.getScores()));
    Value takesPart = buildIsLive(builder, loc, score);
    for (const SmallVector<MaskSet> &members : op.getMaskSets())
      takesPart = arith::AndIOp::create(
          builder, loc, takesPart,
          buildSetsContain(builder, loc, members, indices));
    if (op.getKeep())
      takesPart = arith::AndIOp::create(builder, loc, takesPart, elements[1]);
    if (!op.getWhere().empty()) {
      auto ifOp = scf::IfOp::create(
          builder, loc, takesPart,
          [&](OpBuilder &builder, Location loc) {
            Value holds = cloneScalarRegion(builder, op.getWhere(), indices);
            scf::YieldOp::create(builder, loc, holds);
          },
          [&](OpBuilder &builder, Location loc) {
            scf::YieldOp::create(builder, loc, takesPart);
          });
      takesPart = ifOp.getResult(0);
    }
    Value result = score;
    if (op.getBias()) {
      Value bias = buildExtend(builder, loc, elements.back(), score.getType());
      result = arith::AddFOp::create(builder, loc, score, bias);
    }
    return arith::SelectOp::create(builder, loc, takesPart, result,
                                   buildNegInf(builder, loc, score.getType()));
  }
};
} // namespace

void attention::populateScoreChangesToLinalgPatterns(
    RewritePatternSet &patterns) {
  patterns.add<ModifyScoresToLinalg, MaskScoresToLinalg>(patterns.getContext());
}
