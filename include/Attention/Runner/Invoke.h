//===- Invoke.h - Calling compiled functions --------------------*- C++ -*-===//
//
// Functions are called through the C interface that MLIR emits for them:
// a tensor is a pointer to a memref descriptor, results lie in one struct.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_INVOKE_H
#define ATTENTION_RUNNER_INVOKE_H

#include "Attention/Runner/Compile.h"

namespace mlir::attention::runner {

/// The LLVM types that func.func's lowering turns these into.
Type getLoweredResultType(MLIRContext *context, ArrayRef<ValueType> results);
void appendLoweredArgumentTypes(MLIRContext *context, const ValueType &value,
                                SmallVectorImpl<Type> &types);

/// Sees that `inputs` are what the signature wants. A tensor of rank 0 will do
/// for a scalar.
llvm::Error checkInputs(const Signature &signature, ArrayRef<Tensor> inputs);

/// One function with its inputs, to be called any number of times. The results
/// of a call must be freed or taken before the next.
class Invocation {
public:
  /// `inputs` must have passed checkInputs() and outlive the invocation.
  Invocation(const CompiledFunction &compiled, const Signature &signature,
             MutableArrayRef<Tensor> inputs, Placement placement);
  Invocation(const Invocation &) = delete;

  void call();

  /// Copies the results of the last call and frees them.
  llvm::Expected<SmallVector<Tensor>> takeResults();

  /// Frees the results of the last call, each buffer once.
  llvm::Error freeResults();

private:
  llvm::Expected<Tensor> copyResult(size_t index) const;
  bool isInput(const void *buffer) const;

  const CompiledFunction &compiled;
  const Signature &signature;
  Placement placement;
  /// A memref descriptor an argument: allocated and aligned pointer, offset,
  /// sizes, strides.
  SmallVector<SmallVector<int64_t>> descriptors;
  SmallVector<void *> descriptorPointers;
  /// The struct of results and where in it each result is.
  SmallVector<int64_t> resultStorage;
  SmallVector<size_t> resultOffsets;
  void *resultPointer;
  /// What the entry point takes: pointers to the arguments proper.
  SmallVector<void *> packed;
};

} // namespace mlir::attention::runner

#endif // ATTENTION_RUNNER_INVOKE_H
