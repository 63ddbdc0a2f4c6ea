//===- PairTerms.h - Pair bodies as sums of products ------------*- C++ -*-===//
//
// What a pair body computes, taken apart into what depends on the query's
// element, what on the key's, and what on both.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_PAIRTERMS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_PAIRTERMS_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::attention {

/// What a value of a pair body depends on; parameters and captured values count
/// as neither.
enum PairSide : unsigned {
  NoSide = 0,
  QuerySide = 1,
  KeySide = 2,
  BothSides = 3
};

/// A value or its inverse.
struct PairFactor {
  Value value;
  bool isInverse;
};

/// ± a product of factors.
struct PairTerm {
  bool isNegative;
  SmallVector<PairFactor> factors;
};

class PairTerms {
public:
  /// Takes apart the block of a pair body (query, key, parameters…).
  explicit PairTerms(Block &body);

  unsigned getSide(Value value) const { return sides.lookup(value); }
  unsigned getSide(const PairTerm &term) const;

  /// The value as a sum of products of which only the factors that are not
  /// products or sums themselves depend on both sides; or nothing if that is
  /// too long. Products are multiplied out where one factor is a sum over both
  /// sides, and so are squares of such sums, which `hasSquare` then says.
  std::optional<SmallVector<PairTerm>> expand(Value value, bool &hasSquare);

private:
  LogicalResult expand(Value value, bool isNegative,
                       SmallVectorImpl<PairTerm> &terms);
  LogicalResult expandProduct(Value lhs, Value rhs, bool isNegative,
                              SmallVectorImpl<PairTerm> &terms);

  DenseMap<Value, unsigned> sides;
  bool foundSquare = false;
};

/// Clones what `value` is computed from in `body`, whose arguments are mapped,
/// to the builder's place.
Value clonePairValue(OpBuilder &builder, Value value, Block &body,
                     IRMapping &mapping);

/// Builds the sum of terms from clones; 0 of `type` for none.
Value buildPairTerms(OpBuilder &builder, Location loc, Type type,
                     ArrayRef<PairTerm> terms, Block &body, IRMapping &mapping);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_PAIRTERMS_H
