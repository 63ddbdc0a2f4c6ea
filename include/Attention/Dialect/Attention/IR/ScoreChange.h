//===- ScoreChange.h - What is done to scores -------------------*- C++ -*-===//
//
// Masks, biases and modifiers as a list of steps, the form in which they pass
// from the graph level to the fused and block levels.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_SCORECHANGE_H
#define ATTENTION_DIALECT_ATTENTION_IR_SCORECHANGE_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IntegerSet.h"
#include "mlir/IR/Region.h"
#include "mlir/IR/Value.h"
#include "mlir/IR/ValueRange.h"

#include "Attention/Dialect/Attention/IR/AttentionEnums.h.inc"

namespace mlir::attention {

/// An integer set over (b…, i, j) and the values its symbols are bound to:
/// scalars, or tensors indexed by the first batch dimensions.
struct MaskSet {
  IntegerSet set;
  SmallVector<Value> symbols;
};

/// A tensor or buffer and its indices in an iteration space.
struct MappedValue {
  Value value;
  AffineMap map;
};

/// One step. Only the members of its kind are set.
struct ScoreChange {
  ScoreChangeKind kind;
  /// Sets: an intersection of unions.
  SmallVector<SmallVector<MaskSet>> sets;
  /// Keep and Bias: a tensor, or buffer, and its indices at (b…, i, j).
  Value tensor = {};
  AffineMap map = {};
  /// Where (b…, i, j) -> i1 and Modify (score, b…, i, j) -> score: a region of
  /// one block.
  Region *region = nullptr;
};

/// Builds the element of a change's mask or bias tensor at the pair `indices`,
/// (b…, i, j).
Value buildChangeElement(OpBuilder &builder, Location loc,
                         const ScoreChange &change, ValueRange indices);

/// Clones a region of one block, with its arguments bound to `arguments`, and
/// returns what it yields.
Value cloneScalarRegion(OpBuilder &builder, Region &region,
                        ValueRange arguments);

/// What a block-level operation computes the scores of a block from: a tile of
/// queries [d, lanes], keys (j, d), and what is done to their pairs.
struct BlockScores {
  Value query;
  MappedValue key;
  /// The pair body, empty for the product.
  Region *combine;
  ValueRange parameters;
  /// Null for none.
  Value scale;
  SmallVector<ScoreChange> changes;
  /// The global index (b…, i, j) of the first pair.
  ValueRange origin;
  /// The number of lanes that hold queries.
  Value live;

  bool isDot() const { return combine->empty(); }
  unsigned getNumBatch() const { return origin.size() - 2; }
  /// The type of the scores.
  FloatType getComputeType() const;
};

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_ATTENTION_IR_SCORECHANGE_H
