//===- SetTarget.cpp - Writes down what a module is compiled for ----------===//
//
// Facts from options, from the module and from the CPU, in this order, and the
// vector width that LLVM is told to keep to.
//
//===----------------------------------------------------------------------===//

#include "Attention/Target/Passes.h"
#include "Attention/Target/TargetFacts.h"
#include "CpuDescription.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::attention {
#define GEN_PASS_DEF_ATTENTIONSETTARGET
#include "Attention/Target/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

static constexpr StringLiteral passthroughName = "passthrough";
static constexpr StringLiteral preferenceName = "prefer-vector-width";

/// The name of an attribute of an LLVM function, as a passthrough list has it:
/// "name" or ["name", "value"].
static StringRef getPassthroughName(Attribute attribute) {
  if (auto pair = dyn_cast<ArrayAttr>(attribute); pair && !pair.empty())
    attribute = pair[0];
  auto name = dyn_cast<StringAttr>(attribute);
  return name ? name.getValue() : StringRef();
}

/// Tells LLVM which vectors a function is for, unless it says so itself.
static void setPreferredWidth(func::FuncOp function, int64_t bits) {
  SmallVector<Attribute> attributes;
  if (auto present = function->getAttrOfType<ArrayAttr>(passthroughName))
    llvm::append_range(attributes, present);
  if (llvm::is_contained(llvm::map_range(attributes, getPassthroughName),
                         preferenceName))
    return;
  Builder builder(function.getContext());
  attributes.push_back(
      builder.getStrArrayAttr({preferenceName, std::to_string(bits)}));
  function->setAttr(passthroughName, builder.getArrayAttr(attributes));
}

namespace {
struct SetTargetPass
    : public attention::impl::AttentionSetTargetBase<SetTargetPass> {
  using Base::Base;

  /// The facts that options state, 0 for the others.
  TargetFacts getStatedFacts() const {
    TargetFacts facts;
    facts.vectorBits = vectorBits;
    facts.vectorRegisters = vectorRegisters;
    facts.multiplyAddOperations = multiplyAddOperations;
    facts.laneMultiplyAddOperations = laneMultiplyAddOperations;
    facts.l1Bytes = l1Bytes;
    facts.l2Bytes = l2Bytes;
    facts.parallelism = parallelism;
    return facts;
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    // Not the op's own emitError, which would print the module.
    Location loc = module.getLoc();
    FailureOr<CpuDescription> description =
        describeCpu(triple, cpu, features, loc);
    if (failed(description))
      return signalPassFailure();

    TargetFacts stated = getStatedFacts(), facts = description->facts;
    for (const TargetFactEntry &entry : getTargetFactEntries()) {
      int64_t option = stated.*entry.fact;
      if (option < 0) {
        emitError(loc) << "expected a positive number for the option that sets "
                       << entry.key << ", found " << option;
        return signalPassFailure();
      }
      Attribute present = lookupTargetEntry(module, entry.key);
      std::optional<int64_t> kept = parseTargetEntry(present);
      if (option) {
        facts.*entry.fact = option;
      } else if (kept) {
        facts.*entry.fact = *kept;
      } else if (present) {
        emitError(loc) << "expected a positive integer for " << entry.key
                       << ", found " << present;
        return signalPassFailure();
      }
    }
    setTargetFacts(module, facts);

    // Of itself LLVM takes the CPU's widest vectors at most, or 256 bits.
    if (description->isX86 &&
        (facts.vectorBits == 512 ||
         facts.vectorBits < description->facts.vectorBits))
      for (auto function : module.getOps<func::FuncOp>())
        if (!function.isExternal())
          setPreferredWidth(function, facts.vectorBits);
  }
};
} // namespace
