//===- attention-runner.cpp - Compile, run, compare, measure --------------===//
//
// Compiles a function of an MLIR file in memory and calls it with tensors from
// files or the command line. The flags are iree-run-module's where it has them;
// docs/Formats.md is the reference.
//
//===----------------------------------------------------------------------===//

#include "Attention/InitAll.h"
#include "Attention/Runner/Benchmark.h"
#include "Attention/Runner/Compare.h"
#include "Attention/Runner/CrashReport.h"
#include "Attention/Runner/Heatmap.h"
#include "Attention/Runner/InputSpec.h"
#include "Attention/Runner/Invoke.h"
#include "Attention/Runner/Npy.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"

namespace cl = llvm::cl;
using namespace mlir;
using namespace mlir::attention;
using namespace mlir::attention::runner;

namespace {
/// All options, local to main: --threads is registered by libLLVM too and must
/// be taken from it first.
struct Options {
  cl::OptionCategory running{"Running"};
  cl::OptionCategory results{"Results"};
  cl::OptionCategory measuring{"Measuring"};

  cl::opt<std::string> file{cl::Positional, cl::desc("FILE.mlir"), cl::Required,
                            cl::cat(running)};
  cl::opt<std::string> function{
      "function", cl::value_desc("NAME"), cl::cat(running),
      cl::desc("Function to call; the only public one if left out")};
  cl::list<std::string> inputs{
      "input", cl::value_desc("SPEC"), cl::cat(running),
      cl::desc("An argument, in order: @file.npy, 2x8xf32=1.5 (everywhere), "
               "2x2xf32=1,2,3,4, 8x64xf32=random:SEED (normal), i32=5")};
  cl::opt<std::string> pipeline{
      "pipeline", cl::value_desc("NAME-or-TEXT"), cl::cat(running),
      cl::init("attention-to-llvm{runtime-checks=true}"),
      cl::desc("Pass pipeline on the module that lowers it to the LLVM dialect "
               "(default: attention-to-llvm{runtime-checks=true})")};
  cl::opt<unsigned> optLevel{
      "opt_level", cl::value_desc("N"), cl::cat(running), cl::init(3),
      cl::desc("How far LLVM optimises, 0 to 3 (default: 3); less compiles "
               "sooner and runs slower")};
  cl::opt<unsigned> threads{
      "threads", cl::value_desc("N"), cl::cat(running), cl::init(0),
      cl::desc("Threads for parallel loops (default: OpenMP's choice)")};
  cl::opt<unsigned> vectorBits{
      "vector_bits", cl::value_desc("N"), cl::cat(running), cl::init(0),
      cl::desc("Compile for vectors of N bits though this machine has wider "
               "ones, and measure the peak of these (x86)")};
  cl::opt<bool> verifyEach{
      "verify_each", cl::cat(running),
      cl::desc("Verify the module after every pass of the pipeline, not only "
               "after the last")};
  cl::opt<bool> guardPages{
      "guard_pages", cl::cat(running),
      cl::desc("For tests: place every buffer before an inaccessible page, so "
               "that overruns of generated code are errors")};

  cl::list<std::string> outputs{
      "output", cl::value_desc("DEST"), cl::cat(results),
      cl::desc("Where a result goes, in order: @file.npy, - to print it, or "
               "nothing to drop it")};
  cl::opt<unsigned> maxElements{
      "output_max_element_count", cl::value_desc("N"), cl::cat(results),
      cl::init(1024),
      cl::desc("Elements to print of a result (default: 1024)")};
  cl::list<std::string> expected{
      "expected_output", cl::value_desc("SPEC"), cl::cat(results),
      cl::desc("What a result should be, in order, as for --input, or "
               "(ignored). Exit code 1 if it is not")};
  cl::opt<double> absoluteTolerance{
      "expected_atol", cl::value_desc("X"), cl::cat(results), cl::init(1e-5),
      cl::desc("A float may differ by X + rtol * |expected| (default: 1e-5)")};
  cl::opt<double> relativeTolerance{
      "expected_rtol", cl::value_desc("X"), cl::cat(results), cl::init(1e-5),
      cl::desc("The relative part of what it may differ by (default: 1e-5)")};
  cl::list<std::string> heatmaps{
      "heatmap", cl::value_desc("RESULT[:FILE.svg]"), cl::cat(results),
      cl::desc("Draw a matrix, in the terminal or as an SVG file")};
  cl::opt<std::string> rowLabels{
      "heatmap_row_labels", cl::value_desc("A,B,..."), cl::cat(results),
      cl::desc("Labels of rows as CSV: \"a,b\" is one label")};
  cl::opt<std::string> columnLabels{"heatmap_column_labels",
                                    cl::value_desc("A,B,..."), cl::cat(results),
                                    cl::desc("Labels of columns")};

