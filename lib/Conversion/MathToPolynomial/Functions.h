//===- Functions.h - Elementary functions from arithmetic -------*- C++ -*-===//
//
// What the patterns build; each within a few units in the last place over the
// whole range, NaN, infinities, subnormal numbers and zeros with their signs
// included.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_MATHTOPOLYNOMIAL_FUNCTIONS_H
#define ATTENTION_LIB_CONVERSION_MATHTOPOLYNOMIAL_FUNCTIONS_H

#include "FloatBuilder.h"

namespace mlir::attention {

Value buildExp(FloatBuilder &b, Value x);
Value buildExp2(FloatBuilder &b, Value x);
Value buildExpM1(FloatBuilder &b, Value x);
Value buildTanh(FloatBuilder &b, Value x);

Value buildLog(FloatBuilder &b, Value x);
Value buildLog2(FloatBuilder &b, Value x);
Value buildLog10(FloatBuilder &b, Value x);
Value buildLog1P(FloatBuilder &b, Value x);

/// x^y of f32 values, given as f64: what is lost on the way there is less than
/// what f32 has.
Value buildPow(FloatBuilder &b, Value x, Value y);

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_MATHTOPOLYNOMIAL_FUNCTIONS_H
