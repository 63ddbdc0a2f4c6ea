//===- ScoreChanger.h - Masks, biases and modifiers on lanes ----*- C++ -*-===//
//
// Makes the changes of a block to its scores, a key at a time for all queries
// that are in registers.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SCORECHANGER_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SCORECHANGER_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "BlockLowerings.h"
#include "LaneVectorizer.h"
#include "TransposedElements.h"

namespace mlir::attention {

class ScoreChanger : BlockEmitter {
public:
  /// Scores are in scratch 0, whose rows are of `width` queries; other scratch
  /// is for what changes read. `vectorLanes` are those of one vector.
  ScoreChanger(OpBuilder &builder, Location loc, const BlockScores &scores,
               OnlineNormaliserAttrInterface normaliser, int64_t vectorLanes,
               int64_t width, GetScratch getScratch);

  /// Whether scores are changed by `changeRow`, while they are in registers, or
  /// by `changeStrip`, when they are in the strip; neither where they are not
  /// changed.
  bool changesInRegisters() const;
  bool changesInStrip() const;

  /// What follows is about `numKeys` keys of the block from `firstKey` on and
  /// the queries from lane `firstLane` on.
  void begin(Value firstKey, Value numKeys, Value firstLane);

  /// The scores of key number `row`, a vector as wide as the strip, after all
  /// changes.
  Value changeRow(Value row, Value scores);

  /// Changes the scores of all keys. The normaliser's pivots follow in the
  /// buffer `pivots`, if there is one.
  void changeStrip(Value pivots);

private:
  using Position = SmallVector<LaneValue>;

  Value emitRow(Value row, Value holdsQuery);
  std::pair<Value, Value> emitChanges(Value score, Value live, Value row);
  Value emitContains(const ScoreChange &change, const Position &position,
                     Value live);
  Value emitElement(unsigned number, const Position &position, Value row,
                    Value live);
  Value emitRegion(const ScoreChange &change, const Position &position,
                   Value live, Value score);

  Value both(Value x, Value y);
  Value select(Value live, Value score);

  BlockScores scores;
  OnlineNormaliserAttrInterface normaliser;
  Value strip;
  /// For each change, its elements where they are transposed first, or null.
  SmallVector<std::unique_ptr<TransposedElements>> transposed;
  /// What is at work.
  Value firstKey, numKeys, firstLane;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SCORECHANGER_H
