//===- InputSpec.h - Tensors written on the command line --------*- C++ -*-===//
//
// The texts that --input and --expected_output take; docs/Formats.md has their
// grammar.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_INPUTSPEC_H
#define ATTENTION_RUNNER_INPUTSPEC_H

#include "Attention/Runner/Tensor.h"

namespace mlir::attention::runner {

/// Makes the tensor that `text` describes: @file.npy, or TYPE=VALUES. A file is
/// read as `wanted` where its elements can stand for that.
llvm::Expected<Tensor> parseInput(StringRef text,
                                  std::optional<ElementType> wanted,
                                  Placement placement = Placement::Heap,
                                  StringRef name = "");

} // namespace mlir::attention::runner

#endif // ATTENTION_RUNNER_INPUTSPEC_H
