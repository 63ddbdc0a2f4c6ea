//===- ColumnMass.h - How much each key is read -----------------*- C++ -*-===//
//
// The sum of the weights of each key is a sum over queries: a loop of its own,
// after that over blocks of queries, over parts of the keys.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_COLUMNMASS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_COLUMNMASS_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/CostModel.h"
#include "MaskAnalysis.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::attention {

/// `op`, which gives the mass of columns, without it: what has tiles of
/// queries.
FusedOp buildWithoutColumnMass(RewriterBase &rewriter, FusedOp op);

/// Makes the states of blocks of queries results of the loop over them: `state`
/// is what its body has of a block of `numBlockQueries`, `numbers` how many
/// there are in each dimension. Returns the loop, whose last results are
/// tensors [b…, block of queries, lanes].
scf::ForallOp keepStates(RewriterBase &rewriter, scf::ForallOp loop,
                         ArrayRef<OpFoldResult> numbers,
                         int64_t numBlockQueries, ValueRange state);

/// Builds the mass of columns that `op` gives, at the insertion point. `rows`
/// is it without, `states` are those of all blocks of queries.
Value buildColumnMass(RewriterBase &rewriter, FusedOp op, FusedOp rows,
                      BlockSizes sizes, const MaskAnalysis &masks,
                      ValueRange states);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_COLUMNMASS_H
