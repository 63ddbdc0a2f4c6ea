//===- GuardedHeap.cpp - Allocations between guard pages ------------------===//

#include "Attention/Runner/GuardedHeap.h"
#include "Attention/Runner/CrashReport.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

using namespace mlir::attention::runner;

namespace {
/// One mapping: guard page, slack, data, slack, guard page.
struct Allocation {
  char *mapping;
  size_t mappingBytes;
  char *data;
  size_t bytes;
  bool fromGeneratedCode;
  char name[48];
};

/// All live blocks by the address of their mapping. Generated code allocates
/// from several threads.
struct Heap {
  std::mutex mutex;
  std::map<char *, Allocation> blocks;
};
} // namespace

static constexpr unsigned char slackPattern = 0xA5;
static constexpr unsigned char freshPattern = 0xFF;
static constexpr const char *generatedName = "a buffer of generated code";

/// Never destroyed: generated code may free while the process ends.
static Heap &getHeap() {
  static Heap *heap = new Heap;
  return *heap;
}

static size_t getPageSize() {
  static const size_t size = sysconf(_SC_PAGESIZE);
  return size;
}

/// The block whose mapping holds `address`, or null.
static Allocation *findBlock(Heap &heap, const void *address) {
  auto *place = static_cast<char *>(const_cast<void *>(address));
  auto it = heap.blocks.upper_bound(place);
  if (it == heap.blocks.begin())
    return nullptr;
  Allocation &block = std::prev(it)->second;
  return place < block.mapping + block.mappingBytes ? &block : nullptr;
}

static Allocation *findBlockOfData(Heap &heap, const void *data) {
  Allocation *block = findBlock(heap, data);
  return block && block->data == data ? block : nullptr;
}

static void *allocateBlock(size_t bytes, size_t alignment, llvm::StringRef name,
                           bool fromGeneratedCode) {
  size_t page = getPageSize();
  if (alignment > page || bytes > SIZE_MAX / 2)
    return nullptr;
  size_t aligned = llvm::alignTo(bytes, alignment);
  Allocation block;
  block.mappingBytes = llvm::alignTo(aligned, page) + 2 * page;
  void *mapping = mmap(nullptr, block.mappingBytes, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED)
    return nullptr;
  block.mapping = static_cast<char *>(mapping);
  size_t usable = block.mappingBytes - 2 * page;
  if (usable &&
      mprotect(block.mapping + page, usable, PROT_READ | PROT_WRITE)) {
    munmap(mapping, block.mappingBytes);
    return nullptr;
  }
  block.data = block.mapping + page + usable - aligned;
  block.bytes = bytes;
  block.fromGeneratedCode = fromGeneratedCode;
  std::snprintf(block.name, sizeof(block.name), "%.*s", int(name.size()),
                name.data());
  if (usable) {
    std::memset(block.mapping + page, slackPattern, usable);
    std::memset(block.data, freshPattern, bytes);
  }
  Heap &heap = getHeap();
  std::lock_guard<std::mutex> lock(heap.mutex);
  heap.blocks[block.mapping] = block;
  return block.data;
}

/// What is wrong with the slack of a block of which `used` bytes count.
static std::string checkSlack(const Allocation &block, size_t used) {
  size_t page = getPageSize();
  auto isPattern = [](char byte) {
    return static_cast<unsigned char>(byte) == slackPattern;
  };
  auto report = [&](const char *at) {
    return ("generated code wrote to byte " + llvm::Twine(at - block.data) +
            " of " + block.name + ", of which " + llvm::Twine(used) +
            " bytes are in use")
        .str();
  };
  for (const char *at = block.data; at-- > block.mapping + page;)
    if (!isPattern(*at))
      return report(at);
  const char *end = block.mapping + block.mappingBytes - page;
  for (const char *at = block.data + used; at < end; ++at) {
    bool isUntouched = at >= block.data + block.bytes
                           ? isPattern(*at)
                           : static_cast<unsigned char>(*at) == freshPattern;
    if (!isUntouched)
      return report(at);
  }
  return {};
}

void *guarded::allocate(size_t bytes, size_t alignment, llvm::StringRef name) {
  return allocateBlock(bytes, alignment, name, /*fromGeneratedCode=*/false);
}

void guarded::makeReadOnly(void *data) {
  Heap &heap = getHeap();
  std::lock_guard<std::mutex> lock(heap.mutex);
  size_t page = getPageSize();
  if (Allocation *block = findBlockOfData(heap, data))
    mprotect(block->mapping + page, block->mappingBytes - 2 * page, PROT_READ);
}

std::string guarded::release(void *data) {
  if (!data)
    return {};
  Heap &heap = getHeap();
  std::lock_guard<std::mutex> lock(heap.mutex);
  Allocation *block = findBlockOfData(heap, data);
  if (!block)
    return "generated code freed a pointer that it had not allocated, or had "
           "freed before";
  std::string problem = checkSlack(*block, block->bytes);
  char *mapping = block->mapping;
  munmap(mapping, block->mappingBytes);
  heap.blocks.erase(mapping);
  return problem;
}

std::string guarded::check(void *data, size_t used) {
  Heap &heap = getHeap();
  std::lock_guard<std::mutex> lock(heap.mutex);
  Allocation *block = findBlockOfData(heap, data);
  return block && used <= block->bytes ? checkSlack(*block, used)
                                       : std::string();
}

bool guarded::contains(const void *data, size_t bytes) {
  Heap &heap = getHeap();
  std::lock_guard<std::mutex> lock(heap.mutex);
  Allocation *block = findBlock(heap, data);
  auto *start = static_cast<const char *>(data);
  return block && start >= block->data &&
         bytes <= size_t(block->data + block->bytes - start);
}

size_t guarded::liveAllocations() {
  Heap &heap = getHeap();
  std::lock_guard<std::mutex> lock(heap.mutex);
  size_t count = 0;
  for (auto &entry : heap.blocks)
    count += entry.second.fromGeneratedCode;
  return count;
}

void guarded::describe(const void *address, char *text, size_t textSize) {
  text[0] = 0;
  Heap &heap = getHeap();
  // Another thread may hold the lock for a moment; so may this one, for ever,
  // if the fault came from here.
  for (int attempt = 0; !heap.mutex.try_lock(); ++attempt) {
    if (attempt == 1000)
      return;
    usleep(1000);
  }
  if (Allocation *block = findBlock(heap, address)) {
    auto *place = static_cast<const char *>(address);
    if (place < block->data)
      std::snprintf(text, textSize, "byte -%zu of %s, which has %zu bytes",
                    size_t(block->data - place), block->name, block->bytes);
    else if (place >= block->data + block->bytes)
      std::snprintf(text, textSize, "byte %zu of %s, which has %zu bytes",
                    size_t(place - block->data), block->name, block->bytes);
    else
      std::snprintf(text, textSize,
                    "a write to byte %zu of %s, which is read-only",
                    size_t(place - block->data), block->name);
  }
  heap.mutex.unlock();
}

void *guarded::attentionGuardedMalloc(size_t bytes) {
  return attentionGuardedAlignedAlloc(alignof(std::max_align_t), bytes);
}

void *guarded::attentionGuardedAlignedAlloc(size_t alignment, size_t bytes) {
  void *data = allocateBlock(bytes, alignment, generatedName,
                             /*fromGeneratedCode=*/true);
  if (!data)
    reportAndExit("generated code asked for more memory than there is");
  return data;
}

void guarded::attentionGuardedFree(void *data) {
  std::string problem = release(data);
  if (!problem.empty())
    reportAndExit(problem.c_str());
}
