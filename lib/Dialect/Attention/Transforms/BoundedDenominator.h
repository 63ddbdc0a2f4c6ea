//===- BoundedDenominator.h - Quotients that may be added up ----*- C++ -*-===//
//
// What attention-rewrite-scores says of its quotients, and
// attention-share-divisions reads.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BOUNDEDDENOMINATOR_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BOUNDEDDENOMINATOR_H

#include "llvm/ADT/StringRef.h"

namespace mlir::attention {

/// The unit attribute of an arith.divf whose denominator lies between 1 and the
/// fourth root of the largest number, and whose numerator is no larger than
/// that: sums of four such quotients may be computed by one division
/// (attention-share-divisions).
inline llvm::StringRef getBoundedDenominatorName() {
  return "attention.bounded_denominator";
}

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BOUNDEDDENOMINATOR_H
