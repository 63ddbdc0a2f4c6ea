//===- Npy.h - Reading and writing .npy files -------------------*- C++ -*-===//
//
// NumPy's file format, versions 1.0 to 3.0 (numpy.lib.format).
//
// It is read by a small strict parser of our own because files may be truncated
// or hostile, which the packaged xtensor reader (xnpy) does not withstand: see
// Npy.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_NPY_H
#define ATTENTION_RUNNER_NPY_H

#include "Attention/Runner/Tensor.h"

namespace mlir::attention::runner {

/// Reads a file. Where its element type can stand for `wanted` (a two-byte
/// word for bf16, a byte for i1, an unsigned integer for a signless one), the
/// tensor is of that type; otherwise of the file's own.
llvm::Expected<Tensor> readNpy(StringRef path,
                               std::optional<ElementType> wanted,
                               Placement placement = Placement::Heap,
                               StringRef name = "");

/// Writes a file of version 1.0; bf16 as '<V2'.
llvm::Error writeNpy(StringRef path, const Tensor &tensor);

} // namespace mlir::attention::runner

#endif // ATTENTION_RUNNER_NPY_H
