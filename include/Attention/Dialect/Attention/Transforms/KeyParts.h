//===- KeyParts.h - Into how many parts keys are split ----------*- C++ -*-===//
//
// Where there are too few blocks of queries to keep a machine busy, long ranges
// of keys are read in parts at the same time. A function of shapes and target
// facts, never of the number of threads: parts order sums.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_TRANSFORMS_KEYPARTS_H
#define ATTENTION_DIALECT_ATTENTION_TRANSFORMS_KEYPARTS_H

#include "Attention/Target/TargetFacts.h"

namespace mlir::attention {

/// Keys that a part must have at least: what it costs to pack queries again and
/// to merge its state is little against scores and sums of these.
inline constexpr int64_t minPartKeys = 512;

/// The most parts for `numItems` blocks of queries: as many as make them keep
/// the target busy. Nothing is known of dynamic numbers: one.
int64_t chooseMostKeyParts(const TargetFacts &facts, int64_t numItems);

/// The parts of so many keys, at most `mostParts` and at least one.
int64_t chooseKeyParts(int64_t numKeys, int64_t mostParts);

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_ATTENTION_TRANSFORMS_KEYPARTS_H
