//===- ReadingEmitter.h - Readings on lanes ---------------------*- C++ -*-===//
//
// What the block level's lowerings do with the states of readings: buffers
// [slots, lanes], one for each value of a slot.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_READINGEMITTER_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_READINGEMITTER_H

#include "Attention/Dialect/Attention/IR/Readings.h"
#include "BlockEmitter.h"
#include "BlockLowerings.h"

namespace mlir::attention {

class ReadingEmitter : BlockEmitter {
public:
  /// `state` ends with the states of the readings. `lanes` are those of one
  /// vector.
  ReadingEmitter(OpBuilder &builder, Location loc, ArrayAttr readings,
                 FloatType computeType, ValueRange state, int64_t lanes);

  /// Selective readings of `numKeys` keys, the first of global index
  /// `firstKey`, whose scores are the rows of `strip`, and of the queries in
  /// the vectors from `lane` on. Scratch is free from number `scratch` on.
  void emitSelected(Value strip, Value firstKey, Value numKeys, ValueRange lane,
                    GetScratch getScratch, unsigned scratch);

  /// What a loop over keys carries for the readings that are not selective, in
  /// so many vectors of queries, before any key.
  Values buildCarried(int64_t numVectors);

  /// What it carries after some keys, whose scores, weights and shifts are
  /// vectors of whole rows: key after key, all queries of each.
  Values addKeys(ValueRange carried, Value scores, Value weights, Value shift,
                 Value firstKey, int64_t numVectors);

  /// Brings the states of the queries from lane `lane` on under a new shift,
  /// where there is a pivot.
  struct Move {
    Value shift, newShift, factor;
  };
  void rescale(Value lane, const Move &move);

  /// Adds what a loop has carried for the vector of queries `vector` to their
  /// states, which are under the same shift.
  void addCarried(ValueRange carried, int64_t numVectors, int64_t vector,
                  Value lane);

  /// Adds the states of a part of the keys, `partStates` [parts, slots, lanes],
  /// that are moved to the same shift first.
  void addPart(ValueRange partStates, Value part, Value lane, const Move &move);

  /// Writes the results of the queries from lane `lane` on, as many as there
  /// are `rows`.
  void emitResults(ValueRange outs, OnlineNormaliserAttrInterface normaliser,
                   ValueRange normaliserState, Value lane, Value rows);

private:
  Value getLastSlot(const ReadingValues &state);

  /// Brings a state up to date with an entry, and returns its last slot, which
  /// was `last`.
  Values insertEntry(const ReadingValues &state, Value lane, ValueRange last,
                     ValueRange entry, bool inOrder);
  Value emitAny(Value condition);

  /// A key's entry of a selective reading, from its score.
  Values buildSelectiveEntry(const ReadingValues &state, Value score,
                             Value key);
  /// The keys of a strip, whose scores are in the vector `column`, one after
  /// another.
  void insertKeys(const ReadingValues &state, Value strip, Value column,
                  Value firstKey, Value numKeys, Value lane);
  /// The same, by way of lists of candidates: in `candidates` [rows, lanes].
  void mergeKeys(const ReadingValues &state, Value strip, Value column,
                 Value firstKey, Value numKeys, Value lane,
                 ValueRange candidates);

  ArrayAttr readings;
  SmallVector<ReadingValues> states;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_READINGEMITTER_H
