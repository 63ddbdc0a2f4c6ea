//===- FusedTiling.h - Tiles of blocks --------------------------*- C++ -*-===//
//
// What tiling over keys and reading them in parts share.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_IR_FUSEDTILING_H
#define ATTENTION_LIB_DIALECT_ATTENTION_IR_FUSEDTILING_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"

namespace mlir::attention {

/// `op` on `size` of its keys from `offset` on, which updates `outs`.
TilingResult buildKeyTile(OpBuilder &builder, OnlineOp op, OpFoldResult offset,
                          OpFoldResult size, ValueRange outs);
TilingResult buildKeyTile(OpBuilder &builder, WeightsOp op, OpFoldResult offset,
                          OpFoldResult size, ValueRange outs);
TilingResult buildKeyTile(OpBuilder &builder, MassOp op, OpFoldResult offset,
                          OpFoldResult size, ValueRange outs);

/// The rows of a matrix of keys.
Range getKeyRange(OpBuilder &builder, Location loc, Value key, AffineMap map);

/// Where all of a value lies in it.
void getWhole(OpBuilder &builder, Location loc, Value value,
              SmallVectorImpl<OpFoldResult> &offsets,
              SmallVectorImpl<OpFoldResult> &sizes);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_IR_FUSEDTILING_H
