//===- Compile.cpp - From a file of IR to a function to call --------------===//

#include "Attention/Runner/Compile.h"
#include "Attention/Runner/Invoke.h"
#include "Attention/Runner/Runtime.h"
#include "Attention/Target/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <chrono>

using namespace mlir;
using namespace mlir::attention;
using namespace mlir::attention::runner;

namespace {
/// Adds the time from its construction to its destruction to a sum.
class StageTimer {
public:
  explicit StageTimer(double &sum)
      : sum(sum), start(std::chrono::steady_clock::now()) {}
  ~StageTimer() {
    sum +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count();
  }

private:
  double &sum;
  std::chrono::steady_clock::time_point start;
};

/// Sees whether MLIR reported errors while it lives.
class DiagnosticWatch {
public:
  explicit DiagnosticWatch(MLIRContext &context)
      : handler(&context, [this](Diagnostic &diagnostic) {
          hasErrors |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
          // Not handled: the next handler prints it.
          return failure();
        }) {}

  /// An error, empty if diagnostics have said already what is wrong.
  template <typename... Parts>
  llvm::Error makeErrorUnlessReported(const Parts &...parts) const {
    return hasErrors ? makeError("") : makeError(parts...);
  }

private:
  bool hasErrors = false;
  ScopedDiagnosticHandler handler;
};
} // namespace

llvm::Expected<OwningOpRef<ModuleOp>>
runner::parseModule(StringRef path, MLIRContext &context, CompileTimes &times) {
  StageTimer timer(times.parse);
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> file = openInputFile(path, &message);
  if (!file)
    return makeError(message);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(file), llvm::SMLoc());
  SourceMgrDiagnosticHandler handler(sources, &context);
  DiagnosticWatch watch(context);
  auto module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return watch.makeErrorUnlessReported("'", path, "' does not parse");
  return module;
}

/// The type the runner can pass for `type`, or nothing.
static std::optional<ValueType> convertType(Type type) {
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (!tensorType) {
    std::optional<ElementType> scalar = convertElementType(type);
    if (!scalar)
      return std::nullopt;
    return ValueType{/*isScalar=*/true, *scalar, {}};
  }
  std::optional<ElementType> element =
      convertElementType(tensorType.getElementType());
  if (!element || tensorType.getEncoding())
    return std::nullopt;
  return ValueType{/*isScalar=*/false, *element,
                   SmallVector<int64_t>(tensorType.getShape())};
}

/// Converts the types of arguments or results.
static llvm::Error convertTypes(StringRef function, StringRef kind,
                                TypeRange types,
                                SmallVectorImpl<ValueType> &converted) {
  for (auto [index, type] : llvm::enumerate(types)) {
    std::optional<ValueType> value = convertType(type);
    if (isa<BaseMemRefType>(type))
      return makeError("@", function, " has ", kind, " ", index, " of type ",
                       type,
                       "; the runner passes tensors and scalars, not "
                       "memrefs");
    if (!value)
      return makeError("@", function, " has ", kind, " ", index, " of type ",
                       type,
                       ", which the runner cannot pass: ranked tensors "
                       "and scalars of f16, bf16, f32, f64, i1, i8, i32, i64 "
                       "and index are known");
    converted.push_back(*value);
  }
  return llvm::Error::success();
}

/// Finds the function to run.
static llvm::Expected<func::FuncOp> findFunction(ModuleOp module,
                                                 StringRef name) {
  std::string candidates;
  SmallVector<func::FuncOp> functions;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    if (!name.empty() && function.getName() == name)
      return function;
    if (name.empty() && !function.isPublic())
      continue;
    functions.push_back(function);
    candidates += (candidates.empty() ? "@" : ", @") + function.getName().str();
  }
  if (!name.empty())
    return makeError("there is no function @", name, "; the module has ",
                     candidates.empty() ? "none" : candidates);
  if (functions.empty())
    return makeError("the module has no public function with a body");
  if (functions.size() > 1)
    return makeError("the module has several functions; choose one by "
                     "--function: ",
                     candidates);
  return functions.front();
}

llvm::Expected<Signature> runner::prepareFunction(ModuleOp module,
                                                  StringRef name) {
  llvm::Expected<func::FuncOp> function = findFunction(module, name);
  if (!function)
    return function.takeError();
  Signature signature;
  signature.function = function->getName().str();
  FunctionType type = function->getFunctionType();
  if (llvm::Error error = convertTypes(signature.function, "argument",
                                       type.getInputs(), signature.arguments))
    return std::move(error);
  if (llvm::Error error = convertTypes(signature.function, "result",
                                       type.getResults(), signature.results))
    return std::move(error);

  for (auto other : module.getOps<func::FuncOp>())
    other.setPrivate();
  function->setPublic();

  Builder builder(module.getContext());
  (*function)->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                       builder.getUnitAttr());
  // Otherwise bufferisation may reuse the memory of inputs.
  for (auto [index, value] : llvm::enumerate(signature.arguments))
    if (!value.isScalar)
      function->setArgAttr(index, "bufferization.writable",
                           builder.getBoolAttr(false));
  return signature;
}

