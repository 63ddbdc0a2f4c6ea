//===- TopKToLinalg.cpp - The keys of largest weight ----------------------===//
//
// attention.top_k as k searches, each for the best key among those that come
// after the last one found.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/AttentionToLinalg/AttentionToLinalg.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "LinalgBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// Builds the searches of one attention.top_k. All tensors but the weights and
/// the results are rows, [b…, i].
class TopKBuilder {
public:
  TopKBuilder(OpBuilder &builder, TopKOp op)
      : builder(builder), loc(op.getLoc()), op(op),
        sizes(reifyShapes(builder, op)),
        computeType(getElementTypeOrSelf(op.getWeights())),
        rank(getRank(op.getWeights())) {}

  SmallVector<Value> build();

private:
  Value buildConstant(double value) {
    return buildFloat(builder, loc, computeType, value);
  }
  Value buildRow(unsigned result);
  Value buildFilledRow(unsigned result, Value value);
  SmallVector<Value> reduceKeys(ValueRange rows, ValueRange outputs,
                                BuildReduced build) {
    return buildReduction(builder, loc, op.getWeights(), rank - 1, rows,
                          outputs, build);
  }
  Value buildFloor();
  SmallVector<Value> buildSearch(ValueRange last, ValueRange none);
  Value insert(OpBuilder &builder, Value row, Value all, Value position);

  OpBuilder &builder;
  Location loc;
  TopKOp op;
  /// Of the results.
  ReifiedRankedShapedTypeDims sizes;
  Type computeType;
  unsigned rank;
};
} // namespace

/// An uninitialised row of elements as result number `result` has.
Value TopKBuilder::buildRow(unsigned result) {
  auto type = cast<RankedTensorType>(op->getResult(result).getType());
  return buildEmpty(
      builder, loc,
      RankedTensorType::get(type.getShape().drop_back(), type.getElementType()),
      ArrayRef(sizes[result]).drop_back());
}

Value TopKBuilder::buildFilledRow(unsigned result, Value value) {
  return linalg::FillOp::create(builder, loc, value, buildRow(result))
      .getResult(0);
}

/// The weight that one has to exceed to be listed: 0, or NaN in a row with a
/// NaN, which none exceeds.
Value TopKBuilder::buildFloor() {
  return reduceKeys(
             {}, buildFilledRow(0, buildConstant(0.0)),
             [&](OpBuilder &builder, Location loc, ValueRange arguments) {
               Value weight = arguments[0], floor = arguments[1];
               Value isNaN = arith::CmpFOp::create(
                   builder, loc, arith::CmpFPredicate::UNO, weight, weight);
               return SmallVector<Value>{
                   arith::SelectOp::create(builder, loc, isNaN, weight, floor)};
             })
      .front();
}

/// The best (weight, key) after `last`, or `none`.
SmallVector<Value> TopKBuilder::buildSearch(ValueRange last, ValueRange none) {
  return reduceKeys(
      last, none, [&](OpBuilder &builder, Location loc, ValueRange arguments) {
        using Compare = arith::CmpFPredicate;
        Value weight = arguments[0];
        Value lastWeight = arguments[1], lastKey = arguments[2];
        Value bestWeight = arguments[3], bestKey = arguments[4];
        Value key = arith::IndexCastOp::create(
            builder, loc, builder.getI32Type(),
            linalg::IndexOp::create(builder, loc, rank - 1));
        // a > b, or a == b and keyA < keyB.
        auto isBefore = [&](Value a, Value keyA, Value b, Value keyB) -> Value {
          Value isGreater =
              arith::CmpFOp::create(builder, loc, Compare::OGT, a, b);
          Value isEqual =
              arith::CmpFOp::create(builder, loc, Compare::OEQ, a, b);
          Value isLower = arith::CmpIOp::create(
              builder, loc, arith::CmpIPredicate::slt, keyA, keyB);
          Value isFirst = arith::AndIOp::create(builder, loc, isEqual, isLower);
          return arith::OrIOp::create(builder, loc, isGreater, isFirst);
        };
        Value isLeft = isBefore(lastWeight, lastKey, weight, key);
        Value isBetter = isBefore(weight, key, bestWeight, bestKey);
        Value isFound = arith::AndIOp::create(builder, loc, isLeft, isBetter);
        return SmallVector<Value>{
            arith::SelectOp::create(builder, loc, isFound, weight, bestWeight),
            arith::SelectOp::create(builder, loc, isFound, key, bestKey)};
      });
}