  cl::opt<bool> benchmark{"benchmark", cl::cat(measuring),
                          cl::desc("Measure how long calls take")};
  cl::opt<unsigned> repetitions{"benchmark_repetitions", cl::value_desc("N"),
                                cl::cat(measuring), cl::init(5),
                                cl::desc("Measurements to take (default: 5)")};
  cl::opt<std::string> minTime{
      "benchmark_min_time", cl::value_desc("Ts or Nx"), cl::cat(measuring),
      cl::init("0.1s"),
      cl::desc("Least time or number of calls of each (default: 0.1s)")};
  enum class Format { Console, Json };
  cl::opt<Format> format{
      "benchmark_format", cl::cat(measuring), cl::init(Format::Console),
      cl::desc("How to report:"),
      cl::values(clEnumValN(Format::Console, "console", "For people"),
                 clEnumValN(Format::Json, "json",
                            "For scripts, with the machine's measured peaks"))};
};
} // namespace

/// More would only be a mistake.
static constexpr unsigned maxThreads = 1024;

static constexpr StringLiteral examples = R"(
EXAMPLES:

  Print what a function makes of random and constant inputs:
    attention-runner attention.mlir --function=f --input=8x64xf32=random:1 \
      --input=16x64xf32=random:2 --input=16x64xf32=0.5

  Compare with a reference that NumPy wrote; the exit code is 1 if it differs:
    attention-runner attention.mlir --input=@q.npy --input=@k.npy \
      --input=@v.npy --expected_output=@reference.npy --expected_atol=1e-4

  Measure, on one thread:
    attention-runner attention.mlir --input=1024x64xf32=random:1 \
      --input=1024x64xf32=random:2 --input=1024x64xf32=random:3 \
      --threads=1 --benchmark --benchmark_min_time=0.5s

docs/Formats.md describes formats, tolerances, types and exit codes.
)";

/// Exit code of results that differ from the expected ones.
static constexpr int exitDiffers = 1;

static void reportError(llvm::Error error) {
  llvm::handleAllErrors(std::move(error), [](const llvm::ErrorInfoBase &info) {
    if (!info.message().empty())
      llvm::errs() << "attention-runner: error: " << info.message() << "\n";
  });
}

/// Reads all inputs for the function's arguments.
static llvm::Expected<SmallVector<Tensor>>
readInputs(ArrayRef<std::string> texts, const Signature &signature,
           Placement placement) {
  SmallVector<Tensor> inputs;
  for (auto [index, text] : llvm::enumerate(texts)) {
    std::optional<ElementType> wanted;
    if (index < signature.arguments.size())
      wanted = signature.arguments[index].elementType;
    std::string name = "input[" + std::to_string(index) + "]";
    llvm::Expected<Tensor> input = parseInput(text, wanted, placement, name);
    if (!input)
      return makeError("--input=", text, ": ",
                       llvm::toString(input.takeError()));
    inputs.push_back(std::move(*input));
  }
  if (llvm::Error error = checkInputs(signature, inputs))
    return std::move(error);
  return inputs;
}

