//===- KeyRanges.h - Which keys a block of queries visits -------*- C++ -*-===//
//
// Splits the keys of a block of queries by its mask sets into ranges: those
// that no query sees are left out, those that every query sees need no mask.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_KEYRANGES_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_KEYRANGES_H

#include "Attention/Dialect/Attention/IR/ScoreChange.h"
#include "mlir/IR/Builders.h"

namespace mlir::attention {

/// A block of queries and the keys there are, in global indices: batch indices
/// b…, queries [firstQuery, firstQuery + numQueries) and keys [firstKey,
/// firstKey + numKeys).
struct PairBlock {
  SmallVector<OpFoldResult> batch;
  OpFoldResult firstQuery, numQueries, firstKey, numKeys;
};

/// Keys [begin, end), counted from the block's first. In a full range every
/// pair is in all the decided sets.
struct KeyRange {
  OpFoldResult begin, end;
  bool full;
};

/// What became of the mask sets.
struct KeyRanges {
  /// Disjoint and in order; at run time some may have no keys.
  SmallVector<KeyRange> ranges;
  /// For each change, whether it is a list of sets that full ranges decide.
  SmallVector<bool> decided;
};

/// Analyses the sets of `changes`, whose symbols are scalars. Sets that are not
/// conjunctions of linear inequalities in the query and key index stay
/// undecided: they hold somewhere, as far as this knows, in every range.
KeyRanges computeKeyRanges(OpBuilder &builder, Location loc,
                           ArrayRef<ScoreChange> changes,
                           const PairBlock &block);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_KEYRANGES_H
