//===- Machine.cpp - What the measuring machine can do --------------------===//
//
// The peak is that of code from our own compiler, so that the widest vectors of
// any processor are used though this tool is built for the oldest one.
//
//===----------------------------------------------------------------------===//

#include "Attention/Runner/Machine.h"
#include "Attention/Runner/Invoke.h"
#include "Commit.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include <chrono>
#include <cmath>
#include <fstream>
#include <numeric>
#include <sched.h>
#include <thread>
#include <unistd.h>

using namespace mlir;
using namespace mlir::attention;
using namespace mlir::attention::runner;

StringRef runner::getCommit() { return ATTENTION_COMMIT; }

unsigned runner::countProcessors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set))
    return std::max(1u, std::thread::hardware_concurrency());
  return CPU_COUNT(&set);
}

static std::string getCpuName() {
  std::string name = llvm::sys::getHostCPUName().str();
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (StringRef(line).starts_with("model name"))
      return StringRef(line).split(':').second.trim().str() + " (" + name + ")";
  return name;
}

static std::string getIsa(const llvm::StringMap<bool> &features) {
  std::string isa = "baseline";
  for (auto [feature, name] :
       {std::pair("sve", "sve"), std::pair("avx512f", "avx512"),
        std::pair("avx2", "avx2"), std::pair("avx", "avx"),
        std::pair("neon", "neon"), std::pair("sse2", "sse2")})
    if (features.lookup(feature)) {
      isa = name;
      break;
    }
  for (auto [feature, name] :
       {std::pair("avx512bf16", "+bf16"), std::pair("bf16", "+bf16"),
        std::pair("avx512fp16", "+fp16"), std::pair("avx512vnni", "+vnni"),
        std::pair("amx-tile", "+amx")})
    if (features.lookup(feature))
      isa += name;
  return isa;
}

/// The shortest time in which all threads do `work(thread)`, of several tries.
static double timeThreads(unsigned threads,
                          llvm::function_ref<void(unsigned)> work) {
  double best = INFINITY;
  for (int attempt = 0; attempt < 8; ++attempt) {
    auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> others;
    for (unsigned i = 1; i < threads; ++i)
      others.emplace_back([&work, i] { work(i); });
    work(0);
    for (std::thread &other : others)
      other.join();
    best = std::min(best, std::chrono::duration<double>(
                              std::chrono::steady_clock::now() - start)
                              .count());
  }
  return best;
}

/// Independent chains of multiply-adds: enough to fill two pipelines of four
/// stages, and few enough for sixteen registers.
static constexpr int chains = 12;

/// The IR of a function that does `%count` rounds of them on vectors of
/// `lanes`.
static std::string buildPeakLoop(unsigned lanes) {
  std::string text;
  llvm::raw_string_ostream os(text);
  std::string type = "vector<" + std::to_string(lanes) + "xf32>";
  os << "func.func @peak(%count: index, %x: f32) -> f32 {\n"
     << "%v = vector.broadcast %x : f32 to " << type << "\n"
     << "%zero = arith.constant 0 : index\n%one = arith.constant 1 : index\n";
  // Equal chains would be computed once.
  for (int i = 0; i < chains; ++i)
    os << "%v" << i << " = arith.constant dense<" << i << ".0> : " << type
       << "\n";
  os << "%r:" << chains
     << " = scf.for %i = %zero to %count step %one iter_args(";
  llvm::interleaveComma(llvm::seq(chains), os,
                        [&](int i) { os << "%a" << i << " = %v" << i; });
  os << ") -> (";
  llvm::interleaveComma(llvm::seq(chains), os, [&](int) { os << type; });
  os << ") {\n";
  for (int i = 0; i < chains; ++i)
    os << "%n" << i << " = math.fma %a" << i << ", %v, %v : " << type << "\n";
  os << "scf.yield ";
  llvm::interleaveComma(llvm::seq(chains), os, [&](int i) { os << "%n" << i; });
  os << " : ";
  llvm::interleaveComma(llvm::seq(chains), os, [&](int) { os << type; });
  os << "\n}\n%s0 = arith.constant 0.0 : f32\n";
  for (int i = 0; i < chains; ++i)
    os << "%s" << i + 1 << " = vector.reduction <add>, %r#" << i << ", %s" << i
       << " : " << type << " into f32\n";
  os << "return %s" << chains << " : f32\n}\n";
  return text;
}

