//===- Tensor.h - Dense tensors the runner owns -----------------*- C++ -*-===//
//
// An element type, a shape and row-major elements in a buffer of their own:
// what inputs are read into and results are copied to. A scalar is a tensor of
// rank 0.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_TENSOR_H
#define ATTENTION_RUNNER_TENSOR_H

#include "Attention/Runner/ElementType.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>

namespace mlir::attention::runner {

/// Where the buffers of inputs lie: in ordinary memory, or before guard pages.
enum class Placement { Heap, Guarded };

/// An error of one line.
template <typename... Parts>
llvm::Error makeError(const Parts &...parts) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  (stream << ... << parts);
  return llvm::createStringError(text);
}

/// Writes a file; an error says why it cannot be written to its end.
llvm::Error writeFile(StringRef path,
                      llvm::function_ref<void(llvm::raw_ostream &)> write);

/// The number of elements; nothing if a dimension is negative or if all but
/// the empty dimensions multiply to more bytes than can be addressed.
std::optional<int64_t> countElements(ArrayRef<int64_t> shape, ElementType type);

/// "2x?x64xf32", as in the runner's flags and messages.
std::string formatType(ArrayRef<int64_t> shape, ElementType type);

class Tensor {
public:
  /// Allocates zeros. `name` is what reports call the buffer.
  static llvm::Expected<Tensor> create(ElementType type,
                                       ArrayRef<int64_t> shape,
                                       Placement placement = Placement::Heap,
                                       StringRef name = "");

  ElementType type() const { return elementType; }
  ArrayRef<int64_t> shape() const { return dimensions; }
  int64_t rank() const { return dimensions.size(); }
  int64_t size() const { return elementCount; }
  size_t bytes() const { return elementCount * byteSize(elementType); }
  char *data() { return buffer.get(); }
  const char *data() const { return buffer.get(); }
  char *element(int64_t index) {
    return data() + index * byteSize(elementType);
  }
  const char *element(int64_t index) const {
    return data() + index * byteSize(elementType);
  }
  double floatAt(int64_t index) const {
    return loadFloat(elementType, element(index));
  }
  int64_t integerAt(int64_t index) const {
    return loadInteger(elementType, element(index));
  }
  /// Any element as a floating-point number.
  double valueAt(int64_t index) const {
    return isFloat(elementType) ? floatAt(index) : integerAt(index);
  }
  std::string describe() const { return formatType(dimensions, elementType); }

  /// The same elements in another shape of as many.
  Tensor reshaped(ArrayRef<int64_t> shape) &&;

  /// Takes the elements for another type of the same size in memory.
  Tensor retyped(ElementType type) &&;

private:
  using Deleter = void (*)(char *);
  Tensor(ElementType type, ArrayRef<int64_t> shape, int64_t count)
      : elementType(type), dimensions(shape), elementCount(count),
        buffer(nullptr, nullptr) {}

  ElementType elementType;
  SmallVector<int64_t> dimensions;
  int64_t elementCount;
  std::unique_ptr<char, Deleter> buffer;
};

/// The place of an element: "[0,3,17]".
std::string formatPlace(int64_t index, ArrayRef<int64_t> shape);

/// Prints "2x3xf32=[1 2 3][4 5 6]" with at most `maxElements` elements, and
/// says how many are left out.
void print(llvm::raw_ostream &os, const Tensor &tensor, int64_t maxElements);

} // namespace mlir::attention::runner

#endif // ATTENTION_RUNNER_TENSOR_H
