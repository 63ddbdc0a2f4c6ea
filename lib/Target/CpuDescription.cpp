//===- CpuDescription.cpp - A CPU as LLVM knows it ------------------------===//
//
// Facts from the cost model of a target machine, and the cache sizes of the
// host from its operating system: LLVM has constants for those.
//
//===----------------------------------------------------------------------===//

#include "CpuDescription.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Intrinsics.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/AArch64TargetParser.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/TargetParser/Triple.h"
#include <unistd.h>

using namespace mlir;
using namespace mlir::attention;

/// Makes all targets of this LLVM known to its registry.
static void initializeTargets() {
  static const bool once = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    return true;
  }();
  (void)once;
}

/// The size of a data cache of the first core, by Linux's file system; 0 if it
/// does not tell.
static int64_t readCacheSize(StringRef wantedLevel) {
  for (int index = 0; index < 8; ++index) {
    std::string folder =
        "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index);
    auto read = [&](StringRef name) -> std::string {
      auto file =
          llvm::MemoryBuffer::getFileAsStream(folder + "/" + name.str());
      return file ? (*file)->getBuffer().trim().str() : std::string();
    };
    if (read("level") != wantedLevel || read("type") == "Instruction")
      continue;
    std::string text = read("size");
    StringRef size = text;
    int64_t bytes = 0;
    if (size.consume_back("K") && !size.getAsInteger(10, bytes))
      return bytes * 1024;
  }
  return 0;
}

/// Replaces cache sizes by those of this machine, as far as it tells them.
static void setHostCaches(TargetFacts &facts) {
  auto setSize = [](int64_t &bytes, int64_t systemBytes, StringRef level) {
    int64_t found = systemBytes > 0 ? systemBytes : readCacheSize(level);
    if (found > 0)
      bytes = found;
  };
#ifdef _SC_LEVEL1_DCACHE_SIZE
  setSize(facts.l1Bytes, sysconf(_SC_LEVEL1_DCACHE_SIZE), "1");
  setSize(facts.l2Bytes, sysconf(_SC_LEVEL2_CACHE_SIZE), "2");
#else
  setSize(facts.l1Bytes, 0, "1");
  setSize(facts.l2Bytes, 0, "2");
#endif
}

/// What LLVM's cost model says of the vectors of a machine.
static void setVectors(TargetFacts &facts, const llvm::TargetMachine &machine) {
  llvm::LLVMContext context;
  llvm::Module module("facts", context);
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  llvm::Function *function = llvm::Function::Create(
      llvm::FunctionType::get(llvm::Type::getVoidTy(context), false),
      llvm::Function::ExternalLinkage, "f", module);
  // The cost model asks the subtarget of the function, not of the machine.
  function->addFnAttr("target-cpu", machine.getTargetCPU());
  function->addFnAttr("target-features", machine.getTargetFeatureString());
  llvm::TargetTransformInfo info = machine.getTargetTransformInfo(*function);

  int64_t bits =
      info.getRegisterBitWidth(llvm::TargetTransformInfo::RGK_FixedWidthVector)
          .getFixedValue();
  if (machine.getTargetTriple().isX86() &&
      machine.getMCSubtargetInfo()->checkFeatures("+avx512f"))
    bits = 512;
  int64_t registers =
      info.getNumberOfRegisters(info.getRegisterClassForType(/*Vector=*/true));
  // Without an instruction, fma is a call of a function.
  auto *element = llvm::Type::getFloatTy(context);
  auto kind = llvm::TargetTransformInfo::TCK_RecipThroughput;
  llvm::InstructionCost fused = info.getIntrinsicInstrCost(
      llvm::IntrinsicCostAttributes(llvm::Intrinsic::fma, element,
                                    {element, element, element}),
      kind);
  llvm::InstructionCost separate =
      info.getArithmeticInstrCost(llvm::Instruction::FMul, element, kind) +
      info.getArithmeticInstrCost(llvm::Instruction::FAdd, element, kind);
  facts.multiplyAddOperations = fused <= separate ? 1 : 2;
  // LLVM's cost model has no such question.
  facts.laneMultiplyAddOperations =
      machine.getTargetTriple().isAArch64() ? 1 : 2;
  // A CPU without vectors has scalars of 64 bits at most.
  facts.vectorBits = std::max<int64_t>(bits, 64);
  if (registers > 0)
    facts.vectorRegisters = registers;
}

/// The features of this machine, which may lack some that its CPU has, and
/// after them those in `text`.
static std::string addHostFeatures(StringRef text) {
  llvm::SubtargetFeatures features;
  for (const auto &feature : llvm::sys::getHostCPUFeatures())
    features.AddFeature(feature.getKey(), feature.getValue());
  features.addFeaturesVector(llvm::SubtargetFeatures(text).getFeatures());
  return features.getString();
}

FailureOr<CpuDescription> attention::describeCpu(StringRef tripleText,
                                                 StringRef cpuText,
                                                 StringRef features,
                                                 Location loc) {
  initializeTargets();
  llvm::Triple hostTriple(llvm::sys::getProcessTriple());
  llvm::Triple triple = tripleText.empty()
                            ? hostTriple
                            : llvm::Triple(llvm::Triple::normalize(tripleText));
  std::string message;
  const llvm::Target *target =
      llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return emitError(loc)
           << "expected a triple of a target of this LLVM, found '"
           << tripleText << "'; `llc --version` lists the targets";

  bool isHost = cpuText == "host" && triple.getArch() == hostTriple.getArch();
  StringRef cpu = isHost              ? llvm::sys::getHostCPUName()
                  : cpuText == "host" ? StringRef("generic")
                                      : cpuText;
  if (triple.isAArch64())
    cpu = llvm::AArch64::resolveCPUAlias(cpu);
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(
      target->createMCSubtargetInfo(triple, "", ""));
  if (!subtarget->isCPUStringValid(cpu))
    return emitError(loc) << "expected a CPU of " << triple.str() << ", found '"
                          << cpu << "'; `llc -mtriple=" << triple.str()
                          << " -mcpu=help` lists them";
  const llvm::SubtargetFeatures changes(features);
  for (StringRef feature : changes.getFeatures()) {
    StringRef name = llvm::SubtargetFeatures::StripFlag(feature);
    bool isKnown = llvm::any_of(subtarget->getAllProcessorFeatures(),
                                [&](const llvm::SubtargetFeatureKV &known) {
                                  return name == known.Key;
                                });
    if (!isKnown || !llvm::SubtargetFeatures::hasFlag(feature))
      return emitError(loc) << "expected features of " << triple.str()
                            << " with + or - before each, found '" << feature
                            << "'; `llc -mtriple=" << triple.str()
                            << " -mattr=help` lists them";
  }

  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      triple, cpu, isHost ? addHostFeatures(features) : features.str(),
      llvm::TargetOptions(), std::nullopt));
  CpuDescription description{TargetFacts(), triple.isX86()};
  setVectors(description.facts, *machine);
  if (isHost)
    setHostCaches(description.facts);
  return description;
}
