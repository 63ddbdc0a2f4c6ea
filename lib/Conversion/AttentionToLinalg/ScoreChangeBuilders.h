//===- ScoreChangeBuilders.h - Score changes at one pair --------*- C++ -*-===//
//
// Masks, biases and modifiers as scalar code at a pair (b…, i, j).
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_SCORECHANGEBUILDERS_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_SCORECHANGEBUILDERS_H

#include "Attention/Dialect/Attention/IR/ScoreChange.h"
#include "mlir/IR/Builders.h"

namespace mlir::attention {

/// Clones the operations of a region of one block, with `arguments` for its
/// arguments, and returns what it yields.
Value cloneScalarRegion(OpBuilder &builder, Region &region,
                        ValueRange arguments);

/// The score at `indices` after `change`, which is evaluated where the score is
/// a live pair's only.
Value buildScoreChange(OpBuilder &builder, Location loc,
                       const ScoreChange &change, Value score,
                       ValueRange indices);

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_SCORECHANGEBUILDERS_H
