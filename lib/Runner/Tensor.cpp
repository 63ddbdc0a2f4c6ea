//===- Tensor.cpp - Dense tensors the runner owns -------------------------===//

#include "Attention/Runner/Tensor.h"
#include "Attention/Runner/GuardedHeap.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace mlir;
using namespace mlir::attention;
using namespace mlir::attention::runner;

/// What vector units like best; generated code may not rely on it.
static constexpr size_t heapAlignment = 64;

llvm::Error
runner::writeFile(StringRef path,
                  llvm::function_ref<void(llvm::raw_ostream &)> write) {
  std::error_code code;
  llvm::raw_fd_ostream os(path, code);
  if (!code) {
    write(os);
    os.close();
    code = os.error();
    // The stream would end the process over an error that nobody took.
    os.clear_error();
  }
  if (code)
    return makeError("cannot write '", path, "': ", code.message());
  return llvm::Error::success();
}

std::optional<int64_t> runner::countElements(ArrayRef<int64_t> shape,
                                             ElementType type) {
  int64_t bytes = byteSize(type);
  bool isEmpty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    if (size == 0)
      isEmpty = true;
    else if (llvm::MulOverflow(bytes, size, bytes))
      return std::nullopt;
  }
  return isEmpty ? 0 : bytes / byteSize(type);
}

std::string runner::formatType(ArrayRef<int64_t> shape, ElementType type) {
  std::string text;
  for (int64_t size : shape)
    text += (ShapedType::isDynamic(size) ? "?" : std::to_string(size)) + "x";
  return text + name(type).str();
}

llvm::Expected<Tensor> Tensor::create(ElementType type, ArrayRef<int64_t> shape,
                                      Placement placement, StringRef name) {
  std::optional<int64_t> count = countElements(shape, type);
  if (!count)
    return makeError("a tensor of type ", formatType(shape, type),
                     " is larger than memory can be");
  Tensor tensor(type, shape, *count);
  // More than the machine has would be granted and end in a kill.
  size_t machine = size_t(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  void *data = nullptr;
  if (tensor.bytes() <= machine) {
    if (placement == Placement::Guarded)
      data = guarded::allocate(tensor.bytes(), byteSize(type), name);
    else
      data = std::aligned_alloc(
          heapAlignment,
          llvm::alignTo(std::max<size_t>(tensor.bytes(), 1), heapAlignment));
  }
  if (!data)
    return makeError("a tensor of type ", tensor.describe(), " needs ",
                     tensor.bytes(), " bytes, more than this machine has");
  if (placement == Placement::Guarded)
    tensor.buffer = {static_cast<char *>(data),
                     [](char *guardedData) { guarded::release(guardedData); }};
  else
    tensor.buffer = {static_cast<char *>(data),
                     [](char *heapData) { std::free(heapData); }};
  std::memset(data, 0, tensor.bytes());
  return tensor;
}

Tensor Tensor::reshaped(ArrayRef<int64_t> shape) && {
  assert(countElements(shape, elementType) == elementCount);
  dimensions.assign(shape.begin(), shape.end());
  return std::move(*this);
}

Tensor Tensor::retyped(ElementType type) && {
  assert(byteSize(type) == byteSize(elementType));
  elementType = type;
  // Generated code may test the whole byte of a boolean.
  if (type == ElementType::I1)
    for (int64_t i = 0; i < elementCount; ++i)
      storeInteger(type, element(i), loadInteger(type, element(i)));
  return std::move(*this);
}

std::string runner::formatPlace(int64_t index, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> place(shape.size());
  for (size_t d = shape.size(); d-- > 0;) {
    place[d] = index % shape[d];
    index /= shape[d];
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "[";
  llvm::interleave(place, stream, ",");
  stream << "]";
  return text;
}

void runner::print(llvm::raw_ostream &os, const Tensor &tensor,
                   int64_t maxElements) {
  os << tensor.describe() << "=";
  // Bracket [ and ] where a dimension but the outermost starts and ends.
  SmallVector<int64_t> spans;
  int64_t span = 1;
  for (int64_t d = tensor.rank() - 1; d > 0; --d)
    spans.push_back(span *= tensor.shape()[d]);
  int64_t shown = std::min(tensor.size(), maxElements);
  for (int64_t i = 0; i < shown; ++i) {
    int64_t starts =
        llvm::count_if(spans, [&](int64_t s) { return i % s == 0; });
    if (starts == 0 && i > 0)
      os << " ";
    os << std::string(starts, '[')
       << formatElement(tensor.type(), tensor.element(i));
    os << std::string(
        llvm::count_if(spans, [&](int64_t s) { return (i + 1) % s == 0; }),
        ']');
  }
  if (shown < tensor.size())
    os << " ... (" << tensor.size() - shown << " more elements)";
}