/// Takes "builtin.module(...)" off a pipeline, if that is all of it.
static StringRef stripModuleAnchor(StringRef pipeline) {
  StringRef inner = pipeline.trim();
  if (!inner.consume_front("builtin.module(") || !inner.consume_back(")"))
    return pipeline;
  int depth = 0;
  for (char c : inner) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (depth < 0)
      return pipeline;
  }
  return inner;
}

static llvm::Error parsePipeline(StringRef pipeline, PassManager &manager) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (failed(parsePassPipeline(stripModuleAnchor(pipeline), manager, stream))) {
    // Of MLIR's message, what it says and not where in the text.
    StringRef message =
        StringRef(text).take_until([](char c) { return c == '\n'; });
    message = message.substr(message.rfind("error: ") == StringRef::npos
                                 ? 0
                                 : message.rfind("error: ") + 7);
    return makeError("--pipeline is neither a registered pipeline nor the "
                     "text of one: ",
                     message);
  }
  return llvm::Error::success();
}

/// Makes allocations end where their buffers do, but for rounding up to their
/// alignment; plain ones are longer than that by the alignment.
static llvm::Error allocateTightly(PassManager &manager) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  manager.printAsTextualPipeline(stream);
  for (StringRef option : {"use-aligned-alloc", "use-generic-functions"}) {
    std::string off = (option + "=false").str();
    for (size_t at; (at = text.find(off)) != std::string::npos;)
      text.replace(at, off.size(), (option + "=true").str());
  }
  manager.clear();
  return parsePipeline(text, manager);
}

/// The change of features that leaves no vectors wider than `vectorBits` but
/// those of AVX2: without its multiply-adds 128 bits would not be the same
/// thing in small. All other AVX-512 features build on this one.
static StringRef getFeaturesForVectors(unsigned vectorBits) {
  bool isX86 = llvm::Triple(llvm::sys::getProcessTriple()).isX86();
  return isX86 && vectorBits && vectorBits < 512 ? "-avx512f" : "";
}

unsigned runner::getWidestVectorBits() {
  auto features = llvm::sys::getHostCPUFeatures();
  return features.lookup("avx512f") ? 512 : features.lookup("avx") ? 256 : 128;
}

llvm::Error runner::checkVectorBits(unsigned vectorBits) {
  unsigned widest = getWidestVectorBits();
  if (!llvm::isPowerOf2_32(vectorBits) || vectorBits < 128 ||
      vectorBits > widest)
    return makeError("--vector_bits=", vectorBits,
                     ": this machine's vectors have ",
                     widest > 128 ? "128 to " : "", widest, " bits");
  return llvm::Error::success();
}

static llvm::Error runPipeline(ModuleOp module, const CompileOptions &options) {
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  manager.enableVerifier(options.verifyEach);
  // What the function does not need is not compiled.
  manager.addPass(createSymbolDCEPass());
  if (options.vectorBits) {
    AttentionSetTargetOptions target;
    target.vectorBits = options.vectorBits;
    target.features = getFeaturesForVectors(options.vectorBits);
    manager.addPass(createAttentionSetTarget(target));
  }
  if (llvm::Error error = parsePipeline(options.pipeline, manager))
    return error;
  if (options.placement == Placement::Guarded)
    if (llvm::Error error = allocateTightly(manager))
      return error;
  DiagnosticWatch watch(*module.getContext());
  if (failed(manager.run(module)) || failed(verify(module)))
    return watch.makeErrorUnlessReported("the pipeline failed");
  return llvm::Error::success();
}

/// Sees that the pipeline left a function that can be called by the signature.
/// Calling anything else would be a crash.
static llvm::Error checkLowered(ModuleOp module, const Signature &signature) {
  auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(signature.function);
  auto wrapper = module.lookupSymbol<LLVM::LLVMFuncOp>("_mlir_ciface_" +
                                                       signature.function);
  if (!function || !wrapper || function.isExternal())
    return makeError("the pipeline did not lower @", signature.function,
                     " to the LLVM dialect");
  MLIRContext *context = module.getContext();
  Type result = getLoweredResultType(context, signature.results);
  SmallVector<Type> arguments;
  for (const ValueType &argument : signature.arguments)
    appendLoweredArgumentTypes(context, argument, arguments);
  if (function.getFunctionType() !=
      LLVM::LLVMFunctionType::get(result, arguments))
    return makeError("the pipeline lowered @", signature.function,
                     " to a function of type ", function.getFunctionType(),
                     ", which is not how the runner calls it: see "
                     "docs/Formats.md on pipelines");
  return llvm::Error::success();
}

