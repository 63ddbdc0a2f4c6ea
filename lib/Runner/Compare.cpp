//===- Compare.cpp - Results against expected ones ------------------------===//

#include "Attention/Runner/Compare.h"
#include "llvm/Support/Format.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::attention;
using namespace mlir::attention::runner;

/// By how much `a` lies farther from `b` than it may: at most 0 if it is as
/// good, infinity if no tolerance could allow it.
static double excess(double a, double b, Tolerance tolerance) {
  if (a == b || (std::isnan(a) && std::isnan(b)))
    return 0;
  if (!std::isfinite(a) || !std::isfinite(b))
    return std::numeric_limits<double>::infinity();
  return std::fabs(a - b) -
         (tolerance.absolute + tolerance.relative * std::fabs(b));
}

std::string runner::compare(const Tensor &result, const Tensor &expected,
                            Tolerance tolerance) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (result.shape() != expected.shape() ||
      isFloat(result.type()) != isFloat(expected.type())) {
    os << "is of type " << result.describe() << ", but the expected one is "
       << expected.describe();
    return text;
  }
  int64_t worst = -1, count = 0;
  double worstExcess = 0;
  for (int64_t i = 0; i < result.size(); ++i) {
    double beyond =
        isFloat(result.type())
            ? excess(result.floatAt(i), expected.floatAt(i), tolerance)
            : std::fabs(double(result.integerAt(i)) -
                        double(expected.integerAt(i)));
    // Integers beyond 2^53 may differ by less than a double can tell.
    if (!isFloat(result.type()) && beyond == 0 &&
        result.integerAt(i) != expected.integerAt(i))
      beyond = 1;
    if (!(beyond > 0))
      continue;
    ++count;
    if (worst >= 0 && beyond <= worstExcess)
      continue;
    worst = i;
    worstExcess = beyond;
  }
  if (count == 0)
    return text;
  os << "differs from the expected one in " << count << " of " << result.size()
     << " elements, worst at " << formatPlace(worst, result.shape()) << ": "
     << formatElement(result.type(), result.element(worst)) << " for "
     << formatElement(expected.type(), expected.element(worst));
  if (isFloat(result.type()))
    os << " ("
       << llvm::format(
              "%g", std::fabs(result.floatAt(worst) - expected.floatAt(worst)))
       << " apart, "
       << llvm::format("%g", tolerance.absolute +
                                 tolerance.relative *
                                     std::fabs(expected.floatAt(worst)))
       << " allowed)";
  return text;
}
