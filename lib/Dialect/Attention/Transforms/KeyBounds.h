//===- KeyBounds.h - The key analysis of score changes as code --*- C++ -*-===//
//
// The arithmetic that KeySweep.h asks for, built as operations on what the
// expressions of the analysis are bound to.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_KEYBOUNDS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_KEYBOUNDS_H

#include "Attention/Dialect/Attention/Transforms/KeyAnalysis.h"
#include "mlir/IR/Builders.h"

namespace mlir::attention {

/// Arithmetic on indices, folded where it can be.
class IndexOps {
public:
  using Number = OpFoldResult;
  using Bool = OpFoldResult;

  IndexOps(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  /// Binds expressions: `dims` are (b…, first query, number of queries).
  void bind(ArrayRef<OpFoldResult> dims, ArrayRef<OpFoldResult> symbols,
            ArrayRef<ClampedTerm> terms);

  Number constant(int64_t value);
  Bool boolean(bool value);
  Number value(AffineExpr expr);
  Number add(Number a, Number b);
  Number sub(Number a, Number b);
  Number mul(Number a, int64_t b);
  Number floorDiv(Number a, int64_t b);
  Number min(Number a, Number b);
  Number max(Number a, Number b);
  Bool ge(Number a, Number b);
  Bool conjunction(Bool a, Bool b);
  Bool disjunction(Bool a, Bool b);
  Bool negation(Bool a);
  Number select(Bool condition, Number a, Number b);

  /// A Number or Bool as a value.
  Value toValue(OpFoldResult value);

private:
  Number apply(AffineExpr expr, ArrayRef<OpFoldResult> operands);

  OpBuilder &builder;
  Location loc;
  SmallVector<OpFoldResult> operands;
  unsigned numDims = 0;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_KEYBOUNDS_H
