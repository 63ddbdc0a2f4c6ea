//===- KeySegments.cpp - Segments of keys as numbers ----------------------===//
//
// The sweep over keys on numbers, for tests and for counting blocks.
//
//===----------------------------------------------------------------------===//

#include "ExprBounds.h"
#include "KeySweep.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
struct NumberOps {
  using Number = int64_t;
  using Bool = bool;

  Number constant(int64_t value) { return value; }
  Bool boolean(bool value) { return value; }
  Number value(AffineExpr expr) { return evaluateExpr(expr, dims, symbols); }
  Number add(Number a, Number b) { return a + b; }
  Number sub(Number a, Number b) { return a - b; }
  Number mul(Number a, int64_t b) { return a * b; }
  Number floorDiv(Number a, int64_t b) { return llvm::divideFloorSigned(a, b); }
  Number min(Number a, Number b) { return std::min(a, b); }
  Number max(Number a, Number b) { return std::max(a, b); }
  Bool ge(Number a, Number b) { return a >= b; }
  Bool conjunction(Bool a, Bool b) { return a && b; }
  Bool disjunction(Bool a, Bool b) { return a || b; }
  Bool negation(Bool a) { return !a; }
  Number select(Bool condition, Number a, Number b) {
    return condition ? a : b;
  }

  ArrayRef<int64_t> dims;
  SmallVector<int64_t> symbols;
};
} // namespace

/// Walks the keys; `callback` gets each step with the state before it.
static void sweepKeys(
    const KeyAnalysis &analysis, ArrayRef<int64_t> dims,
    ArrayRef<int64_t> symbols, int64_t firstKey, int64_t endKey,
    int64_t numBlockKeys,
    function_ref<void(const SweepState<NumberOps> &, SweepStep<NumberOps> &)>
        callback) {
  NumberOps ops{dims, llvm::to_vector(symbols)};
  for (const ClampedTerm &term : analysis.terms)
    ops.symbols.push_back(
        std::clamp(ops.value(term.expr), -term.limit, term.limit));
  KeySweep<NumberOps> sweep(ops, analysis, firstKey, endKey);
  SweepState<NumberOps> state{firstKey, firstKey, false, false};
  // One step more for the last segment.
  for (int64_t n = sweep.getNumSteps() + 1; n > 0; --n) {
    SweepStep<NumberOps> step =
        makeStep(ops, sweep, state, endKey, numBlockKeys);
    callback(state, step);
    state = step.next;
  }
}

SmallVector<KeySegment> attention::listKeySegments(const KeyAnalysis &analysis,
                                                   ArrayRef<int64_t> dims,
                                                   ArrayRef<int64_t> symbols,
                                                   int64_t firstKey,
                                                   int64_t endKey) {
  SmallVector<KeySegment> segments;
  sweepKeys(
      analysis, dims, symbols, firstKey, endKey, /*numBlockKeys=*/1,
      [&](const SweepState<NumberOps> &state, SweepStep<NumberOps> &step) {
        if (step.isDone)
          segments.push_back({state.begin, state.key, state.isFull});
      });
  return segments;
}

static void printFamily(llvm::raw_ostream &os, const KeyFamily &family) {
  auto print = [&](StringRef name, ArrayRef<AffineExpr> exprs) {
    if (exprs.empty())
      return;
    os << " " << name << " ";
    llvm::interleaveComma(exprs, os);
  };
  print("if", family.conditions);
  print("from", family.lowers);
  print("to", family.uppers);
  if (family.period != 0) {
    os << " every " << family.period;
    print("from", family.begins);
    print("to", family.ends);
    print("number", family.firsts);
    print("to number", family.lasts);
    os << (family.fillsGaps ? ", gaps filled" : "");
  }
  os << "\n";
}

void attention::printKeyAnalysis(llvm::raw_ostream &os,
                                 const KeyAnalysis &analysis) {
  for (auto [index, term] : llvm::enumerate(analysis.terms))
    os << "s" << analysis.numSymbols + index << " = " << term.expr << " within "
       << term.limit << "\n";
  for (const KeyFamily &family : analysis.visible) {
    os << "visible";
    printFamily(os, family);
  }
  for (auto [index, members] : llvm::enumerate(analysis.notAll))
    for (const auto &families : members)
      for (const KeyFamily &family : families) {
        os << "not all by " << index;
        printFamily(os, family);
      }
  for (StringRef reason : analysis.reasons)
    os << "left out: " << reason << "\n";
}

BlockCounts attention::countKeyBlocks(const KeyAnalysis &analysis,
                                      ArrayRef<int64_t> dims,
                                      ArrayRef<int64_t> symbols,
                                      int64_t firstKey, int64_t endKey,
                                      int64_t numBlockKeys) {
  BlockCounts counts;
  sweepKeys(
      analysis, dims, symbols, firstKey, endKey, numBlockKeys,
      [&](const SweepState<NumberOps> &state, SweepStep<NumberOps> &step) {
        if (!step.isDone)
          return;
        int64_t end = step.joins ? step.blocksEnd : state.key;
        int64_t blocks =
            llvm::divideCeilSigned(end - state.begin, numBlockKeys);
        (state.isFull ? counts.full : counts.partial) += blocks;
        (state.isFull ? counts.fullKeys : counts.partialKeys) +=
            end - state.begin;
      });
  return counts;
}
