//===- TargetFacts.cpp - What transformations ask of a CPU ----------------===//
//
// Facts as entries of the DLTI specification of device "CPU".
//
//===----------------------------------------------------------------------===//

#include "Attention/Target/TargetFacts.h"

#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir;
using namespace mlir::attention;

static constexpr StringLiteral deviceName = "CPU";

static constexpr TargetFactEntry factEntries[] = {
    {"attention.vector_bits", &TargetFacts::vectorBits},
    {"attention.vector_registers", &TargetFacts::vectorRegisters},
    {"attention.multiply_add_operations", &TargetFacts::multiplyAddOperations},
    {"attention.lane_multiply_add_operations",
     &TargetFacts::laneMultiplyAddOperations},
    {"attention.l1_bytes", &TargetFacts::l1Bytes},
    {"attention.l2_bytes", &TargetFacts::l2Bytes},
    {"attention.parallelism", &TargetFacts::parallelism},
};

int64_t TargetFacts::lanes(Type elementType) const {
  int64_t bits =
      elementType.isIntOrFloat() ? elementType.getIntOrFloatBitWidth() : 64;
  return std::max<int64_t>(1, vectorBits / llvm::alignTo(bits, 8));
}

/// Independent accumulators that hide the latency of multiply-adds (4 or 5
/// cycles, two a cycle) with room to spare; more only take registers.
static constexpr int64_t numAccumulators = 16;

/// Each step loads `rows` broadcasts and `vectors` vectors for rows · vectors
/// multiply-adds: the squarer the better.
int64_t TargetFacts::tileVectors() const {
  int64_t vectors = 1;
  while (vectors * vectors * 8 <= vectorRegisters)
    vectors *= 2;
  return vectors;
}

/// Registers hold the accumulators, a vector of the other factor each, a
/// broadcast, and one that LLVM gets to keep: without it, it spills. Products
/// that are not added in the same operation need registers of their own.
int64_t TargetFacts::tileRows(int64_t vectors) const {
  int64_t others = vectors + 2;
  if (multiplyAddOperations > 1)
    others += vectors + 1;
  int64_t rows = (vectorRegisters - others) / vectors;
  rows = std::min<int64_t>(rows, llvm::divideCeil(numAccumulators, vectors));
  return std::max<int64_t>(rows, 1);
}

ArrayRef<TargetFactEntry> attention::getTargetFactEntries() {
  return factEntries;
}

/// The closest specification around `op`, itself included. dlti::query would
/// ask the first DLTI attribute of any kind, such as a data layout.
static TargetSystemSpecInterface findSystemSpec(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto spec = op->getAttrOfType<TargetSystemSpecInterface>(
            DLTIDialect::kTargetSystemDescAttrName))
      return spec;
  return {};
}

Attribute attention::lookupTargetEntry(Operation *op, StringRef key) {
  TargetSystemSpecInterface system = findSystemSpec(op);
  if (!system)
    return {};
  std::optional<TargetDeviceSpecInterface> device =
      system.getDeviceSpecForDeviceID(
          StringAttr::get(op->getContext(), deviceName));
  if (!device)
    return {};
  FailureOr<Attribute> entry =
      device->query(StringAttr::get(op->getContext(), key));
  return succeeded(entry) ? *entry : Attribute();
}

std::optional<int64_t> attention::parseTargetEntry(Attribute entry) {
  auto integer = dyn_cast_if_present<IntegerAttr>(entry);
  if (!integer || !integer.getValue().isStrictlyPositive())
    return std::nullopt;
  return integer.getValue().trySExtValue();
}

TargetFacts attention::getTargetFacts(Operation *op) {
  TargetFacts facts;
  for (const TargetFactEntry &entry : factEntries)
    if (std::optional<int64_t> value =
            parseTargetEntry(lookupTargetEntry(op, entry.key)))
      facts.*entry.fact = *value;
  return facts;
}

/// `entries` with the value of `key` replaced, or with the entry at the end.
static void setEntry(SmallVectorImpl<DataLayoutEntryInterface> &entries,
                     StringAttr key, Attribute value) {
  auto entry = cast<DataLayoutEntryInterface>(
      Attribute(DataLayoutEntryAttr::get(key, value)));
  auto *it = llvm::find_if(entries, [&](DataLayoutEntryInterface other) {
    return other.getKey() == DataLayoutEntryKey(key);
  });
  if (it == entries.end())
    entries.push_back(entry);
  else
    *it = entry;
}

void attention::setTargetFacts(ModuleOp module, const TargetFacts &facts) {
  MLIRContext *context = module.getContext();
  Builder builder(context);
  StringAttr deviceKey = builder.getStringAttr(deviceName);

  SmallVector<DataLayoutEntryInterface> devices, entries;
  if (auto system = module->getAttrOfType<TargetSystemSpecInterface>(
          DLTIDialect::kTargetSystemDescAttrName)) {
    llvm::append_range(devices, system.getEntries());
    if (std::optional<TargetDeviceSpecInterface> device =
            system.getDeviceSpecForDeviceID(deviceKey))
      llvm::append_range(entries, device->getEntries());
  }
  for (const TargetFactEntry &entry : factEntries)
    setEntry(entries, builder.getStringAttr(entry.key),
             builder.getI64IntegerAttr(facts.*entry.fact));
  setEntry(devices, deviceKey, TargetDeviceSpecAttr::get(context, entries));
  module->setAttr(DLTIDialect::kTargetSystemDescAttrName,
                  TargetSystemSpecAttr::get(context, devices));
}
