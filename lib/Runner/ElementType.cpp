//===- ElementType.cpp - The element types the runner knows ---------------===//

#include "Attention/Runner/ElementType.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringSwitch.h"
#include <charconv>
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::attention;
using namespace mlir::attention::runner;

bool runner::isFloat(ElementType type) { return type >= ElementType::F16; }

unsigned runner::byteSize(ElementType type) {
  switch (type) {
  case ElementType::I1:
  case ElementType::I8:
    return 1;
  case ElementType::F16:
  case ElementType::BF16:
    return 2;
  case ElementType::I32:
  case ElementType::F32:
    return 4;
  case ElementType::I64:
  case ElementType::Index:
  case ElementType::F64:
    return 8;
  }
  llvm_unreachable("all element types are handled");
}

StringRef runner::name(ElementType type) {
  static constexpr StringRef names[] = {"i1",  "i8",   "i32", "i64", "index",
                                        "f16", "bf16", "f32", "f64"};
  return names[static_cast<unsigned>(type)];
}

std::optional<ElementType> runner::parseElementType(StringRef text) {
  for (unsigned i = 0; i <= static_cast<unsigned>(ElementType::F64); ++i)
    if (text == name(static_cast<ElementType>(i)))
      return static_cast<ElementType>(i);
  return std::nullopt;
}

std::optional<ElementType> runner::convertElementType(Type type) {
  if (type.isF16())
    return ElementType::F16;
  if (type.isBF16())
    return ElementType::BF16;
  if (type.isF32())
    return ElementType::F32;
  if (type.isF64())
    return ElementType::F64;
  if (type.isIndex())
    return ElementType::Index;
  for (ElementType integer :
       {ElementType::I1, ElementType::I8, ElementType::I32, ElementType::I64})
    if (type.isSignlessInteger(
            integer == ElementType::I1 ? 1 : 8 * byteSize(integer)))
      return integer;
  return std::nullopt;
}

template <typename T>
static T loadAs(const char *address) {
  T value;
  std::memcpy(&value, address, sizeof(T));
  return value;
}

template <typename T>
static void storeAs(char *address, T value) {
  std::memcpy(address, &value, sizeof(T));
}

double runner::loadFloat(ElementType type, const char *address) {
  switch (type) {
  case ElementType::F16: {
    llvm::APInt bits(16, loadAs<uint16_t>(address));
    llvm::APFloat value(llvm::APFloat::IEEEhalf(), bits);
    return value.convertToDouble();
  }
  case ElementType::BF16:
    return llvm::bit_cast<float>(uint32_t(loadAs<uint16_t>(address)) << 16);
  case ElementType::F32:
    return loadAs<float>(address);
  case ElementType::F64:
    return loadAs<double>(address);
  default:
    llvm_unreachable("not a float type");
  }
}

int64_t runner::loadInteger(ElementType type, const char *address) {
  switch (type) {
  case ElementType::I1:
    return *address != 0;
  case ElementType::I8:
    return loadAs<int8_t>(address);
  case ElementType::I32:
    return loadAs<int32_t>(address);
  case ElementType::I64:
  case ElementType::Index:
    return loadAs<int64_t>(address);
  default:
    llvm_unreachable("not an integer type");
  }
}

void runner::storeFloat(ElementType type, char *address, double value) {
  switch (type) {
  case ElementType::F16:
  case ElementType::BF16: {
    llvm::APFloat converted(value);
    bool losesInfo;
    converted.convert(type == ElementType::F16 ? llvm::APFloat::IEEEhalf()
                                               : llvm::APFloat::BFloat(),
                      llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    uint64_t bits = converted.bitcastToAPInt().getZExtValue();
    return storeAs(address, static_cast<uint16_t>(bits));
  }
  case ElementType::F32:
    return storeAs(address, static_cast<float>(value));
  case ElementType::F64:
    return storeAs(address, value);
  default:
    llvm_unreachable("not a float type");
  }
}

void runner::storeInteger(ElementType type, char *address, int64_t value) {
  switch (type) {
  case ElementType::I1:
    return storeAs(address, static_cast<uint8_t>(value != 0));
  case ElementType::I8:
    return storeAs(address, static_cast<uint8_t>(value));
  case ElementType::I32:
    return storeAs(address, static_cast<uint32_t>(value));
  case ElementType::I64:
  case ElementType::Index:
    return storeAs(address, value);
  default:
    llvm_unreachable("not an integer type");
  }
}

std::string runner::formatElement(ElementType type, const char *address) {
  // The sign of a NaN means nothing.
  if (isFloat(type) && std::isnan(loadFloat(type, address)))
    return "nan";
  char text[40];
  std::to_chars_result result;
  if (type == ElementType::F64)
    result = std::to_chars(text, std::end(text), loadFloat(type, address));
  else if (isFloat(type))
    result = std::to_chars(text, std::end(text),
                           static_cast<float>(loadFloat(type, address)));
  else
    result = std::to_chars(text, std::end(text), loadInteger(type, address));
  return std::string(text, result.ptr);
}

bool runner::parseElement(ElementType type, StringRef text, char *address) {
  if (isFloat(type)) {
    double value;
    if (text.getAsDouble(value))
      return false;
    storeFloat(type, address, value);
    // A finite value that rounds to an infinity does not fit the type.
    return !std::isfinite(value) || std::isfinite(loadFloat(type, address));
  }
  int64_t value;
  if (type == ElementType::I1 && (text == "true" || text == "false"))
    value = text == "true";
  else if (text.getAsInteger(10, value))
    return false;
  storeInteger(type, address, value);
  // Integers are signless: what fits as signed or as unsigned will do.
  unsigned bits = type == ElementType::I1 ? 1 : 8 * byteSize(type);
  return bits == 64 || (value < (int64_t(1) << bits) &&
                        value >= (bits == 1 ? 0 : -(int64_t(1) << (bits - 1))));
}
