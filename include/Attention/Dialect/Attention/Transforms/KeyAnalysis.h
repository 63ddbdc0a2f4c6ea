//===- KeyAnalysis.h - Which keys a block of queries sees -------*- C++ -*-===//
//
// Splits the keys of a block of queries by mask sets, with symbolic bounds:
// keys that no query of the block sees, that all see, and the rest. Builds no
// IR, so it can be tested with numbers; KeySweep.h evaluates its result.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_TRANSFORMS_KEYANALYSIS_H
#define ATTENTION_DIALECT_ATTENTION_TRANSFORMS_KEYANALYSIS_H

#include "Attention/Dialect/Attention/IR/ScoreChange.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/IntegerSet.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::attention {

/// A set over (b…, i, j) and, for each of its symbols, its position in the list
/// of all symbols.
struct KeySet {
  IntegerSet set;
  SmallVector<unsigned> symbols;
};

/// The keys j with lowers ≤ j ≤ uppers where all conditions are ≥ 0. With a
/// period only those of them that lie, for some t with firsts ≤ t ≤ lasts, in
/// begins + period · t ≤ j ≤ ends + period · t. Of several bounds the tightest
/// counts.
///
/// Expressions have the dimensions (b…, first query, number of queries) and the
/// symbols of KeyAnalysis::getNumSymbols(). There is at least one query.
struct KeyFamily {
  SmallVector<AffineExpr> conditions, lowers, uppers;
  int64_t period = 0;
  SmallVector<AffineExpr> begins, ends, firsts, lasts;
  /// Take the keys between the first and the last for members too.
  bool fillsGaps = false;
};

/// A symbol whose value is `expr` of the symbols before, but within ±limit. An
/// inequality holds for the one if it holds for the other, and what is computed
/// from it stays within 64 bits.
struct ClampedTerm {
  AffineExpr expr;
  int64_t limit;
};

struct KeyAnalysisOptions {
  /// Queries and keys of a block. Sizes decide what is worth a distinction, not
  /// what is right; but blocks have no more than numBlockQueries queries.
  int64_t numBlockQueries, numBlockKeys;
};

struct KeyAnalysis {
  unsigned numBatch, numSymbols;
  /// More symbols.
  SmallVector<ClampedTerm> terms;
  /// The keys that some query sees, together: a union. Nothing to visit if
  /// there is none. Exact unless `reasons` says that a set was left out.
  std::vector<KeyFamily> visible;
  /// For each union of sets, whether full segments decide it.
  SmallVector<bool> decided;
  /// For each decided union, for each of its sets, the keys that some query
  /// does not see by that set.
  std::vector<std::vector<std::vector<KeyFamily>>> notAll;
  /// Why keys are visited, or pairs tested, more than the sets would ask for.
  SmallVector<std::string> reasons;

  unsigned getNumSymbols() const { return numSymbols + terms.size(); }
};

/// Analyses an intersection of unions of sets. Divisors must be positive or not
/// constant. What is too complicated, or divides by a symbol, is left out: such
/// a union holds somewhere, as far as this knows, at every key.
KeyAnalysis analyzeKeys(MLIRContext *context, unsigned numBatch,
                        unsigned numSymbols,
                        ArrayRef<SmallVector<KeySet>> unions,
                        const KeyAnalysisOptions &options);

/// The analysis of the sets among score changes.
struct ChangesAnalysis {
  KeyAnalysis keys;
  /// What the symbols are bound to.
  SmallVector<Value> symbols;
  /// The changes without the sets that full segments decide.
  SmallVector<ScoreChange> undecided;
};

ChangesAnalysis analyzeScoreChanges(MLIRContext *context, unsigned numBatch,
                                    ArrayRef<ScoreChange> changes,
                                    const KeyAnalysisOptions &options);

/// Keys [begin, end): all seen by all queries, as far as the decided unions go,
/// or each (with gaps, each block) by some.
struct KeySegment {
  int64_t begin, end;
  bool full;
};

/// The segments for one block of queries, in order and disjoint, of the keys
/// [firstKey, endKey). `dims` are (b…, first query, number of queries).
SmallVector<KeySegment> listKeySegments(const KeyAnalysis &analysis,
                                        ArrayRef<int64_t> dims,
                                        ArrayRef<int64_t> symbols,
                                        int64_t firstKey, int64_t endKey);

/// Prints what the analysis found, a family a line.
void printKeyAnalysis(llvm::raw_ostream &os, const KeyAnalysis &analysis);

/// Blocks of keys that are visited, and their keys.
struct BlockCounts {
  int64_t full = 0, fullKeys = 0;
  int64_t partial = 0, partialKeys = 0;
};

/// The blocks for one block of queries. What is left of full keys after whole
/// blocks goes with the partial keys that follow, if some do.
BlockCounts countKeyBlocks(const KeyAnalysis &analysis, ArrayRef<int64_t> dims,
                           ArrayRef<int64_t> symbols, int64_t firstKey,
                           int64_t endKey, int64_t numBlockKeys);

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_ATTENTION_TRANSFORMS_KEYANALYSIS_H
