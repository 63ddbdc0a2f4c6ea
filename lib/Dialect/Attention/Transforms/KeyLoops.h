//===- KeyLoops.h - Loops over blocks of keys -------------------*- C++ -*-===//
//
// What a block of queries does with its keys: one attention.online a block of
// keys, full ranges in blocks of static size and without what masks decide.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_KEYLOOPS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_KEYLOOPS_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/VisibleKeys.h"
#include "MaskAnalysis.h"

namespace mlir::attention {

/// A block of queries, ready for keys.
struct QueryBlock {
  /// The packed queries.
  Value tile;
  /// What scores are multiplied by, if anything.
  Value scale;
  /// Queries in the lanes of the tile.
  OpFoldResult numQueries;
};

/// Part `index` of `count` that the keys which a block visits are split into.
struct KeyPart {
  OpFoldResult index, count;
};

/// What a part has of a range of keys, whose end is not before its begin: whole
/// blocks, of all parts as many but for those at the end.
KeyRange buildPartOfKeys(OpBuilder &builder, Location loc, KeyRange keys,
                         KeyPart part, int64_t numBlockKeys);

/// Builds an operation on all keys of `scores` that brings `state` up to date
/// and whose tiles are blocks of keys.
using BuildKeyBlock = function_ref<DestinationStyleOpInterface(
    const BlockScores &scores, ValueRange state)>;

/// Loops over the ranges of keys that the mask sets of `op`, attention of one
/// batch element and one block of queries, leave, in blocks of `numBlockKeys`:
/// all of them, or those of a part. What `masks` say of whole blocks decides
/// like sets do. Returns the state after them.
SmallVector<Value> buildKeyLoops(RewriterBase &rewriter, FusedOp op,
                                 const QueryBlock &queries,
                                 int64_t numBlockKeys,
                                 const MaskAnalysis &masks,
                                 std::optional<KeyPart> part, ValueRange state,
                                 BuildKeyBlock buildBlock);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_KEYLOOPS_H
