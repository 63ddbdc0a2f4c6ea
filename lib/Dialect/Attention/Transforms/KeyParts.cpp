//===- KeyParts.cpp - Into how many parts keys are split ------------------===//
//
// parts = min(⌈parallelism / blocks of queries⌉, ⌊keys / least keys⌋)
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/KeyParts.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir;
using namespace mlir::attention;

int64_t attention::chooseMostKeyParts(const TargetFacts &facts,
                                      int64_t numItems) {
  if (ShapedType::isDynamic(numItems) || numItems == 0)
    return 1;
  return llvm::divideCeil(facts.parallelism, numItems);
}

int64_t attention::chooseKeyParts(int64_t numKeys, int64_t mostParts) {
  return std::clamp<int64_t>(numKeys / minPartKeys, 1, mostParts);
}
