//===- TransposedElements.h - Masks and biases along keys -------*- C++ -*-===//
//
// Queries are in lanes, but a mask or bias tensor mostly has the elements of
// one query and different keys next to each other: its part of a block is
// transposed into scratch, by squares of vectors.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_TRANSPOSEDELEMENTS_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_TRANSPOSEDELEMENTS_H

#include "TransposeEmitter.h"

namespace mlir::attention {

class TransposedElements : TransposeEmitter {
public:
  /// Whether the elements of `change` lie along keys.
  static bool isNeeded(const BlockScores &scores, const ScoreChange &change);

  /// What scratch has for elements: of a mask, words of as many keys as they
  /// have bytes.
  static Type getScratchType(const ScoreChange &change, FloatType computeType);

  /// A row of `scratch` has `width` queries, as many vectors of `vectorLanes`.
  TransposedElements(OpBuilder &builder, Location loc,
                     const BlockScores &scores, const ScoreChange &change,
                     int64_t vectorLanes, int64_t width, Value scratch);

  /// Fills scratch for `numKeys` keys of the block from `firstKey` on and the
  /// queries from lane `firstLane` on. Lanes beyond the queries get the last
  /// one's.
  void emit(Value firstKey, Value numKeys, Value firstLane);

  /// The elements of a key, counted from the first, for all queries: of a mask
  /// as i1, of a bias in the compute type.
  Value load(Value row);

private:
  void emitWords(Value column);
  void emitLastWords();
  void emitBiases(Value column);
  void emitBiasSquare(Value column, Value row, Value count);
  Value queryInLane(Value lane);
  Values indicesAt(Value query, Value row);

  BlockScores scores;
  ScoreChange change;
  int64_t vectorLanes;
  /// Keys in an element of scratch.
  int64_t keysPerElement;
  Value scratch;
  /// What is at work.
  Value buffer, firstKey, numKeys, firstLane;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_TRANSPOSEDELEMENTS_H
