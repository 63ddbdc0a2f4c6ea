//===- ElementType.h - The element types the runner knows -------*- C++ -*-===//
//
// Names, sizes and single-element access for the types that functions run by
// attention-runner may take and return. docs/Formats.md lists them for users.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_ELEMENTTYPE_H
#define ATTENTION_RUNNER_ELEMENTTYPE_H

#include "mlir/IR/Types.h"
#include <cstdint>
#include <optional>
#include <string>

namespace mlir::attention::runner {

enum class ElementType : uint8_t {
  I1,
  I8,
  I32,
  I64,
  Index,
  F16,
  BF16,
  F32,
  F64
};

bool isFloat(ElementType type);

/// Bytes of one element in memory; an i1 takes a whole one.
unsigned byteSize(ElementType type);

/// The MLIR spelling: "bf16", "index".
StringRef name(ElementType type);
std::optional<ElementType> parseElementType(StringRef text);
std::optional<ElementType> convertElementType(Type type);

/// Reads the float or the integer (i1 as 0 or 1) at `address`, which needs no
/// alignment. Every value of the type is exact in the result.
double loadFloat(ElementType type, const char *address);
int64_t loadInteger(ElementType type, const char *address);

/// Writes a value, rounding floats to nearest even and truncating integers.
void storeFloat(ElementType type, char *address, double value);
void storeInteger(ElementType type, char *address, int64_t value);

/// The shortest text that reads back as the same element.
std::string formatElement(ElementType type, const char *address);

/// Writes the element that `text` stands for; false if it is not one, or if
/// the type cannot hold it.
bool parseElement(ElementType type, StringRef text, char *address);

} // namespace mlir::attention::runner

#endif // ATTENTION_RUNNER_ELEMENTTYPE_H
