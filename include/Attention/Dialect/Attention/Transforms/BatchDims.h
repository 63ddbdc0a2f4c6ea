//===- BatchDims.h - Batch dimensions of keys and values --------*- C++ -*-===//
//
// Broadcast and grouped heads as indexing maps, for the passes that make loops
// or maps of graph-level operations.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_TRANSFORMS_BATCHDIMS_H
#define ATTENTION_DIALECT_ATTENTION_TRANSFORMS_BATCHDIMS_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"

namespace mlir::attention {

/// `tensor` [b…, r, c] in a form whose batch dimensions a map can reach from
/// those of `reference`: itself, unless it may have grouped heads whose number
/// only run time knows. Then its heads are repeated: tensor [b…, H, r, c].
Value repeatUnknownHeads(OpBuilder &builder, Location loc, Value tensor,
                         Value reference);

/// The map that reads `tensor` [b…, r, c] in a loop nest of `numDims`
/// dimensions whose first are the batch dimensions of `reference` and where r
/// and c are the loops `row` and `column`. Extents of 1 broadcast; grouped
/// heads divide.
AffineMap getBatchedMap(Value tensor, Value reference, unsigned numDims,
                        unsigned row, unsigned column);

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_ATTENTION_TRANSFORMS_BATCHDIMS_H
