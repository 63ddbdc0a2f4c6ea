//===- BlockLowerings.h - Vectors from the block level ----------*- C++ -*-===//
//
// One function an operation; each builds the code in front of it, on buffers.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_BLOCKLOWERINGS_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_BLOCKLOWERINGS_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Target/TargetFacts.h"

namespace mlir::attention {

/// `lanes` is the number of lanes of a vector of the compute type.
void lowerPack(OpBuilder &builder, PackOp op, int64_t lanes);
void lowerFinish(OpBuilder &builder, FinishOp op, int64_t lanes);
void lowerMerge(OpBuilder &builder, MergeOp op, int64_t lanes);

/// `strip` holds the scores of as many keys as it has rows and of the queries
/// that are in registers at a time; a block of more keys is taken in parts.
void lowerOnline(OpBuilder &builder, OnlineOp op, const TargetFacts &facts,
                 Value strip);

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_BLOCKLOWERINGS_H
