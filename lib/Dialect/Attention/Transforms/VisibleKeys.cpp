//===- VisibleKeys.cpp - The span of keys that some queries see -----------===//
//
// The first and the last of the visible keys as code, for queries too few to
// get blocks of keys of their own.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/VisibleKeys.h"
#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "KeyBounds.h"
#include "KeySweep.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::attention;

KeyRange attention::buildVisibleKeys(OpBuilder &builder, Location loc,
                                     ArrayRef<ScoreChange> changes,
                                     ValueRange batch, OpFoldResult firstQuery,
                                     OpFoldResult numQueries, KeyRange keys,
                                     const KeyAnalysisOptions &options) {
  ChangesAnalysis analysis =
      analyzeScoreChanges(builder.getContext(), batch.size(), changes, options);
  SmallVector<OpFoldResult> dims = getAsOpFoldResult(batch);
  dims.append({firstQuery, numQueries});
  SmallVector<OpFoldResult> symbols;
  for (Value symbol : analysis.symbols)
    symbols.push_back(buildSymbol(builder, loc, symbol, batch));
  IndexOps ops(builder, loc);
  ops.bind(dims, symbols, analysis.keys.terms);
  KeySweep<IndexOps> sweep(ops, analysis.keys, keys.begin, keys.end);
  std::optional<KeyRange> span;
  for (const auto &run : sweep.getVisible()) {
    OpFoldResult end = ops.add(run.last, ops.constant(1));
    if (sweep.getVisible().size() == 1)
      return {run.first, end};
    // A run without keys is no part of the span.
    OpFoldResult hasKeys = ops.ge(run.last, run.first);
    KeyRange some = {ops.select(hasKeys, run.first, keys.end),
                     ops.select(hasKeys, end, keys.begin)};
    span = span ? KeyRange{ops.min(span->begin, some.begin),
                           ops.max(span->end, some.end)}
                : some;
  }
  return span.value_or(KeyRange{keys.end, keys.begin});
}
