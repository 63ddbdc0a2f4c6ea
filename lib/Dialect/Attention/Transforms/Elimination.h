//===- Elimination.h - Exact elimination of variables -----------*- C++ -*-===//
//
// What is left of a system of pairs when the query and quotients are
// eliminated.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_ELIMINATION_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_ELIMINATION_H

#include "ExprBounds.h"
#include "PairSystem.h"

namespace mlir::attention {

/// Limits that keep the time and the numbers small; cases are of one quotient.
/// Indices are less than maxIndex: no memory holds more rows.
inline constexpr size_t maxRows = 64, maxQuotients = 8;
inline constexpr int64_t maxCoefficient = int64_t(1) << 20;
inline constexpr double maxCases = 8, maxIndex = 0x1p40, maxBound = 0x1p60;
inline constexpr unsigned keyVariable = 0, queryVariable = 1;

bool hasVariables(const PairForm &form);

/// a · x + b · y, or nothing where coefficients get too large.
std::optional<PairForm> combine(const PairForm &x, int64_t a, const PairForm &y,
                                int64_t b);

/// What is left of a system while variables are eliminated.
class Elimination {
public:
  Elimination(SmallVector<PairRow> rows, unsigned numBatch)
      : numBatch(numBatch) {
    for (PairRow &row : rows)
      add(std::move(row));
  }

  /// Eliminates what can be, exactly. Fails if it gets too much.
  LogicalResult run();

  bool isEmpty() const { return empty; }
  FailureOr<KeyFamily> getFamily();

private:
  void add(PairRow row);
  bool isProvedNonNegative(AffineExpr expr) const {
    std::optional<int64_t> bound = getLowerBound(expr, numBatch + 1);
    return bound && *bound >= 0;
  }
  std::optional<PairRow> combineRows(const PairRow &x, int64_t a,
                                     const PairRow &y, int64_t b);
  bool substitute(unsigned variable);
  std::optional<size_t> getCost(unsigned variable);
  void eliminate(unsigned variable);

  unsigned numBatch;
  SmallVector<PairRow> rows;
  SmallVector<AffineExpr> conditions;
  bool empty = false, isTooLarge = false;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_ELIMINATION_H
