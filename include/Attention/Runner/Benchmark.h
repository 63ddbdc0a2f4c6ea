//===- Benchmark.h - Timing a function --------------------------*- C++ -*-===//
//
// Repetitions of as many calls as take a least time, as Google Benchmark does,
// and what they come to: for people, and as JSON for scripts.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_BENCHMARK_H
#define ATTENTION_RUNNER_BENCHMARK_H

#include "Attention/Runner/Invoke.h"
#include "Attention/Runner/Machine.h"

namespace mlir::attention::runner {

struct BenchmarkOptions {
  unsigned repetitions = 5;
  /// The least time of a repetition, unless it has a number of calls.
  double minSeconds = 0.1;
  int64_t iterations = 0;
};

/// Parses "0.5s", "0.5" (seconds) or "100x" (calls) as Google Benchmark does.
llvm::Error parseMinTime(StringRef text, BenchmarkOptions &options);

/// The most memory that the process held during something, and how much more
/// that is than before, in bytes; nothing where the system does not tell.
struct MemoryUse {
  std::optional<uint64_t> peak, increase;
};

/// Watches this process's memory from its construction on.
class MemoryWatch {
public:
  MemoryWatch();
  MemoryUse read() const;

private:
  std::optional<uint64_t> before;
};

struct BenchmarkResult {
  /// Seconds a call, one a repetition, in ascending order.
  std::vector<double> seconds;
  int64_t iterations;
  double minimum() const { return seconds.front(); }
  double median() const;
  double mean() const;
};

/// Calls the function once to warm up, then measures.
llvm::Expected<BenchmarkResult> measure(Invocation &invocation,
                                        const BenchmarkOptions &options);

/// What was measured, for reports.
struct BenchmarkCase {
  std::string file, function, pipeline;
  std::vector<std::string> inputs;
  unsigned threads;
  CompileTimes compileTimes;
  BenchmarkResult result;
  /// Of the first call.
  MemoryUse memory;
};

void printConsole(llvm::raw_ostream &os, const BenchmarkCase &report);
void printJson(llvm::raw_ostream &os, const BenchmarkCase &report,
               const Machine &machine);

} // namespace mlir::attention::runner

#endif // ATTENTION_RUNNER_BENCHMARK_H
