//===- SoftmaxOp.cpp - attention.softmax ----------------------------------===//
//
// The softmax as a normaliser: its state is the running maximum m and the sum l
// of exp(s − m), the online softmax of Milakov and Gimelshein (2018).
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

void SoftmaxOp::build(OpBuilder &builder, OperationState &state, Value scores,
                      Value sinks, bool withLse) {
  auto type = cast<RankedTensorType>(scores.getType());
  Type lseType;
  if (withLse)
    lseType = RankedTensorType::get(type.getShape().drop_back(),
                                    type.getElementType());
  build(builder, state, type, lseType, scores, sinks);
}

LogicalResult SoftmaxOp::verify() {
  auto type = cast<RankedTensorType>(getScores().getType());
  Type computeType = type.getElementType();
  if (failed(verifyBatchedMatrix(*this, type, "scores", "Nq, Nkv")))
    return failure();
  if (getLse()) {
    auto expected =
        RankedTensorType::get(type.getShape().drop_back(), computeType);
    Type found = getLse().getType();
    if (!haveCompatibleShapes(expected, found) ||
        getElementTypeOrSelf(found) != computeType)
      return emitOpError("expected the log-sum-exp to be ")
             << expected << ", found " << found;
  }
  if (!getSinks())
    return success();
  auto sinksType = cast<RankedTensorType>(getSinks().getType());
  if (sinksType.getEncoding())
    return emitOpError("expected sinks without a tensor encoding, found ")
           << sinksType;
  if (sinksType.getElementType() != computeType)
    return emitOpError("expected sinks of the compute type ")
           << computeType << ", found " << sinksType.getElementType();
  int64_t numBatch = type.getRank() - 2, rank = sinksType.getRank();
  if (rank > numBatch)
    return emitOpError("expected sinks over at most the ")
           << numBatch << " batch dimensions of the scores, found rank "
           << rank;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (sinksType.getDimSize(dim) != 1 &&
        failed(verifyExtent(*this, sinksType, "sinks", dim,
                            type.getDimSize(numBatch - rank + dim),
                            "the scores' batch extent or 1")))
      return failure();
  return success();
}

LogicalResult
SoftmaxOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  for (OpResult result : getOperation()->getResults())
    shapes.push_back(reifyLeadingExtents(builder, result, getScores()));
  return success();
}

Speculation::Speculatability SoftmaxOp::getSpeculatability() {
  // A log-sum-exp may have extents that the scores leave to run time.
  auto type = cast<RankedTensorType>(getScores().getType());
  if (getLse() && cast<RankedTensorType>(getLse().getType()).getShape() !=
                      type.getShape().drop_back())
    return Speculation::NotSpeculatable;
  return getTensorOpSpeculatability(*this);
}

//===----------------------------------------------------------------------===//
// NormaliserOpInterface
//===----------------------------------------------------------------------===//

ValueRange SoftmaxOp::getRowResults() { return getODSResults(1); }

ValueRange SoftmaxOp::getInitOperands() { return getODSOperands(1); }

/// The maximum and the sum.
unsigned SoftmaxOp::getStateSize() { return 2; }

static Value buildConstant(OpBuilder &builder, Location loc, Type type,
                           double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, value));
}

/// The maximum as a number to subtract: 0 for a row without a live pair, whose
/// maximum is −inf.
static Value buildShift(OpBuilder &builder, Location loc, Value maximum) {
  Type type = maximum.getType();
  Value negInf = buildConstant(builder, loc, type,
                               -std::numeric_limits<double>::infinity());
  Value isEmpty = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ,
                                        maximum, negInf);
  return arith::SelectOp::create(
      builder, loc, isEmpty, buildConstant(builder, loc, type, 0.0), maximum);
}

/// exp(x − shift)
static Value buildShiftedExp(OpBuilder &builder, Location loc, Value x,
                             Value shift) {
  Value difference = arith::SubFOp::create(builder, loc, x, shift);
  return math::ExpOp::create(builder, loc, difference);
}

SmallVector<Value> SoftmaxOp::buildInit(OpBuilder &builder, Location loc,
                                        ValueRange initElements) {
  Type type = getElementTypeOrSelf(getScores());
  if (initElements.empty())
    return {buildConstant(builder, loc, type,
                          -std::numeric_limits<double>::infinity()),
            buildConstant(builder, loc, type, 0.0)};
  Value sink = initElements.front();
  Value shift = buildShift(builder, loc, sink);
  return {sink, buildShiftedExp(builder, loc, sink, shift)};
}

SmallVector<Value> SoftmaxOp::buildUpdate(OpBuilder &builder, Location loc,
                                          ValueRange state, Value score) {
  Value one = buildConstant(builder, loc, score.getType(), 1.0);
  return buildMerge(builder, loc, state, {score, one});
}

SmallVector<Value> SoftmaxOp::buildMerge(OpBuilder &builder, Location loc,
                                         ValueRange first, ValueRange second) {
  Value maximum = arith::MaximumFOp::create(builder, loc, first[0], second[0]);
  Value shift = buildShift(builder, loc, maximum);
  auto rescaled = [&](ValueRange state) -> Value {
    Value factor = buildShiftedExp(builder, loc, state[0], shift);
    return arith::MulFOp::create(builder, loc, state[1], factor);
  };
  Value sum =
      arith::AddFOp::create(builder, loc, rescaled(first), rescaled(second));
  return {maximum, sum};
}

Value SoftmaxOp::buildWeight(OpBuilder &builder, Location loc, Value score,
                             ValueRange state) {
  Type type = score.getType();
  Value shift = buildShift(builder, loc, state[0]);
  Value numerator = buildShiftedExp(builder, loc, score, shift);
  Value quotient = arith::DivFOp::create(builder, loc, numerator, state[1]);
  Value negInf = buildConstant(builder, loc, type,
                               -std::numeric_limits<double>::infinity());
  Value isAbsent = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::OEQ, score, negInf);
  return arith::SelectOp::create(
      builder, loc, isAbsent, buildConstant(builder, loc, type, 0.0), quotient);
}

SmallVector<Value> SoftmaxOp::buildRowResults(OpBuilder &builder, Location loc,
                                              ValueRange state) {
  if (!getLse())
    return {};
  Value shift = buildShift(builder, loc, state[0]);
  Value log = math::LogOp::create(builder, loc, state[1]);
  return {arith::AddFOp::create(builder, loc, shift, log)};
}

Attribute SoftmaxOp::getOnlineNormaliser() {
  return OnlineSoftmaxAttr::get(getContext(), ScoreUnit::Natural);
}

//===----------------------------------------------------------------------===//
// Canonicalization
//===----------------------------------------------------------------------===//

namespace {
/// A log-sum-exp that nobody uses is not computed:
///
///   %w, %lse = softmax %s : tensor<4x6xf32>, tensor<4xf32>
///   ->
///   %w = softmax %s : tensor<4x6xf32>
struct DropUnusedLse : public OpRewritePattern<SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SoftmaxOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getLse() || !op.getLse().use_empty())
      return failure();
    auto weights =
        SoftmaxOp::create(rewriter, op.getLoc(), op.getScores(), op.getSinks());
    weights->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.replaceAllUsesWith(op.getWeights(), weights.getWeights());
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void SoftmaxOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<DropUnusedLse>(context);
}