static llvm::Error writeOutputs(const Options &options,
                                ArrayRef<Tensor> results) {
  auto printResult = [&](size_t index) {
    llvm::outs() << "result[" << index << "]: ";
    print(llvm::outs(), results[index], options.maxElements);
    llvm::outs() << "\n";
  };
  if (options.outputs.empty() && options.expected.empty() &&
      options.heatmaps.empty() && !options.benchmark)
    for (size_t index = 0; index < results.size(); ++index)
      printResult(index);
  for (auto [index, text] : llvm::enumerate(options.outputs)) {
    StringRef destination = text;
    if (destination == "-")
      printResult(index);
    else if (destination.consume_front("@")) {
      if (llvm::Error error = writeNpy(destination, results[index]))
        return error;
    } else if (!destination.empty())
      return makeError("--output=", text, " is neither @file.npy nor -");
  }
  return llvm::Error::success();
}

/// Compares results with the expected ones; true if all are as good.
static llvm::Expected<bool> checkExpected(const Options &options,
                                          ArrayRef<Tensor> results) {
  bool isGood = true;
  for (auto [index, text] : llvm::enumerate(options.expected)) {
    if (text == "(ignored)")
      continue;
    llvm::Expected<Tensor> expected = parseInput(text, results[index].type());
    if (!expected)
      return makeError("--expected_output=", text, ": ",
                       llvm::toString(expected.takeError()));
    std::string difference =
        compare(results[index], *expected,
                {options.absoluteTolerance, options.relativeTolerance});
    if (difference.empty())
      continue;
    isGood = false;
    llvm::errs() << "attention-runner: result " << index << " " << difference
                 << "\n";
  }
  if (isGood && !options.expected.empty() && !options.benchmark)
    llvm::outs() << "[SUCCESS] all results are as expected\n";
  return isGood;
}

namespace {
/// What --heatmap asks for: a result, and a file unless it goes to the
/// terminal.
struct HeatmapRequest {
  size_t result;
  std::string file;
};
} // namespace

static llvm::Expected<SmallVector<HeatmapRequest>>
parseHeatmaps(const Options &options, size_t resultCount) {
  SmallVector<HeatmapRequest> requests;
  for (StringRef text : options.heatmaps) {
    StringRef rest = text;
    HeatmapRequest request;
    bool isValid = !rest.consumeInteger(10, request.result);
    if (rest.size() > 1 && rest.consume_front(":"))
      request.file = std::exchange(rest, "").str();
    if (!isValid || !rest.empty())
      return makeError("--heatmap=", text, " is not RESULT or RESULT:FILE.svg");
    if (request.result >= resultCount)
      return makeError("--heatmap=", text, ": there are ", resultCount,
                       " results, counted from 0");
    requests.push_back(std::move(request));
  }
  return requests;
}

static llvm::Error drawHeatmaps(const Options &options,
                                ArrayRef<HeatmapRequest> requests,
                                ArrayRef<Tensor> results) {
  std::vector<std::string> labels[2];
  const cl::opt<std::string> *flags[] = {&options.rowLabels,
                                         &options.columnLabels};
  for (auto [flag, list] : llvm::zip_equal(flags, labels)) {
    if (flag->getNumOccurrences() == 0)
      continue;
    auto parsed = parseLabels(*flag);
    if (!parsed)
      return makeError("--", flag->ArgStr, ": ",
                       llvm::toString(parsed.takeError()));
    list = std::move(*parsed);
  }
  for (const HeatmapRequest &request : requests) {
    auto heatmap = makeHeatmap(results[request.result], labels[0], labels[1]);
    if (!heatmap)
      return makeError("--heatmap=", request.result, ": ",
                       llvm::toString(heatmap.takeError()));
    if (request.file.empty()) {
      drawText(llvm::outs(), *heatmap);
      continue;
    }
    if (llvm::Error error = writeFile(request.file, [&](llvm::raw_ostream &os) {
          drawSvg(os, *heatmap);
        }))
      return error;
  }
  return llvm::Error::success();
}

static llvm::Error runBenchmark(const Options &options,
                                const BenchmarkOptions &benchmarkOptions,
                                const Signature &signature,
                                const CompileTimes &times,
                                Invocation &invocation, const MemoryUse &memory,
                                MLIRContext &context, ArrayRef<Tensor> inputs) {
  auto result = measure(invocation, benchmarkOptions);
  if (!result)
    return result.takeError();
  BenchmarkCase report{options.file,       signature.function,
                       options.pipeline,   {},
                       options.threads,    times,
                       std::move(*result), memory};
  if (report.threads == 0)
    report.threads = countProcessors();
  for (const Tensor &input : inputs)
    report.inputs.push_back(input.describe());
  if (options.format == Options::Format::Console) {
    printConsole(llvm::outs(), report);
    return llvm::Error::success();
  }
  auto machine = measureMachine(context, report.threads, options.vectorBits);
  if (!machine)
    return machine.takeError();
  printJson(llvm::outs(), report, *machine);
  return llvm::Error::success();
}

