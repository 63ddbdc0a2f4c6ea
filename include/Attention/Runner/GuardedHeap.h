//===- GuardedHeap.h - Allocations between guard pages ----------*- C++ -*-===//
//
// For tests: every allocation ends right before an inaccessible page, so that
// an overrun by generated code is a fault and not luck. What alignment leaves
// between the end and that page, and everything before the allocation in its
// first page, holds a pattern that release() checks. Fresh memory is filled
// with ones, a NaN in every float type, so that reading it shows.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_GUARDEDHEAP_H
#define ATTENTION_RUNNER_GUARDEDHEAP_H

#include "llvm/ADT/StringRef.h"
#include <cstddef>
#include <cstdint>
#include <string>

namespace mlir::attention::runner::guarded {

/// Returns null if the machine has not enough memory. `name` appears in
/// reports: "input[1]".
void *allocate(size_t bytes, size_t alignment, llvm::StringRef name);

/// Lets nobody write to an allocation any more.
void makeReadOnly(void *data);

/// Gives an allocation back. Returns what is wrong with it, or nothing: it was
/// never allocated, or the memory around it was written to.
std::string release(void *data);

/// What is wrong with the memory around a live allocation, of which the first
/// `used` bytes are in use; or nothing.
std::string check(void *data, size_t used);

/// True if [data, data + bytes) lies in one live allocation.
bool contains(const void *data, size_t bytes);

/// Live allocations that generated code made.
size_t liveAllocations();

/// For signal handlers: writes to `text` where `address` lies among the live
/// allocations, such as "byte 64 of input[1], which has 64 bytes". Empty if
/// it is near none.
void describe(const void *address, char *text, size_t textSize);

/// What generated code calls in place of the C library.
extern "C" {
void *attentionGuardedMalloc(size_t bytes);
void *attentionGuardedAlignedAlloc(size_t alignment, size_t bytes);
void attentionGuardedFree(void *data);
}

} // namespace mlir::attention::runner::guarded

#endif // ATTENTION_RUNNER_GUARDEDHEAP_H
