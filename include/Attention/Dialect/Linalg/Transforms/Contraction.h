//===- Contraction.h - Sums of products in linalg ---------------*- C++ -*-===//
//
// What passes need to know of a linalg operation that is a matrix product in
// any disguise: which of its dimensions are rows, columns and terms.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_LINALG_TRANSFORMS_CONTRACTION_H
#define ATTENTION_DIALECT_LINALG_TRANSFORMS_CONTRACTION_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::attention {

/// out[…, row, column] += Σ_term lhs[…, row, term] · rhs[…, term, column], in
/// whatever order the operands have their dimensions.
struct Contraction {
  OpOperand *lhs, *rhs, *out;
  /// In which products are summed: the element type of `out`. Those of `lhs`
  /// and `rhs` may be narrower.
  FloatType type;
  /// Dimensions of the iteration space. `column`, which belongs in the lanes of
  /// vectors, is contiguous in `out` if any is; without `row` there is one.
  std::optional<unsigned> row;
  unsigned column, term;
  /// The others, in order: batch dimensions and more rows, columns and terms.
  SmallVector<unsigned> others;

  AffineMap getMap(OpOperand *operand) const;
  /// The dimension of `operand` that `dim` is, if it has it.
  std::optional<unsigned> getPosition(OpOperand *operand, unsigned dim) const;
  /// Whether steps along `dim` are known to be to the next element of
  /// `operand`.
  bool isContiguous(OpOperand *operand, unsigned dim) const;
  /// Whether the rows of `lhs` have to be packed or widened to be read well:
  /// elements of a row are not neighbours, or not of the type of the sums.
  bool packsRows() const;
  /// The static extent of `dim`, or ShapedType::kDynamic.
  int64_t getExtent(unsigned dim) const;
};

/// Finds out whether `op` is a contraction of floats. If it is one that has no
/// form as above, `obstacle` says why.
FailureOr<Contraction> matchContraction(linalg::LinalgOp op,
                                        std::string &obstacle);

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_LINALG_TRANSFORMS_CONTRACTION_H
