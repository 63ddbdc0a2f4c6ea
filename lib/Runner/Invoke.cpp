//===- Invoke.cpp - Calling compiled functions ----------------------------===//

#include "Attention/Runner/Invoke.h"
#include "Attention/Runner/CrashReport.h"
#include "Attention/Runner/GuardedHeap.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir;
using namespace mlir::attention;
using namespace mlir::attention::runner;

/// What MLIR writes for the allocated pointer of a constant's buffer.
static constexpr uintptr_t constantBuffer = 0xdeadbeef;

static Type getLoweredElementType(MLIRContext *context, ElementType type) {
  Builder builder(context);
  switch (type) {
  case ElementType::F16:
    return builder.getF16Type();
  case ElementType::BF16:
    return builder.getBF16Type();
  case ElementType::F32:
    return builder.getF32Type();
  case ElementType::F64:
    return builder.getF64Type();
  case ElementType::I1:
    return builder.getI1Type();
  default:
    return builder.getIntegerType(8 * byteSize(type));
  }
}

void runner::appendLoweredArgumentTypes(MLIRContext *context,
                                        const ValueType &value,
                                        SmallVectorImpl<Type> &types) {
  if (value.isScalar) {
    types.push_back(getLoweredElementType(context, value.elementType));
    return;
  }
  auto pointer = LLVM::LLVMPointerType::get(context);
  auto word = IntegerType::get(context, 64);
  types.append({pointer, pointer, word});
  types.append(2 * value.shape.size(), word);
}

Type runner::getLoweredResultType(MLIRContext *context,
                                  ArrayRef<ValueType> results) {
  auto pointer = LLVM::LLVMPointerType::get(context);
  auto word = IntegerType::get(context, 64);
  SmallVector<Type> types;
  for (const ValueType &value : results) {
    if (value.isScalar) {
      types.push_back(getLoweredElementType(context, value.elementType));
      continue;
    }
    SmallVector<Type> fields = {pointer, pointer, word};
    if (!value.shape.empty())
      fields.append(2, LLVM::LLVMArrayType::get(word, value.shape.size()));
    types.push_back(LLVM::LLVMStructType::getLiteral(context, fields));
  }
  if (types.empty())
    return LLVM::LLVMVoidType::get(context);
  if (types.size() == 1)
    return types.front();
  return LLVM::LLVMStructType::getLiteral(context, types);
}

llvm::Error runner::checkInputs(const Signature &signature,
                                ArrayRef<Tensor> inputs) {
  if (inputs.size() != signature.arguments.size())
    return makeError("@", signature.function, " takes ",
                     signature.arguments.size(), " arguments, but ",
                     inputs.size(), " inputs are given");
  for (auto [index, argument, input] :
       llvm::enumerate(signature.arguments, inputs)) {
    bool fits =
        input.type() == argument.elementType &&
        input.shape().size() == argument.shape.size() &&
        llvm::all_of(llvm::zip(argument.shape, input.shape()), [](auto sizes) {
          return ShapedType::isDynamic(std::get<0>(sizes)) ||
                 std::get<0>(sizes) == std::get<1>(sizes);
        });
    if (!fits)
      return makeError("input ", index, " is of type ", input.describe(),
                       ", but @", signature.function, " takes ",
                       argument.describe());
  }
  return llvm::Error::success();
}

/// Words of a memref descriptor.
static size_t descriptorWords(size_t rank) { return 3 + 2 * rank; }

static SmallVector<int64_t> makeDescriptor(Tensor &tensor) {
  auto address = reinterpret_cast<int64_t>(tensor.data());
  SmallVector<int64_t> descriptor = {address, address, 0};
  descriptor.append(tensor.shape().begin(), tensor.shape().end());
  descriptor.resize(descriptorWords(tensor.rank()));
  // Empty tensors may have sizes whose product wraps: nothing reads them.
  uint64_t stride = 1;
  for (int64_t d = tensor.rank() - 1; d >= 0; --d) {
    descriptor[3 + tensor.rank() + d] = stride;
    stride *= tensor.shape()[d];
  }
  return descriptor;
}

Invocation::Invocation(const CompiledFunction &compiled,
                       const Signature &signature,
                       MutableArrayRef<Tensor> inputs, Placement placement)
    : compiled(compiled), signature(signature), placement(placement) {
  size_t offset = 0;
  for (const ValueType &result : signature.results) {
    size_t bytes = result.isScalar ? byteSize(result.elementType)
                                   : 8 * descriptorWords(result.shape.size());
    offset = llvm::alignTo(offset, result.isScalar ? bytes : 8);
    resultOffsets.push_back(offset);
    offset += bytes;
  }
  resultStorage.assign(llvm::divideCeil(offset, 8), 0);
  resultPointer = resultStorage.data();

  // A struct is returned through a first argument; a scalar by value, which
  // the packed entry stores where its last pointer says.
  bool returnsStruct =
      signature.results.size() > 1 ||
      (signature.results.size() == 1 && !signature.results[0].isScalar);
  if (returnsStruct)
    packed.push_back(&resultPointer);
  for (auto [argument, input] : llvm::zip_equal(signature.arguments, inputs)) {
    descriptors.push_back(argument.isScalar ? SmallVector<int64_t>()
                                            : makeDescriptor(input));
    if (placement == Placement::Guarded)
      guarded::makeReadOnly(input.data());
  }
  for (SmallVector<int64_t> &descriptor : descriptors)
    descriptorPointers.push_back(descriptor.data());
  for (auto [index, argument] : llvm::enumerate(signature.arguments))
    packed.push_back(argument.isScalar
                         ? static_cast<void *>(inputs[index].data())
                         : &descriptorPointers[index]);
  if (!returnsStruct && !signature.results.empty())
    packed.push_back(resultPointer);
}

