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

/// The score at `indices` after `change`, which is evaluated where the score is
/// a live pair's only.
Value buildScoreChange(OpBuilder &builder, Location loc,
                       const ScoreChange &change, Value score,
                       ValueRange indices);

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_SCORECHANGEBUILDERS_H
