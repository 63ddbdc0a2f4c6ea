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

/// `getScratch(type, n)` is scratch number n for elements of `type`, [keys,
/// queries]: as many keys as are taken at a time, and the queries that are in
/// registers at a time. A block of more keys is taken in parts.
using GetScratch = function_ref<Value(Type, unsigned)>;

void lowerOnline(OpBuilder &builder, OnlineOp op, const TargetFacts &facts,
                 GetScratch getScratch);
void lowerWeights(OpBuilder &builder, WeightsOp op, const TargetFacts &facts,
                  GetScratch getScratch);
void lowerMass(OpBuilder &builder, MassOp op, const TargetFacts &facts,
               GetScratch getScratch);

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_BLOCKLOWERINGS_H
