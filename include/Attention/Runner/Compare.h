//===- Compare.h - Results against expected ones ----------------*- C++ -*-===//
//
// One rule for all floats: a is as good as b where |a - b| <= atol + rtol |b|,
// where they are equal (infinities too), and where both are NaN. Integers and
// booleans must be equal.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_COMPARE_H
#define ATTENTION_RUNNER_COMPARE_H

#include "Attention/Runner/Tensor.h"

namespace mlir::attention::runner {

struct Tolerance {
  double absolute;
  double relative;
};

/// Says how `result` differs from `expected`: the worst element, its place and
/// both values. Empty if it does not. The expected floats may be of another
/// float type, and integers of another integer type.
std::string compare(const Tensor &result, const Tensor &expected,
                    Tolerance tolerance);

} // namespace mlir::attention::runner

#endif // ATTENTION_RUNNER_COMPARE_H
