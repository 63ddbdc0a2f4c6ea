//===- QueryBlocks.h - Blocks of queries and their states -------*- C++ -*-===//
//
// Where blocks of queries lie in fused attention, and their slices of tensors
// that hold a state for each.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_QUERYBLOCKS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_QUERYBLOCKS_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::attention {

/// Where the blocks of queries lie in the iteration space of fused attention.
class QueryBlocks {
public:
  QueryBlocks(RewriterBase &rewriter, FusedOp op, int64_t numBlockQueries);

  OpFoldResult getExtent(unsigned dim) const { return extents[dim]; }

  /// Batch extents, and the number of blocks.
  SmallVector<OpFoldResult> buildNumbers();

  /// Builds values from a tile of the op, which is there no longer than that.
  using BuildFromTile = function_ref<SmallVector<Value>(FusedOp tile)>;

  /// From the block at a batch element and block number, or from all queries of
  /// a batch element. Fails where the op's maps have no tiles.
  FailureOr<SmallVector<Value>> buildFrom(ArrayRef<OpFoldResult> position,
                                          BuildFromTile build);

  /// Offsets and sizes of that tile.
  struct Tile {
    SmallVector<OpFoldResult> offsets, sizes;
  };
  Tile buildTile(ArrayRef<OpFoldResult> position);

private:
  RewriterBase &builder;
  Location loc;
  FusedOp op;
  int64_t numBlockQueries;
  SmallVector<OpFoldResult> extents;
};

/// The batch indices and the number of the block of queries in a loop over
/// batch elements and, in steps of `numBlockQueries`, queries.
SmallVector<OpFoldResult> buildBlockPosition(OpBuilder &builder,
                                             scf::ForallOp loop,
                                             int64_t numBlockQueries);

/// The part of a tensor of states at a position in its first dimensions, which
/// it drops, all of the next dimension or as much as `extent`.
struct StateSlice {
  StateSlice(OpBuilder &builder, Location loc, Value states,
             ArrayRef<OpFoldResult> position, OpFoldResult extent = {});

  Value extract(OpBuilder &builder, Location loc) const;
  void insert(OpBuilder &builder, Location loc, Value state) const;

  Value states;
  SmallVector<OpFoldResult> offsets, sizes, strides;
  RankedTensorType type;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_QUERYBLOCKS_H
