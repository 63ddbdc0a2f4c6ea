//===- SecondPass.h - What needs the state of all keys ----------*- C++ -*-===//
//
// Loops after that over blocks of queries, over parts of the keys: the mass of
// columns, a sum over queries, and the weights where the keys are split.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_SECONDPASS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_SECONDPASS_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/CostModel.h"
#include "MaskAnalysis.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::attention {

/// `op` without the mass of columns, so that it has tiles of queries, and
/// perhaps without the weights.
FusedOp buildRows(RewriterBase &rewriter, FusedOp op, bool withWeights);

/// Makes the states of blocks of queries results of the loop over them: `state`
/// is what its body has of a block of `numBlockQueries`, `numbers` how many
/// there are in each dimension. Returns the loop, whose last results are
/// tensors [b…, block of queries, lanes].
scf::ForallOp keepStates(RewriterBase &rewriter, scf::ForallOp loop,
                         ArrayRef<OpFoldResult> numbers,
                         int64_t numBlockQueries, ValueRange state);

/// Builds result `number` of `op`, the mass of columns, at the insertion point.
/// `rows` is it without, `states` are those of all blocks of queries.
Value buildColumnMass(RewriterBase &rewriter, FusedOp op, unsigned number,
                      FusedOp rows, BlockSizes sizes, const MaskAnalysis &masks,
                      ValueRange states);

/// Builds result `number` of `op`, the weights, in as many parts of the keys.
Value buildWeightsInParts(RewriterBase &rewriter, FusedOp op, unsigned number,
                          FusedOp rows, BlockSizes sizes,
                          const MaskAnalysis &masks, ValueRange states,
                          OpFoldResult numParts);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_SECONDPASS_H
