//===- Passes.h - Passes on parallel loops ----------------------*- C++ -*-===//
//
// Registration of the passes on parallel loops; Passes.td documents them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_PARALLEL_PASSES_H
#define ATTENTION_PARALLEL_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::attention {
#define GEN_PASS_DECL
#include "Attention/Parallel/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Attention/Parallel/Passes.h.inc"
} // namespace mlir::attention

#endif // ATTENTION_PARALLEL_PASSES_H
