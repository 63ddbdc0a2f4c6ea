//===- Compile.h - From a file of IR to a function to call ------*- C++ -*-===//
//
// Parses and verifies a module, finds the function to run, runs a pass pipeline
// and compiles what comes out for this machine, each with the time it takes.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_COMPILE_H
#define ATTENTION_RUNNER_COMPILE_H

#include "Attention/Runner/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace mlir::attention::runner {

/// The type of an argument or a result.
struct ValueType {
  bool isScalar;
  ElementType elementType;
  /// ShapedType::kDynamic where any size will do; empty for scalars.
  SmallVector<int64_t> shape;

  std::string describe() const { return formatType(shape, elementType); }
};

struct Signature {
  std::string function;
  SmallVector<ValueType> arguments, results;
};

/// Seconds each stage took.
struct CompileTimes {
  double parse = 0, pipeline = 0, translate = 0, optimize = 0, codegen = 0;
};

struct CompileOptions {
  /// A registered pipeline or the text of one, on the module.
  std::string pipeline;
  /// How many threads generated code may use; its runtime decides if 0.
  unsigned threads = 0;
  /// Allocations of generated code lie before guard pages.
  Placement placement = Placement::Heap;
  /// Vectors to compile for where narrower than the machine's, or 0.
  unsigned vectorBits = 0;
  /// LLVM's optimisation and code generation, 0 to 3 as in -O0 to -O3.
  unsigned optLevel = 3;
  /// Verify the module after every pass and not only after the last, which
  /// would take half of a pipeline's time.
  bool verifyEach = false;
};

/// Bits of this machine's widest vectors.
unsigned getWidestVectorBits();

/// An error if `vectorBits` is not a width that this machine's vectors, or a
/// smaller part of them, have.
llvm::Error checkVectorBits(unsigned vectorBits);

// Where MLIR's diagnostics have said what is wrong, errors are empty.

/// Parses a file into `context` and verifies it.
llvm::Expected<OwningOpRef<ModuleOp>>
parseModule(StringRef path, MLIRContext &context, CompileTimes &times);

/// Finds `name`, or the only public function if it is empty, and sees that the
/// runner can call it. Prepares it for being called: a C interface, arguments
/// that may not be written to, and public, as nothing else in the module is.
llvm::Expected<Signature> prepareFunction(ModuleOp module, StringRef name);

/// Machine code and how to enter it.
struct CompiledFunction {
  std::unique_ptr<ExecutionEngine> engine;
  void (*entry)(void **) = nullptr;
};

/// Runs the pipeline and compiles the module.
llvm::Expected<CompiledFunction> compile(ModuleOp module,
                                         const Signature &signature,
                                         const CompileOptions &options,
                                         CompileTimes &times);

} // namespace mlir::attention::runner

#endif // ATTENTION_RUNNER_COMPILE_H
