//===- TargetFacts.h - What transformations ask of a CPU --------*- C++ -*-===//
//
// The few numbers that block sizes and vector shapes are chosen from. They are
// entries of device "CPU" in the module's dlti.target_system_spec, so that IR
// says by itself what it is compiled for; -attention-set-target writes them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_TARGET_TARGETFACTS_H
#define ATTENTION_TARGET_TARGETFACTS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

namespace mlir::attention {

/// Facts about a CPU. Those that nobody states have the values here, which any
/// CPU of today can bear.
struct TargetFacts {
  /// Bits of the widest vectors that pay.
  int64_t vectorBits = 128;
  int64_t vectorRegisters = 16;
  /// Operations of a multiply-add: 1 where the CPU has a fused one, else 2.
  int64_t multiplyAddOperations = 2;
  /// Operations of a multiply-add with one lane of a register for a factor: 1
  /// where it can name the lane, as on AArch64, else 2.
  int64_t laneMultiplyAddOperations = 2;
  /// Data caches of one core.
  int64_t l1Bytes = 32 << 10;
  int64_t l2Bytes = 256 << 10;
  /// Parallel work items that keep a machine busy. Not the number of threads of
  /// any host: what is computed, and in which order, may depend on this.
  int64_t parallelism = 16;

  /// Elements of a vector; at least 1. Integers take whole bytes, an index 64
  /// bits.
  int64_t lanes(Type elementType) const;

  /// The tile of accumulators that a product keeps in registers: vectors of a
  /// row, a power of two, and rows of so many vectors; both at least 1.
  int64_t tileVectors() const;
  int64_t tileRows(int64_t vectors) const;

  /// Bytes of all vector registers.
  int64_t registerFileBytes() const { return vectorBits / 8 * vectorRegisters; }
};

/// A fact and the key of its entry: "attention.vector_bits".
struct TargetFactEntry {
  StringLiteral key;
  int64_t TargetFacts::*fact;
};

/// All facts.
ArrayRef<TargetFactEntry> getTargetFactEntries();

/// The facts at `op`: each the entry of the closest target system
/// specification around it, and its default if that has none or one that is not
/// a positive integer.
TargetFacts getTargetFacts(Operation *op);

/// The entry of `key` at `op` as it is, or null.
Attribute lookupTargetEntry(Operation *op, StringRef key);

/// The value of an entry; nothing if there is none or it is no positive
/// integer.
std::optional<int64_t> parseTargetEntry(Attribute entry);

/// Makes `facts` the module's; what else its specification says stays.
void setTargetFacts(ModuleOp module, const TargetFacts &facts);

} // namespace mlir::attention

#endif // ATTENTION_TARGET_TARGETFACTS_H