static llvm::Expected<double>
measurePeak(MLIRContext &context, unsigned threads, unsigned vectorBits) {
  unsigned lanes = (vectorBits ? vectorBits : getWidestVectorBits()) / 32;
  auto module = parseSourceString<ModuleOp>(buildPeakLoop(lanes), &context);
  if (!module)
    return makeError("the loop that measures the peak does not parse");
  llvm::Expected<Signature> signature = prepareFunction(*module, "peak");
  if (!signature)
    return signature.takeError();
  CompileOptions options;
  options.vectorBits = vectorBits;
  options.pipeline =
      "convert-scf-to-cf,convert-vector-to-llvm,convert-math-to-llvm,"
      "convert-func-to-llvm,convert-arith-to-llvm,convert-cf-to-llvm,"
      "convert-index-to-llvm,reconcile-unrealized-casts";
  CompileTimes times;
  auto compiled = compile(*module, *signature, options, times);
  if (!compiled)
    return compiled.takeError();

  constexpr int64_t rounds = 2'000'000;
  auto work = [&](unsigned) {
    int64_t count = rounds;
    float factor = 0.5f, sum;
    void *arguments[] = {&count, &factor, &sum};
    compiled->entry(arguments);
  };
  double seconds = timeThreads(threads, work);
  return 2.0 * threads * rounds * chains * lanes / seconds * 1e-9;
}

static llvm::Expected<double> measureRead(unsigned threads) {
  // Four times the last cache, in so far as the system knows it.
  long cache = std::max(sysconf(_SC_LEVEL3_CACHE_SIZE), 1L << 26);
  long memory = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
  size_t words = std::min({4 * cache, memory / 4, 1L << 30}) / sizeof(uint64_t);
  llvm::Expected<Tensor> tensor =
      Tensor::create(ElementType::I64, {int64_t(words)});
  if (!tensor)
    return tensor.takeError();
  auto *data = reinterpret_cast<const uint64_t *>(tensor->data());
  size_t share = words / threads;
  std::vector<uint64_t> sums(threads);
  auto work = [&](unsigned thread) {
    const uint64_t *start = data + thread * share;
    sums[thread] += std::accumulate(start, start + share, uint64_t(0));
  };
  double seconds = timeThreads(threads, work);
  // Zeros were summed; that nobody would look at the sum must not be known.
  volatile uint64_t sink =
      std::accumulate(sums.begin(), sums.end(), uint64_t(0));
  (void)sink;
  return threads * share * sizeof(uint64_t) / seconds * 1e-9;
}

llvm::Expected<Machine> runner::measureMachine(MLIRContext &context,
                                               unsigned threads,
                                               unsigned vectorBits) {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  if (vectorBits && vectorBits < 512)
    for (auto &feature : features)
      if (feature.getKey().starts_with("avx512"))
        feature.second = false;
  Machine machine;
  machine.cpu = getCpuName();
  machine.isa = getIsa(features);
  machine.threads = threads;
  machine.vectorBits = vectorBits ? vectorBits : getWidestVectorBits();
  machine.commit = getCommit();
  llvm::Expected<double> peak = measurePeak(context, threads, vectorBits);
  if (!peak)
    return peak.takeError();
  machine.peakGflops = *peak;
  llvm::Expected<double> read = measureRead(threads);
  if (!read)
    return read.takeError();
  machine.readGbs = *read;
  return machine;
}
