//===- ScoreChanger.h - Masks, biases and modifiers on lanes ----*- C++ -*-===//
//
// Makes the changes of attention.online to a strip of scores, a key at a time
// for all queries that are in registers.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SCORECHANGER_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SCORECHANGER_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "BlockEmitter.h"
#include "LaneVectorizer.h"

namespace mlir::attention {

class ScoreChanger : BlockEmitter {
public:
  /// Scores are in scratch 0, whose rows are of `width` queries; other scratch
  /// is for what changes read. `vectorLanes` are those of one vector.
  ScoreChanger(OpBuilder &builder, OnlineOp op, int64_t vectorLanes,
               int64_t width, function_ref<Value(Type, unsigned)> getScratch);

  /// Changes the scores of `numKeys` keys of the block from `firstKey` on and
  /// of the queries from lane `firstLane` on. The normaliser's pivot in the
  /// op's state follows.
  void emit(Value firstKey, Value numKeys, Value firstLane);

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

  Value emitChangedScore(Value score, Value holdsQuery, Value row);
  Value emitContains(const ScoreChange &change, const Position &position,
                     Value live);
  Value emitElement(unsigned number, const Position &position, Value row,
                    Value live);
  Value emitRegion(const ScoreChange &change, const Position &position,
                   Value live, Value score);

  Value negInf();
  Value isLive(Value score);
  Value both(Value x, Value y);

  OnlineOp op;
  OnlineNormaliserAttrInterface normaliser;
  SmallVector<ScoreChange> changes;
  int64_t vectorLanes;
  Value strip;
  /// For each change, scratch with its elements [key, query], or null.
  SmallVector<Value> transposed;
  function_ref<Value(Type, unsigned)> getScratch;
  /// What is at work.
  Value firstKey, numKeys, firstLane;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SCORECHANGER_H
