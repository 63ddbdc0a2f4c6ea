//===- Runtime.h - What generated code is linked to -------------*- C++ -*-===//
//
// Generated code calls the C library, MLIR's runtime libraries and, if it has
// parallel loops, OpenMP's. They are loaded when code needs them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_RUNTIME_H
#define ATTENTION_RUNNER_RUNTIME_H

#include "Attention/Runner/Compile.h"

namespace mlir::attention::runner {

/// Makes `symbols`, which the engine's code leaves undefined, known to it, and
/// sets the number of threads. An error names the symbols that nobody has.
llvm::Error provideRuntime(ExecutionEngine &engine,
                           ArrayRef<std::string> symbols,
                           const CompileOptions &options);

} // namespace mlir::attention::runner

#endif // ATTENTION_RUNNER_RUNTIME_H
