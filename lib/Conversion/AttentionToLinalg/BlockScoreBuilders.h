//===- BlockScoreBuilders.h - Scores of a block as linalg -------*- C++ -*-===//
//
// What the block-level operations that score a block share.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_BLOCKSCOREBUILDERS_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_BLOCKSCOREBUILDERS_H

#include "Attention/Dialect/Attention/IR/ScoreChange.h"
#include "GenericBuilder.h"

namespace mlir::attention {

/// The changed scores, a tensor [keys, lanes]. Regions are evaluated in live
/// lanes only.
Value buildBlockScores(GenericBuilder &g, const BlockScores &scores);

/// `condition` ? build() : otherwise, without evaluating build() elsewhere.
Value buildIf(OpBuilder &builder, Location loc, Value condition,
              Value otherwise,
              function_ref<Value(OpBuilder &builder, Location loc)> build);

/// index < bound, both unsigned.
Value buildIsBelow(OpBuilder &builder, Location loc, Value index, Value bound);

/// The extent of a matrix in its rows (0) or columns (1).
OpFoldResult getMatrixExtent(OpBuilder &builder, Location loc,
                             MappedValue matrix, unsigned dim);

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_BLOCKSCOREBUILDERS_H
