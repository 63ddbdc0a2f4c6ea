//===- Runtime.cpp - What generated code is linked to ---------------------===//

#include "Attention/Runner/Runtime.h"
#include "Attention/Runner/CrashReport.h"
#include "Attention/Runner/GuardedHeap.h"
#include "llvm/ExecutionEngine/Orc/Shared/ExecutorSymbolDef.h"
#include <cstdlib>
#include <dlfcn.h>

using namespace mlir;
using namespace mlir::attention;
using namespace mlir::attention::runner;

/// Symbols whose definitions are ours. All memref lowerings find their
/// allocation functions here, whatever memory that is.
static llvm::StringMap<void *> getOwnSymbols(Placement placement) {
  auto address = [](auto *function) {
    return reinterpret_cast<void *>(function);
  };
  llvm::StringMap<void *> symbols;
  symbols["puts"] = address(attentionPuts);
  symbols["abort"] = address(attentionAbort);
  bool isGuarded = placement == Placement::Guarded;
  void *allocate = isGuarded ? address(guarded::attentionGuardedMalloc)
                             : address(std::malloc);
  void *allocateAligned = isGuarded
                              ? address(guarded::attentionGuardedAlignedAlloc)
                              : address(std::aligned_alloc);
  void *release =
      isGuarded ? address(guarded::attentionGuardedFree) : address(std::free);
  for (StringRef prefix : {"", "_mlir_memref_to_llvm_"})
    for (auto [name, function] :
         {std::pair(prefix.empty() ? "malloc" : "alloc", allocate),
          std::pair("aligned_alloc", allocateAligned),
          std::pair("free", release)})
      symbols[(prefix + name).str()] = function;
  return symbols;
}

/// Loads a library into the process, where the engine looks for symbols.
static bool loadLibrary(StringRef name) {
  std::string path = (ATTENTION_LLVM_LIBRARY_DIR "/" + name).str();
  return dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) ||
         dlopen(name.str().c_str(), RTLD_NOW | RTLD_GLOBAL);
}

llvm::Error runner::provideRuntime(ExecutionEngine &engine,
                                   ArrayRef<std::string> symbols,
                                   const CompileOptions &options) {
  llvm::StringMap<void *> own = getOwnSymbols(options.placement);
  engine.registerSymbols([&](llvm::orc::MangleAndInterner interner) {
    llvm::orc::SymbolMap map;
    for (auto &entry : own)
      map[interner(entry.getKey())] = {
          llvm::orc::ExecutorAddr::fromPtr(entry.getValue()),
          llvm::JITSymbolFlags::Exported};
    return map;
  });

  auto isMissing = [&](const std::string &symbol) {
    return !own.count(symbol) && !dlsym(RTLD_DEFAULT, symbol.c_str());
  };
  // The code generator itself may call for conversions of small floats.
  loadLibrary("libmlir_float16_utils.so");
  for (StringRef library :
       {"libomp.so", "libmlir_c_runner_utils.so", "libmlir_runner_utils.so"})
    if (llvm::any_of(symbols, isMissing))
      loadLibrary(library);

  std::string missing;
  for (const std::string &symbol : llvm::make_filter_range(symbols, isMissing))
    missing += (missing.empty() ? "" : ", ") + symbol;
  if (!missing.empty())
    return makeError("nothing defines what the code calls: ", missing);

  // dlsym finds it where libomp has been loaded, that is, needed.
  if (auto *setThreads = reinterpret_cast<void (*)(int)>(
          dlsym(RTLD_DEFAULT, "omp_set_num_threads")))
    if (options.threads > 0)
      setThreads(options.threads);
  // OpenMP keeps its threads: those that run this will run the function.
  auto provideStack = [](void *) { provideHandlerStack(); };
  using Region = void (*)(void *);
  if (auto *runOnAllThreads =
          reinterpret_cast<void (*)(Region, void *, unsigned, unsigned)>(
              dlsym(RTLD_DEFAULT, "GOMP_parallel")))
    runOnAllThreads(provideStack, nullptr, /*num_threads=*/0, /*flags=*/0);
  return llvm::Error::success();
}
