//===- FusedResults.cpp - What attention.fused gives ----------------------===//
//
// The order of its results is said here only; those that nobody uses go.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Destinations.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

std::string FusedResult::getName() const {
  switch (kind) {
  case FusedResultKind::Context:
    return "the context";
  case FusedResultKind::Lse:
    return "the log-sum-exp";
  case FusedResultKind::Weights:
    return "the weights";
  case FusedResultKind::ColumnMass:
    return "the column mass";
  case FusedResultKind::Reading:
    break;
  }
  std::string name;
  llvm::raw_string_ostream stream(name);
  stream << "result " << number << " of " << reading;
  return name;
}

SmallVector<FusedResult> FusedOp::getFusedResults() {
  FloatType c = getComputeType();
  unsigned i = getQueryDim(), j = getKeyDim();
  SmallVector<FusedResult> results = {
      {FusedResultKind::Context, {i, getValueDim()}}};
  if (getLse())
    results.push_back({FusedResultKind::Lse, {i}, c});
  if (getWeights())
    results.push_back({FusedResultKind::Weights, {i, j}, c});
  for (Attribute attribute : getReadings()) {
    auto reading = cast<RowReadingAttrInterface>(attribute);
    for (auto [number, type] : llvm::enumerate(reading.getResultTypes(c)))
      results.push_back({FusedResultKind::Reading,
                         {i},
                         type,
                         reading,
                         static_cast<unsigned>(number),
                         reading.getListLength()});
  }
  if (getColumnMass())
    results.push_back({FusedResultKind::ColumnMass, {j}, c});
  return results;
}

namespace {
/// %r:3 = fused … outs(%o, %l, %h : … by [#o, #l, #h]) lse
///          reads([#attention.entropy])          // %r#1 is not used
/// ->
/// %r:2 = fused … outs(%o, %h : … by [#o, #h]) reads([#attention.entropy])
///
/// A reading stays as long as one of its results is used, and the context
/// stays.
struct DropUnusedResults : public OpRewritePattern<FusedOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FusedOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<FusedResult> results = op.getFusedResults();
    SmallVector<bool> kept(results.size());
    SmallVector<Attribute> readings;
    bool lse = false, weights = false, mass = false;
    for (unsigned index = 0; index < results.size();) {
      // A reading's results are next to each other.
      unsigned end = index + 1;
      while (results[index].reading && end < results.size() &&
             results[end].number > 0)
        ++end;
      bool isUsed =
          llvm::any_of(op->getResults().slice(index, end - index),
                       [](OpResult result) { return !result.use_empty(); });
      FusedResultKind kind = results[index].kind;
      isUsed |= kind == FusedResultKind::Context;
      lse |= isUsed && kind == FusedResultKind::Lse;
      weights |= isUsed && kind == FusedResultKind::Weights;
      mass |= isUsed && kind == FusedResultKind::ColumnMass;
      if (isUsed && results[index].reading)
        readings.push_back(results[index].reading);
      std::fill(kept.begin() + index, kept.begin() + end, isUsed);
      index = end;
    }
    if (llvm::all_of(kept, [](bool keep) { return keep; }))
      return failure();

    SmallVector<Value> operands(op->getOperands().drop_back(results.size()));
    SmallVector<Attribute> maps;
    for (unsigned index = 0; index < results.size(); ++index)
      if (kept[index]) {
        operands.push_back(op.getOuts()[index]);
        maps.push_back(op.getOutputMaps()[index]);
      }
    auto reduced = cast<FusedOp>(
        cloneOnOperands(rewriter, op, operands, maps.size()).getOperation());
    rewriter.modifyOpInPlace(reduced, [&] {
      llvm::MutableArrayRef(reduced.getProperties().operandSegmentSizes)
          .back() = maps.size();
      reduced.setOutputMapsAttr(rewriter.getArrayAttr(maps));
      reduced.setLse(lse);
      reduced.setWeights(weights);
      reduced.setReadingsAttr(rewriter.getArrayAttr(readings));
      reduced.setColumnMass(mass);
    });
    unsigned next = 0;
    for (auto [result, keep] : llvm::zip(op->getResults(), kept))
      if (keep)
        rewriter.replaceAllUsesWith(result, reduced->getResult(next++));
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void attention::populateDropUnusedResultsPattern(RewritePatternSet &patterns) {
  patterns.add<DropUnusedResults>(patterns.getContext());
}
