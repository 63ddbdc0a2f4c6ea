//===- Passes.h - Passes within the attention dialect -----------*- C++ -*-===//
//
// Passes that rewrite attention IR into attention IR; Passes.td documents them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_TRANSFORMS_PASSES_H
#define ATTENTION_DIALECT_ATTENTION_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::attention {
#define GEN_PASS_DECL
#include "Attention/Dialect/Attention/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Attention/Dialect/Attention/Transforms/Passes.h.inc"
} // namespace mlir::attention

#endif // ATTENTION_DIALECT_ATTENTION_TRANSFORMS_PASSES_H
