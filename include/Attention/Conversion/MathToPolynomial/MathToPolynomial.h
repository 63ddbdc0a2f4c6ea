//===- MathToPolynomial.h - Elementary functions as arithmetic --*- C++ -*-===//
//
// The patterns of -convert-math-to-polynomial, for use in other passes.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_CONVERSION_MATHTOPOLYNOMIAL_MATHTOPOLYNOMIAL_H
#define ATTENTION_CONVERSION_MATHTOPOLYNOMIAL_MATHTOPOLYNOMIAL_H

namespace mlir {
class RewritePatternSet;
} // namespace mlir

namespace mlir::attention {

/// Patterns that make arithmetic of functions of the math dialect, on scalars
/// and vectors.
void populateMathToPolynomialPatterns(RewritePatternSet &patterns);

} // namespace mlir::attention

#endif // ATTENTION_CONVERSION_MATHTOPOLYNOMIAL_MATHTOPOLYNOMIAL_H
