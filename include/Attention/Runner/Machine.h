//===- Machine.h - What the measuring machine can do ------------*- C++ -*-===//
//
// Names the processor and measures its peaks, so that a benchmark's times can
// be read as fractions of what was possible.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_MACHINE_H
#define ATTENTION_RUNNER_MACHINE_H

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/Error.h"
#include <string>

namespace mlir::attention::runner {

struct Machine {
  std::string cpu;
  /// The widest vector extension, and extensions for small types:
  /// "avx512+bf16".
  std::string isa;
  unsigned threads;
  /// Of the vectors that the peak is measured with.
  unsigned vectorBits;
  /// Fused multiply-adds of f32 on all threads, two operations each.
  double peakGflops;
  /// Reading memory that is in no cache, on all threads.
  double readGbs;
  /// Of the sources this tool was built from.
  std::string commit;
};

/// The commit of the sources this tool was built from.
StringRef getCommit();

/// The threads a process may use here.
unsigned countProcessors();

/// Takes about a second. `context` knows the upstream dialects. The peak is
/// that of vectors of `vectorBits`, or of the widest ones if 0.
llvm::Expected<Machine> measureMachine(MLIRContext &context, unsigned threads,
                                       unsigned vectorBits = 0);

} // namespace mlir::attention::runner

#endif // ATTENTION_RUNNER_MACHINE_H
