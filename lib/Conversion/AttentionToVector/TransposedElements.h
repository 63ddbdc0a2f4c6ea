//===- TransposedElements.h - Masks and biases along keys -------*- C++ -*-===//
//
// Queries are in lanes, but a mask or bias tensor mostly has the elements of
// one query and different keys next to each other: its part of a block is
// transposed into scratch, by squares of vectors.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_TRANSPOSEDELEMENTS_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_TRANSPOSEDELEMENTS_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "TransposeEmitter.h"

namespace mlir::attention {

class TransposedElements : protected TransposeEmitter {
public:
  /// The elements of `change`, or null where they do not lie along keys.
  /// `getScratch` is asked for scratch of a type, a row of which has `width`
  /// queries: whole vectors of `vectorLanes`.
  static std::unique_ptr<TransposedElements>
  create(OpBuilder &builder, Location loc, const BlockScores &scores,
         const ScoreChange &change, int64_t vectorLanes, int64_t width,
         function_ref<Value(Type)> getScratch);

  virtual ~TransposedElements() = default;

  /// Fills scratch for `numKeys` keys of the block from `firstKey` on and the
  /// queries from lane `firstLane` on. Lanes beyond the queries get the last
  /// one's.
  void emit(Value firstKey, Value numKeys, Value firstLane);

  /// The elements of a key, counted from the first, for all queries: of a mask
  /// as i1, of a bias in the compute type.
  virtual Value load(Value row) = 0;

protected:
  TransposedElements(OpBuilder &builder, Location loc,
                     const BlockScores &scores, const ScoreChange &change,
                     int64_t vectorLanes, int64_t width, Value scratch);

  /// Fills scratch for what is at work.
  virtual void fill() = 0;

  /// The query of a lane, counted from the first: of those beyond, the last.
  Value queryInLane(Value lane);
  /// Where the element of a query of the block and a key of the part lies.
  Values indicesAt(Value query, Value row);

  int64_t vectorLanes;
  Value scratch;
  /// What is at work.
  Value numKeys;

private:
  Value firstKey, firstLane, lastQuery;
  BlockScores scores;
  AffineMap map;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_TRANSPOSEDELEMENTS_H