void Invocation::call() {
  GeneratedCodeScope scope;
  compiled.entry(packed.data());
}

/// Whether a buffer is an input's: those are the caller's to free.
bool Invocation::isInput(const void *buffer) const {
  return llvm::any_of(descriptors, [&](const SmallVector<int64_t> &descriptor) {
    return !descriptor.empty() &&
           descriptor[0] == reinterpret_cast<int64_t>(buffer);
  });
}

/// Copies a result, whatever its strides.
llvm::Expected<Tensor> Invocation::copyResult(size_t index) const {
  const ValueType &type = signature.results[index];
  const char *storage = reinterpret_cast<const char *>(resultStorage.data()) +
                        resultOffsets[index];
  if (type.isScalar) {
    llvm::Expected<Tensor> scalar = Tensor::create(type.elementType, {});
    if (scalar)
      std::memcpy(scalar->data(), storage, scalar->bytes());
    return scalar;
  }
  auto *words = reinterpret_cast<const int64_t *>(storage);
  ArrayRef<int64_t> sizes(words + 3, type.shape.size());
  ArrayRef<int64_t> strides(words + 3 + type.shape.size(), type.shape.size());
  for (auto [size, expected] : llvm::zip_equal(sizes, type.shape))
    if (size < 0 || (!ShapedType::isDynamic(expected) && size != expected))
      return makeError("result ", index, " came back as ",
                       formatType(sizes, type.elementType), " for type ",
                       type.describe());
  llvm::Expected<Tensor> tensor = Tensor::create(type.elementType, sizes);
  if (!tensor || tensor->size() == 0)
    return tensor;

  unsigned bytes = byteSize(type.elementType);
  auto *base = reinterpret_cast<const char *>(words[1]) + words[2] * bytes;
  int64_t last = 0;
  for (auto [size, stride] : llvm::zip_equal(sizes, strides))
    last += (size - 1) * stride;
  if (placement == Placement::Guarded &&
      words[0] != static_cast<int64_t>(constantBuffer)) {
    if (!guarded::contains(base, (last + 1) * bytes))
      return makeError("result ", index, " of type ", tensor->describe(),
                       " reaches outside its buffer");
    // A result fills its buffer, but for what the alignment of allocations
    // adds: memory after it is as the allocation left it.
    std::string problem = guarded::check(
        reinterpret_cast<void *>(words[0]),
        base + (last + 1) * bytes - reinterpret_cast<char *>(words[0]));
    if (!problem.empty())
      return makeError(problem, " by result ", index);
  }
  SmallVector<int64_t> place(sizes.size(), 0);
  int64_t source = 0;
  for (int64_t i = 0; i < tensor->size(); ++i) {
    std::memcpy(tensor->element(i), base + source * bytes, bytes);
    for (size_t d = sizes.size(); d-- > 0;) {
      source += strides[d];
      if (++place[d] < sizes[d])
        break;
      source -= sizes[d] * strides[d];
      place[d] = 0;
    }
  }
  return std::move(*tensor).retyped(type.elementType);
}

llvm::Expected<SmallVector<Tensor>> Invocation::takeResults() {
  SmallVector<Tensor> results;
  llvm::Error error = llvm::Error::success();
  for (size_t index = 0; index < signature.results.size() && !error; ++index) {
    llvm::Expected<Tensor> result = copyResult(index);
    if (result)
      results.push_back(std::move(*result));
    else
      error = result.takeError();
  }
  error = llvm::joinErrors(std::move(error), freeResults());
  if (error)
    return std::move(error);
  return results;
}

llvm::Error Invocation::freeResults() {
  SmallPtrSet<void *, 4> buffers;
  for (auto [result, offset] :
       llvm::zip_equal(signature.results, resultOffsets))
    if (!result.isScalar)
      buffers.insert(reinterpret_cast<void *>(resultStorage[offset / 8]));
  for (void *buffer : buffers) {
    if (isInput(buffer) ||
        reinterpret_cast<uintptr_t>(buffer) == constantBuffer)
      continue;
    if (placement == Placement::Heap) {
      std::free(buffer);
      continue;
    }
    std::string problem = guarded::release(buffer);
    if (!problem.empty())
      return makeError(problem);
  }
  if (size_t count =
          placement == Placement::Guarded ? guarded::liveAllocations() : 0)
    return makeError("generated code leaked ", count, " buffers");
  return llvm::Error::success();
}
