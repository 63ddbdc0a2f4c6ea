//===- ScoresInMemory.cpp - Scores that are a tensor after all ------------===//
//
// Their product of one feature is all the work that is done in vain; masks,
// normalisers, readings and loops know nothing of it.
//
//===----------------------------------------------------------------------===//

#include "ScoresInMemory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

Value attention::buildZeros(OpBuilder &builder, Location loc,
                            SmallVector<OpFoldResult> extents,
                            Type elementType) {
  extents.push_back(builder.getIndexAttr(1));
  Value empty = tensor::EmptyOp::create(builder, loc, extents, elementType);
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(elementType));
  return linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
}

ZeroScores attention::buildZeroScores(OpBuilder &builder, Location loc,
                                      Value scores) {
  MLIRContext *context = builder.getContext();
  SmallVector<OpFoldResult> rows = tensor::getMixedSizes(builder, loc, scores);
  OpFoldResult numKeys = rows.pop_back_val();
  unsigned numBatch = rows.size() - 1, j = numBatch + 1, d = numBatch + 2;
  auto ofQuery = llvm::to_vector(llvm::seq(numBatch + 1));
  ofQuery.push_back(d);
  Type type = getElementTypeOrSelf(scores);
  auto map = [&](ArrayRef<unsigned> dims) {
    return AffineMap::getMultiDimMapWithTargets(numBatch + 4, dims, context);
  };
  return {{buildZeros(builder, loc, rows, type), map(ofQuery)},
          {buildZeros(builder, loc, {numKeys}, type), map({j, d})}};
}

ScoreChange attention::getScoresAsChange(Value scores) {
  auto type = cast<RankedTensorType>(scores.getType());
  return {
      ScoreChangeKind::Bias,
      {},
      scores,
      AffineMap::getMultiDimIdentityMap(type.getRank(), scores.getContext())};
}

/// %o = fused query(%q) key(%k) … changes(modify { call @f }, sets(#set)) …
/// ->
/// %s = modify_scores (dot_score %q, %k) { call @f }
/// %o = fused query(0) key(0) … changes(bias(%s), sets(#set)) …
FusedOp attention::computeScoresInMemory(RewriterBase &rewriter, FusedOp op,
                                         unsigned numChanges) {
  assert(op.getOrigin().empty() && "biases are indexed globally");
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  Value scores = op.buildScores(rewriter, numChanges);
  ZeroScores zero = buildZeroScores(rewriter, loc, scores);
  SmallVector<ScoreChange> changes = op.getScoreChanges();
  changes.erase(changes.begin(), changes.begin() + numChanges);
  changes.insert(changes.begin(), getScoresAsChange(scores));
  SmallVector<MappedValue> inits, outs;
  for (auto [index, operand] : llvm::enumerate(op.getInitOperands()))
    inits.push_back({operand, op.getInitMap(index)});
  for (auto [index, operand] : llvm::enumerate(op.getOuts()))
    outs.push_back({operand, op.getOutputMap(index)});
  auto rest = FusedOp::create(
      rewriter, loc, zero.query, zero.key,
      MappedValue{op.getValue(), op.getValueMap()}, /*parameters=*/ValueRange(),
      /*scale=*/Value(), changes, op.getNormaliser(), inits,
      /*origin=*/ValueRange(), outs, op.getLse(), op.getWeights(),
      op.getReadings().getValue(), op.getColumnMass());
  rewriter.replaceOp(op, rest);
  return rest;
}
