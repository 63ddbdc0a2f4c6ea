//===- ExprBounds.h - Bounds of affine expressions --------------*- C++ -*-===//
//
// What is known of an expression at compile time, whatever its symbols are.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_EXPRBOUNDS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_EXPRBOUNDS_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/ArrayRef.h"
#include <optional>

namespace mlir::attention {

/// A number that `expr` is never less than where dimension `dim` is at least 1,
/// if that is known. Quotients are known up to their rounding.
std::optional<int64_t> getLowerBound(AffineExpr expr, unsigned dim);

/// The value of `expr`. Divisors must be positive.
int64_t evaluateExpr(AffineExpr expr, ArrayRef<int64_t> dims,
                     ArrayRef<int64_t> symbols);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_EXPRBOUNDS_H
