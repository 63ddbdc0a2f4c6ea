//===- PairSystem.h - Sets of pairs, and the keys in them -------*- C++ -*-===//
//
// A conjunction of constraints on a pair (i, j), with quotients as variables of
// their own, and its exact projection onto j for a block of queries.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_PAIRSYSTEM_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_PAIRSYSTEM_H

#include "Attention/Dialect/Attention/Transforms/KeyAnalysis.h"

namespace mlir::attention {

/// Σ coefficient · variable + rest, where rest depends on neither i nor j. The
/// variables are j, i, and quotients.
struct PairForm {
  SmallVector<int64_t> coefficients;
  AffineExpr rest;
};

/// An inequality form ≥ 0. |rest| ≤ bound.
struct PairRow {
  PairForm form;
  double bound = 0;
  /// Says what a quotient is or which queries there are: with nothing else,
  /// every key has a solution.
  bool isDefinition = false;
};

class PairSystem {
public:
  /// `terms` are added to where symbols have to be clamped.
  PairSystem(MLIRContext *context, unsigned numBatch, unsigned numSymbols,
             SmallVectorImpl<ClampedTerm> &terms);

  /// Adds the constraints of a set. Fails, with a reason, where they are not
  /// linear in quotients by constants, or too many or too large.
  LogicalResult addSet(const KeySet &member, std::string &reason);

  /// Adds that expr ≥ 0 or, negated, that expr ≤ −1.
  LogicalResult addConstraint(const KeySet &member, AffineExpr expr,
                              bool negated, std::string &reason);

  /// The keys j for which there is a query i of the block with (i, j) in the
  /// system, together. Fails where families can not say it.
  FailureOr<std::vector<KeyFamily>> project(int64_t numBlockQueries) const;

  /// The least number of keys of a family's `begins` to `ends`, where the block
  /// has as many queries, or, without, any number. INT64_MIN if unknown.
  int64_t getMinWidth(const KeyFamily &family,
                      std::optional<int64_t> numQueries) const;

private:
  struct Quotient {
    PairForm dividend;
    int64_t divisor;
    double bound;
  };

  FailureOr<std::optional<KeyFamily>> projectWhole() const;
  std::optional<PairForm> flatten(AffineExpr expr, std::string &reason);
  std::optional<PairForm> divide(PairForm dividend, int64_t divisor,
                                 std::string &reason);
  LogicalResult addRow(PairForm form, std::string &reason);
  AffineExpr constant(int64_t value) const;
  bool hasSymbols(AffineExpr expr) const;
  double getVariableBound(size_t variable) const;

  MLIRContext *context;
  unsigned numBatch, numSymbols;
  SmallVectorImpl<ClampedTerm> &terms;
  SmallVector<Quotient> quotients;
  SmallVector<PairRow> rows;
  /// Quotients that rows give a value.
  SmallVector<bool> isSplit;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_PAIRSYSTEM_H
