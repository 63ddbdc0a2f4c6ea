//===- Passes.h - Passes on linalg around attention -------------*- C++ -*-===//
//
// Passes that rewrite linalg into linalg; Passes.td documents them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_LINALG_TRANSFORMS_PASSES_H
#define ATTENTION_DIALECT_LINALG_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::attention {
#define GEN_PASS_DECL
#include "Attention/Dialect/Linalg/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Attention/Dialect/Linalg/Transforms/Passes.h.inc"
} // namespace mlir::attention

#endif // ATTENTION_DIALECT_LINALG_TRANSFORMS_PASSES_H
