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

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_IR_FUSEDTILING_H
