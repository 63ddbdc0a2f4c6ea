//===- CpuDescription.h - A CPU as LLVM knows it ----------------*- C++ -*-===//
//
// Turns a triple, a CPU name and features into facts.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_TARGET_CPUDESCRIPTION_H
#define ATTENTION_LIB_TARGET_CPUDESCRIPTION_H

#include "Attention/Target/TargetFacts.h"
#include "mlir/IR/Location.h"

namespace mlir::attention {

struct CpuDescription {
  TargetFacts facts;
  bool isX86;
};

/// Describes `cpu`, which may be "host", of `triple`, which is this machine's
/// if empty. Emits an error if LLVM does not know what is given.
FailureOr<CpuDescription> describeCpu(StringRef triple, StringRef cpu,
                                      StringRef features, Location loc);

} // namespace mlir::attention

#endif // ATTENTION_LIB_TARGET_CPUDESCRIPTION_H