/// The engine wraps every function to take its arguments from memory: removes
/// the wrappers but `entry`, and leaves unoptimised what the module is entered
/// by, where LLVM's scheduler takes time that is the square of the arguments.
static void trimWrappers(llvm::Module &module, StringRef entry) {
  for (llvm::Function &wrapper : llvm::make_early_inc_range(module)) {
    StringRef wrapped = wrapper.getName();
    if (wrapper.isDeclaration() || !wrapped.consume_front("_mlir_"))
      continue;
    if (wrapped == entry || wrapper.getName() == entry) {
      wrapper.addFnAttr(llvm::Attribute::NoInline);
      wrapper.addFnAttr(llvm::Attribute::OptimizeNone);
    } else if (module.getFunction(wrapped) && wrapper.use_empty()) {
      wrapper.eraseFromParent();
    }
  }
}

/// Functions and variables that the module needs from elsewhere.
static SmallVector<std::string> collectUndefinedSymbols(llvm::Module &module) {
  SmallVector<std::string> symbols;
  for (llvm::GlobalObject &object : module.global_objects()) {
    auto *function = dyn_cast<llvm::Function>(&object);
    if (object.isDeclaration() && !object.use_empty() &&
        !(function && function->isIntrinsic()))
      symbols.push_back(object.getName().str());
  }
  return symbols;
}

llvm::Expected<CompiledFunction> runner::compile(ModuleOp module,
                                                 const Signature &signature,
                                                 const CompileOptions &options,
                                                 CompileTimes &times) {
  {
    StageTimer timer(times.pipeline);
    if (llvm::Error error = runPipeline(module, options))
      return std::move(error);
  }
  if (llvm::Error error = checkLowered(module, signature))
    return std::move(error);

  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    return builder.takeError();
  llvm::CodeGenOptLevel codegenLevel =
      *llvm::CodeGenOpt::getLevel(options.optLevel);
  builder->setCodeGenOptLevel(codegenLevel);
  StringRef features = getFeaturesForVectors(options.vectorBits);
  if (!features.empty())
    builder->addFeatures({features.str()});
  auto machine = builder->createTargetMachine();
  if (!machine)
    return machine.takeError();

  // The engine aborts on an error from the transformer: keep it here instead.
  auto optimize = makeOptimizingTransformer(options.optLevel, /*sizeLevel=*/0,
                                            machine->get());
  llvm::Error optimizeError = llvm::Error::success();
  SmallVector<std::string> undefinedSymbols;
  std::string entryName = "_mlir_ciface_" + signature.function;
  auto transform = [&](llvm::Module *llvmModule) -> llvm::Error {
    StageTimer timer(times.optimize);
    trimWrappers(*llvmModule, entryName);
    optimizeError =
        llvm::joinErrors(std::move(optimizeError), optimize(llvmModule));
    undefinedSymbols = collectUndefinedSymbols(*llvmModule);
    return llvm::Error::success();
  };

  ExecutionEngineOptions engineOptions;
  engineOptions.transformer = transform;
  engineOptions.jitCodeGenOptLevel = codegenLevel;
  CompiledFunction compiled;
  DiagnosticWatch watch(*module.getContext());
  {
    StageTimer timer(times.translate);
    auto engine =
        ExecutionEngine::create(module, engineOptions, std::move(*machine));
    if (!engine) {
      std::string message = llvm::toString(engine.takeError());
      return llvm::joinErrors(std::move(optimizeError),
                              watch.makeErrorUnlessReported(message));
    }
    compiled.engine = std::move(*engine);
  }
  times.translate -= times.optimize;
  if (optimizeError)
    return std::move(optimizeError);

  if (llvm::Error error =
          provideRuntime(*compiled.engine, undefinedSymbols, options))
    return std::move(error);
  StageTimer timer(times.codegen);
  auto entry = compiled.engine->lookupPacked(entryName);
  if (!entry)
    return makeError("the code of @", signature.function,
                     " cannot be linked: ", llvm::toString(entry.takeError()));
  compiled.entry = *entry;
  // Only after the lookup: it aborts where symbols are missing.
  compiled.engine->initialize();
  return compiled;
}
