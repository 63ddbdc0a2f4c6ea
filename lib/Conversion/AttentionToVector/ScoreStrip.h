//===- ScoreStrip.h - Scores of a block, a strip at a time ------*- C++ -*-===//
//
// What operations on a block of queries and a block of keys have in common: the
// scores of as many queries as registers hold, [keys, queries], after all
// changes, in scratch that stays in the first-level cache.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SCORESTRIP_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SCORESTRIP_H

#include "Attention/Dialect/Attention/Transforms/CostModel.h"
#include "BlockLowerings.h"
#include "ScoreChanger.h"
#include "TransposeEmitter.h"

namespace mlir::attention {

class StripEmitter : protected TransposeEmitter {
protected:
  StripEmitter(OpBuilder &builder, Location loc, const BlockScores &scores,
               OnlineNormaliserAttrInterface normaliser,
               const TargetFacts &facts, GetScratch getScratch);

  /// for parts of as many keys as the strip holds: body()
  void forParts(function_ref<void()> body);

  /// for groups of queries, as many vectors as a register tile has, up to lane
  /// `end`: body()
  void forGroups(Value end, function_ref<void()> body);

  /// For as long as `body` is built, leaves only keys that the group's queries
  /// may see, by the sets that mask scores, if there are any.
  void forVisibleKeys(function_ref<void()> body);

  /// Writes the scores of the part's keys and the group's queries to the strip.
  /// Where there is a buffer of pivots, brings the group's up to date and
  /// returns them.
  Values emitScores(Value pivots);

  /// Replaces the strip's rows, a few at a time as one vector, by what `build`
  /// makes of them: of the number of the first, the rows, and how many they
  /// are. It brings the values that it is given, first `carried`, up to date.
  using BuildRows = function_ref<Value(Value, Value, int64_t, Values &)>;
  Values emitRows(ValueRange carried, BuildRows build);

  /// Adds `count` rows to the sums of each of the group's vectors.
  void addRows(MutableArrayRef<Value> sums, Value rows, int64_t count);

  /// The vectors as one, `times` times, and the vectors of one.
  Value concatenate(ValueRange vectors, int64_t times);
  Values split(Value rows);

  /// The strip's vector `v` of a key's row.
  Values inStrip(Value row, int64_t v) { return {row, index(v * lanes)}; }

  BlockScores scores;
  OnlineNormaliserAttrInterface normaliser;
  Value strip;
  RegisterTile tile;
  int64_t numLanes;
  /// Whether elements of keys and values are loaded as vectors.
  bool loadsRuns;
  /// The keys of the part, from the first of the block on, and the lanes of the
  /// group (first of each vector).
  Value firstKey, numKeys;
  Values lane;

private:
  Value emitScale();
  Values emitSums(Values pivots);
  Values emitScoreRows(Value row, int64_t rows, ValueRange pivots);
  Values emitScoreTile(Value row, int64_t rows);
  Value emitPair(Value firstLane, Value query, Value element,
                 ValueRange parameters);

  ScoreChanger changer;
  /// What scores are multiplied by, or null.
  Value scale;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SCORESTRIP_H
