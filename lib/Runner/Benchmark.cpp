//===- Benchmark.cpp - Timing a function ----------------------------------===//

#include "Attention/Runner/Benchmark.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <chrono>
#include <cmath>
#include <fstream>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <numeric>

using namespace mlir;
using namespace mlir::attention;
using namespace mlir::attention::runner;

llvm::Error runner::parseMinTime(StringRef text, BenchmarkOptions &options) {
  StringRef number = text;
  if (number.consume_back("x")) {
    if (!number.getAsInteger(10, options.iterations) && options.iterations > 0)
      return llvm::Error::success();
  } else {
    number.consume_back("s");
    if (!number.getAsDouble(options.minSeconds) && options.minSeconds >= 0 &&
        std::isfinite(options.minSeconds))
      return llvm::Error::success();
  }
  return makeError("--benchmark_min_time=", text,
                   " is neither seconds (0.5s) nor calls (100x)");
}

double BenchmarkResult::median() const {
  size_t half = seconds.size() / 2;
  return seconds.size() % 2 ? seconds[half]
                            : (seconds[half - 1] + seconds[half]) / 2;
}

double BenchmarkResult::mean() const {
  return std::accumulate(seconds.begin(), seconds.end(), 0.0) / seconds.size();
}

/// Reads a line such as "VmHWM:  1234 kB" of the process's status, in bytes.
static std::optional<uint64_t> readMemoryStatus(StringRef key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    StringRef rest = line;
    uint64_t kilobytes;
    if (!rest.consume_front(key) || !rest.consume_front(":"))
      continue;
    rest = rest.ltrim();
    if (rest.consumeInteger(10, kilobytes))
      return std::nullopt;
    return kilobytes * 1024;
  }
  return std::nullopt;
}

MemoryWatch::MemoryWatch() {
#ifdef __GLIBC__
  // What compiling has freed would be used again unseen.
  malloc_trim(0);
#endif
  // 5 makes the current use the peak.
  std::ofstream("/proc/self/clear_refs") << "5";
  before = readMemoryStatus("VmRSS");
}

MemoryUse MemoryWatch::read() const {
  MemoryUse use;
  use.peak = readMemoryStatus("VmHWM");
  if (before && use.peak)
    use.increase = *use.peak - std::min(*before, *use.peak);
  return use;
}

/// Seconds that `count` calls take together. Freeing results is not timed.
static llvm::Expected<double> timeCalls(Invocation &invocation, int64_t count) {
  using Clock = std::chrono::steady_clock;
  Clock::duration sum{};
  for (int64_t i = 0; i < count; ++i) {
    Clock::time_point start = Clock::now();
    invocation.call();
    sum += Clock::now() - start;
    if (llvm::Error error = invocation.freeResults())
      return std::move(error);
  }
  return std::chrono::duration<double>(sum).count();
}

llvm::Expected<BenchmarkResult>
runner::measure(Invocation &invocation, const BenchmarkOptions &options) {
  BenchmarkResult result;
  llvm::Expected<double> time = timeCalls(invocation, 1);
  if (!time)
    return time.takeError();
  // More and more calls, until they take the least time.
  result.iterations = std::max<int64_t>(options.iterations, 1);
  while (options.iterations == 0) {
    time = timeCalls(invocation, result.iterations);
    if (!time)
      return time.takeError();
    if (*time >= options.minSeconds)
      break;
    double factor = 1.2 * options.minSeconds / std::max(*time, 1e-9);
    result.iterations =
        std::ceil(result.iterations * std::min(std::max(factor, 1.5), 10.0));
  }
  for (unsigned i = 0; i < options.repetitions; ++i) {
    time = timeCalls(invocation, result.iterations);
    if (!time)
      return time.takeError();
    result.seconds.push_back(*time / result.iterations);
  }
  llvm::sort(result.seconds);
  return result;
}

/// Three digits and a unit: "1.23 ms".
static std::string formatSeconds(double seconds) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (seconds < 1e-6)
    os << llvm::format("%.3g ns", seconds * 1e9);
  else if (seconds < 1e-3)
    os << llvm::format("%.3g us", seconds * 1e6);
  else if (seconds < 1)
    os << llvm::format("%.3g ms", seconds * 1e3);
  else
    os << llvm::format("%.3f s", seconds);
  return text;
}

/// The stages of compilation by name.
static std::vector<std::pair<StringRef, double>>
listStages(const CompileTimes &times) {
  return {{"parse", times.parse},
          {"pipeline", times.pipeline},
          {"translate", times.translate},
          {"optimize", times.optimize},
          {"codegen", times.codegen}};
}

void runner::printConsole(llvm::raw_ostream &os, const BenchmarkCase &report) {
  const BenchmarkResult &result = report.result;
  os << "@" << report.function << "(";
  llvm::interleaveComma(report.inputs, os);
  os << "): " << result.seconds.size() << " repetitions of "
     << result.iterations << " calls\n"
     << "time:    minimum " << formatSeconds(result.minimum()) << ", median "
     << formatSeconds(result.median()) << ", mean "
     << formatSeconds(result.mean()) << "\n"
     << "compile: ";
  llvm::interleaveComma(listStages(report.compileTimes), os, [&](auto stage) {
    os << stage.first << " " << formatSeconds(stage.second);
  });
  os << "\n";
  constexpr double mebibyte = 1 << 20;
  const MemoryUse &memory = report.memory;
  if (memory.peak && memory.increase)
    os << "memory:  peak "
       << llvm::format("%.1f MiB, %.1f MiB more than before the first call\n",
                       *memory.peak / mebibyte, *memory.increase / mebibyte);
}

void runner::printJson(llvm::raw_ostream &os, const BenchmarkCase &report,
                       const Machine &machine) {
  const BenchmarkResult &result = report.result;
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("schema", "attention-benchmark-1");
    json.attributeObject("machine", [&] {
      json.attribute("cpu", machine.cpu);
      json.attribute("isa", machine.isa);
      json.attribute("threads", machine.threads);
      json.attribute("vector_bits", machine.vectorBits);
      json.attribute("peak_gflops", machine.peakGflops);
      json.attribute("read_gbs", machine.readGbs);
      json.attribute("commit", machine.commit);
    });
    json.attributeArray("cases", [&] {
      json.object([&] {
        json.attribute("name", report.function);
        json.attribute("file", report.file);
        json.attribute("pipeline", report.pipeline);
        json.attributeArray("inputs", [&] {
          for (const std::string &input : report.inputs)
            json.value(input);
        });
        json.attribute("threads", report.threads);
        json.attribute("seconds_min", result.minimum());
        json.attribute("seconds_median", result.median());
        json.attribute("seconds_mean", result.mean());
        json.attribute("repetitions", int64_t(result.seconds.size()));
        json.attribute("iterations", result.iterations);
        for (auto [stage, seconds] : listStages(report.compileTimes))
          json.attribute(("compile_" + stage + "_seconds").str(), seconds);
        if (report.memory.peak)
          json.attribute("peak_memory_bytes", *report.memory.peak);
        if (report.memory.increase)
          json.attribute("peak_memory_increase_bytes", *report.memory.increase);
      });
    });
  });
  os << "\n";
}
