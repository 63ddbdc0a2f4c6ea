//===- ScoreChanger.h - Masks, biases and modifiers on lanes ----*- C++ -*-===//
//
// Makes the changes of a block to a strip of its scores, a key at a time for
// all queries that are in registers.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SCORECHANGER_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SCORECHANGER_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "BlockLowerings.h"
#include "LaneVectorizer.h"
#include "TransposeEmitter.h"

namespace mlir::attention {

class ScoreChanger : TransposeEmitter {
public:
  /// Scores are in scratch 0, whose rows are of `width` queries; other scratch
  /// is for what changes read. `vectorLanes` are those of one vector.
  ScoreChanger(OpBuilder &builder, Location loc, const BlockScores &scores,
               OnlineNormaliserAttrInterface normaliser, int64_t vectorLanes,
               int64_t width, GetScratch getScratch);

  /// Changes the scores of `numKeys` keys of the block from `firstKey` on and
  /// of the queries from lane `firstLane` on. The normaliser's pivots follow in
  /// the buffer `pivots`, if there is one.
  void emit(Value firstKey, Value numKeys, Value firstLane, Value pivots);

private:
  using Position = SmallVector<LaneValue>;

  /// Where a mask or bias tensor's rows lie along keys, its part of the block
  /// is transposed first. Scratch, or null where it is read as it lies.
  Value emitTransposed(const ScoreChange &change, unsigned number);
  bool isTransposed(const ScoreChange &change);
  void emitSquare(const ScoreChange &change, Value scratch, Value column,
                  Value row, Value count);
  Value loadKeys(const ScoreChange &change, Value query, Value row,
                 Value count);

  Value emitRow(Value row, Value holdsQuery);
  std::pair<Value, Value> emitChanges(Value score, Value holdsQuery, Value row);
  Value emitContains(const ScoreChange &change, const Position &position,
                     Value live);
  Value emitElement(unsigned number, const Position &position, Value row,
                    Value live);
  Value emitRegion(const ScoreChange &change, const Position &position,
                   Value live, Value score);

  Value both(Value x, Value y);

  BlockScores scores;
  OnlineNormaliserAttrInterface normaliser;
  int64_t vectorLanes;
  Value strip;
  /// For each change, scratch with its elements [key, query], or null.
  SmallVector<Value> transposed;
  GetScratch getScratch;
  /// What is at work.
  Value firstKey, numKeys, firstLane;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SCORECHANGER_H
