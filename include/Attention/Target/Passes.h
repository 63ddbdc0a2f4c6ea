//===- Passes.h - Passes that say what IR is compiled for -------*- C++ -*-===//
//
// Registration of the passes on targets; Passes.td documents them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_TARGET_PASSES_H
#define ATTENTION_TARGET_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::attention {
#define GEN_PASS_DECL
#include "Attention/Target/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Attention/Target/Passes.h.inc"
} // namespace mlir::attention

#endif // ATTENTION_TARGET_PASSES_H