/// Returns whether results are as expected.
static llvm::Expected<bool> run(const Options &options) {
  DialectRegistry registry;
  mlir::attention::registerAllDialects(registry);
  registerAllToLLVMIRTranslations(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler diagnostics(sources, &context);
  CompileTimes times;
  auto module = parseModule(options.file, context, times);
  if (!module)
    return module.takeError();
  llvm::Expected<Signature> signature =
      prepareFunction(**module, options.function);
  if (!signature)
    return signature.takeError();
  for (auto [flag, count] :
       {std::pair("--output", options.outputs.size()),
        std::pair("--expected_output", options.expected.size())})
    if (count > signature->results.size())
      return makeError(count, " ", flag, " flags for the ",
                       signature->results.size(), " results of @",
                       signature->function);

  auto heatmaps = parseHeatmaps(options, signature->results.size());
  if (!heatmaps)
    return heatmaps.takeError();
  BenchmarkOptions benchmarkOptions;
  benchmarkOptions.repetitions = options.repetitions;
  if (llvm::Error error = parseMinTime(options.minTime, benchmarkOptions))
    return std::move(error);
  if (options.repetitions == 0)
    return makeError("--benchmark_repetitions must be at least 1");
  if (options.threads > maxThreads)
    return makeError("--threads may be at most ", maxThreads);

  if (options.optLevel > 3)
    return makeError("--opt_level=", options.optLevel.getValue(),
                     ": LLVM's levels are 0 to 3");
  if (options.vectorBits.getNumOccurrences())
    if (llvm::Error error = checkVectorBits(options.vectorBits))
      return std::move(error);

  Placement placement =
      options.guardPages ? Placement::Guarded : Placement::Heap;
  auto inputs = readInputs(options.inputs, *signature, placement);
  if (!inputs)
    return inputs.takeError();

  auto compiled =
      compile(**module, *signature,
              {options.pipeline, options.threads, placement, options.vectorBits,
               options.optLevel, options.verifyEach},
              times);
  if (!compiled)
    return compiled.takeError();
  Invocation invocation(*compiled, *signature, *inputs, placement);
  MemoryWatch watch;
  invocation.call();
  MemoryUse memory = watch.read();
  llvm::Expected<SmallVector<Tensor>> results = invocation.takeResults();
  if (!results)
    return results.takeError();
  if (llvm::Error error = writeOutputs(options, *results))
    return std::move(error);
  if (llvm::Error error = drawHeatmaps(options, *heatmaps, *results))
    return std::move(error);
  llvm::Expected<bool> isGood = checkExpected(options, *results);
  if (isGood && *isGood && options.benchmark)
    if (llvm::Error error =
            runBenchmark(options, benchmarkOptions, *signature, times,
                         invocation, memory, context, *inputs))
      return std::move(error);
  return isGood;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::InitializeNativeTargetAsmParser();
  installFatalErrorHandler();
  mlir::attention::registerAllPasses();

  if (cl::Option *threads = cl::getRegisteredOptions().lookup("threads"))
    threads->removeArgument();
  Options options;
  cl::extrahelp help(examples);
  cl::AddExtraVersionPrinter([](llvm::raw_ostream &os) {
    os << "attention-runner, commit " << getCommit() << "\n";
  });
  cl::HideUnrelatedOptions(
      {&options.running, &options.results, &options.measuring});
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          "compiles a function of an MLIR file in memory and calls it\n",
          &llvm::errs()))
    return exitFailure;

  llvm::Expected<bool> isGood = run(options);
  if (!isGood) {
    reportError(isGood.takeError());
    return exitFailure;
  }
  return *isGood ? 0 : exitDiffers;
}
