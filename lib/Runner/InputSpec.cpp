//===- InputSpec.cpp - Tensors written on the command line ----------------===//

#include "Attention/Runner/InputSpec.h"
#include "Attention/Runner/Npy.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace mlir;
using namespace mlir::attention;
using namespace mlir::attention::runner;

namespace {
/// Uniform words from a counter: splitmix64, the same on every machine.
class RandomWords {
public:
  explicit RandomWords(uint64_t seed) : state(seed) {}

  uint64_t next() {
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  /// Uniform in (0, 1].
  double nextUniform() { return ((next() >> 11) + 1) * 0x1p-53; }

  /// Standard normal, by Box and Muller.
  double nextNormal() {
    double radius = std::sqrt(-2.0 * std::log(nextUniform()));
    return radius * std::cos(6.283185307179586 * nextUniform());
  }

private:
  uint64_t state;
};
} // namespace

/// Parses "2x3xf32" or "f32".
static llvm::Error parseType(StringRef text, SmallVectorImpl<int64_t> &shape,
                             ElementType &type) {
  StringRef rest = text;
  while (!rest.empty() && llvm::isDigit(rest.front())) {
    int64_t size;
    if (rest.consumeInteger(10, size) || !rest.consume_front("x"))
      return makeError("'", text, "' is not a type such as 2x3xf32");
    shape.push_back(size);
  }
  std::optional<ElementType> parsed = parseElementType(rest);
  if (!parsed)
    return makeError("'", text,
                     "' is not a type such as 2x3xf32 with an "
                     "element type of f16, bf16, f32, f64, i1, i8, i32, i64 or "
                     "index");
  type = *parsed;
  return llvm::Error::success();
}

static llvm::Error fillRandom(StringRef seedText, Tensor &tensor) {
  uint64_t seed;
  if (seedText.getAsInteger(10, seed))
    return makeError("'", seedText,
                     "' is not a seed: random:SEED takes a "
                     "whole number of 64 bits");
  RandomWords words(seed);
  if (isFloat(tensor.type())) {
    for (int64_t i = 0; i < tensor.size(); ++i)
      storeFloat(tensor.type(), tensor.element(i), words.nextNormal());
    return llvm::Error::success();
  }
  if (tensor.type() != ElementType::I1)
    return makeError("random values are for floats and i1, not for ",
                     name(tensor.type()));
  for (int64_t i = 0; i < tensor.size(); ++i)
    storeInteger(tensor.type(), tensor.element(i), words.next() >> 63);
  return llvm::Error::success();
}

/// Elements in row-major order, apart by commas, blanks or brackets.
static llvm::Error fillValues(StringRef text, Tensor &tensor) {
  constexpr StringLiteral separators(", []");
  int64_t count = 0;
  unsigned bytes = byteSize(tensor.type());
  for (StringRef rest = text.ltrim(separators); !rest.empty();
       rest = rest.ltrim(separators)) {
    StringRef value =
        rest.take_until([&](char c) { return separators.contains(c); });
    rest = rest.drop_front(value.size());
    char element[8];
    if (!parseElement(tensor.type(), value, element))
      return makeError("'", value, "' is not a value of type ",
                       name(tensor.type()));
    if (count < tensor.size())
      std::copy(element, element + bytes, tensor.element(count));
    ++count;
  }
  if (count == 1)
    for (int64_t i = 1; i < tensor.size(); ++i)
      std::copy(tensor.element(0), tensor.element(1), tensor.element(i));
  else if (count != tensor.size())
    return makeError(count, " values given for the ", tensor.size(),
                     " elements of a tensor of type ", tensor.describe());
  return llvm::Error::success();
}

llvm::Expected<Tensor> runner::parseInput(StringRef text,
                                          std::optional<ElementType> wanted,
                                          Placement placement, StringRef name) {
  if (text.consume_front("@"))
    return readNpy(text, wanted, placement, name);
  auto [typeText, values] = text.split('=');
  SmallVector<int64_t> shape;
  ElementType type;
  if (llvm::Error error = parseType(typeText, shape, type))
    return std::move(error);
  llvm::Expected<Tensor> tensor = Tensor::create(type, shape, placement, name);
  if (!tensor || typeText.size() == text.size())
    return tensor;
  llvm::Error error = values.consume_front("random:")
                          ? fillRandom(values, *tensor)
                          : fillValues(values, *tensor);
  if (error)
    return std::move(error);
  return tensor;
}