/// `row` as number `position` of the last dimension of `all`.
Value TopKBuilder::insert(OpBuilder &builder, Value row, Value all,
                          Value position) {
  SmallVector<OpFoldResult> offsets(rank - 1, builder.getIndexAttr(0));
  offsets.push_back(position);
  SmallVector<OpFoldResult> extents(ArrayRef(sizes[0]).drop_back());
  extents.push_back(builder.getIndexAttr(1));
  SmallVector<OpFoldResult> strides(rank, builder.getIndexAttr(1));
  // Of the same rank: where extents become known to be 1, upstream's folding
  // mistakes which of them an insertion drops.
  auto type = cast<RankedTensorType>(row.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.push_back(1);
  SmallVector<ReassociationIndices> reassociation;
  for (unsigned dim = 0; dim + 1 < rank; ++dim)
    reassociation.push_back({dim});
  reassociation.back().push_back(rank - 1);
  Value column = tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(shape, type.getElementType()), row,
      reassociation, extents);
  return tensor::InsertSliceOp::create(builder, loc, column, all, offsets,
                                       extents, strides);
}

SmallVector<Value> TopKBuilder::build() {
  SmallVector<Value> lists;
  for (auto [result, extents] : llvm::zip(op->getResults(), sizes))
    lists.push_back(buildEmpty(builder, loc, result.getType(), extents));
  // No rows: upstream takes no slice of a tensor with a static extent of 0.
  if (llvm::is_contained(cast<RankedTensorType>(lists[0].getType()).getShape(),
                         0) ||
      llvm::is_contained(cast<RankedTensorType>(lists[1].getType()).getShape(),
                         0))
    return lists;
  Value minusOne =
      arith::ConstantIntOp::create(builder, loc, builder.getI32Type(), -1);
  SmallVector<Value> none = {buildFloor(), buildFilledRow(1, minusOne)};
  Value infinity = buildConstant(std::numeric_limits<double>::infinity());
  SmallVector<Value> inits = {buildFilledRow(0, infinity), none[1]};
  llvm::append_range(inits, lists);
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(builder, loc, value);
  };
  auto loop = scf::ForOp::create(builder, loc, constant(0), constant(op.getK()),
                                 constant(1), inits);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  ValueRange state = loop.getRegionIterArgs();
  SmallVector<Value> next = buildSearch(state.take_front(2), none);
  for (unsigned result : {0, 1})
    next.push_back(insert(builder, next[result], state[2 + result],
                          loop.getInductionVar()));
  scf::YieldOp::create(builder, loc, next);
  return llvm::to_vector(ValueRange(loop.getResults().drop_front(2)));
}

namespace {
/// %top, %keys = top_k %w k(8)
/// ->
/// %floor = linalg.generic (b…, i: parallel, j: reduction) ins(%w) outs(0)
///            { isNaN(w) ? w : floor }
/// … = scf.for %t = 0 to 8 iter_args(%last = (∞, −1), %top, %keys) {
///   %best = linalg.generic (b…, i: parallel, j: reduction)
///             ins(%w, %last) outs(%floor, −1)
///             { last before (w, j) and (w, j) before best ? (w, j) : best }
///   tensor.insert_slice %best into (%top, %keys)[…, %t]
/// }
struct TopKToLinalg : public OpRewritePattern<TopKOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TopKOp op,
                                PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, TopKBuilder(rewriter, op).build());
    return success();
  }
};
} // namespace

void attention::populateTopKToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<TopKToLinalg>(patterns.getContext());
}
