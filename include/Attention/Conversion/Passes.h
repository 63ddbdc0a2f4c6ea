//===- Passes.h - Conversions out of the attention dialect ------*- C++ -*-===//
//
// Registration of every conversion pass; Passes.td documents them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_CONVERSION_PASSES_H
#define ATTENTION_CONVERSION_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::attention {
#define GEN_PASS_DECL
#include "Attention/Conversion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "Attention/Conversion/Passes.h.inc"
} // namespace mlir::attention

#endif // ATTENTION_CONVERSION_PASSES_H
