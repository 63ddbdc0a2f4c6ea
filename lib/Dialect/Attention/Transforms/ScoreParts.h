//===- ScoreParts.h - What is computed once an element ----------*- C++ -*-===//
//
// Tensors that a rewritten score reads instead of queries, keys and parameters,
// and numbers that are computed over all of them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_SCOREPARTS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_SCOREPARTS_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "PairTerms.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::attention {

/// Builds tensors of the compute type from the operands of an attention.fused
/// with a pair body.
class ScoreParts {
public:
  /// Builds a scalar of the compute type; the arguments of the pair body that
  /// it may use are mapped.
  using BuildScalar = function_ref<Value(OpBuilder &, IRMapping &)>;

  ScoreParts(OpBuilder &builder, FusedOp op)
      : builder(builder), loc(op.getLoc()), op(op) {}

  /// One value an element of the queries or keys, in their layout.
  Value buildElements(unsigned side, BuildScalar build);
  /// The sums over the features, in the layout that remains.
  Value buildSums(unsigned side, BuildScalar build);
  /// Tensors in the layout of queries or keys one after another along the
  /// features, and then single features: what `buildSums` returns, or scalars.
  Value buildFeatures(unsigned side, ValueRange tensors, ValueRange single);

  /// One value a feature, from parameters.
  Value buildParameter(BuildScalar build);
  /// The sum of such values.
  Value buildParameterSum(BuildScalar build);

  /// Whether no magnitude of such values is larger than `limit`; what is NaN is
  /// not.
  Value buildNoneExceeds(unsigned side, double limit, BuildScalar build);
  Value buildNoneExceeds(Value tensor, double limit);

private:
  struct Side {
    Value tensor;
    unsigned feature;
  };
  Side getSide(unsigned side);
  /// A linalg.generic over the queries or keys and the parameters.
  Value
  buildGeneric(unsigned side, AffineMap outputMap, Value output,
               function_ref<Value(OpBuilder &, IRMapping &, Value)> build);

  OpBuilder &builder;
  Location loc;
  FusedOp op;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_SCOREPARTS_H
