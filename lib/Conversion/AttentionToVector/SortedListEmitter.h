//===- SortedListEmitter.h - Sorted lists on lanes --------------*- C++ -*-===//
//
// Many entries at a time into the sorted lists of a selective reading, one list
// in each lane: networks of comparisons, which are the same for all lanes.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SORTEDLISTEMITTER_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SORTEDLISTEMITTER_H

#include "Attention/Dialect/Attention/IR/Readings.h"
#include "BlockEmitter.h"

namespace mlir::attention {

class SortedListEmitter : BlockEmitter {
public:
  /// `lanes` are those of one vector.
  SortedListEmitter(OpBuilder &builder, Location loc, FloatType computeType,
                    int64_t lanes, RowReadingAttrInterface reading)
      : BlockEmitter(builder, loc, computeType, lanes), reading(reading) {}

  /// Puts what no slot has yet into those of the first `count` rows of
  /// `buffers` that are not among the `counts` of their lane, i32.
  void fill(ValueRange buffers, Value lane, Value count, Value counts);

  /// Sorts the first `count` rows of `buffers` [rows, lanes], of which there
  /// are no more than `most`, in the lanes of a vector from `lane` on.
  void sort(ValueRange buffers, Value lane, Value count, int64_t most);

  /// Merges `count` entries in order, each a row of `parts` at (`at`…, row,
  /// `partLane`), into the list [slots, lanes] in the lanes from `lane` on.
  /// There may be more than the list has slots.
  void merge(ValueRange slots, Value lane, ValueRange parts, ValueRange at,
             Value partLane, Value count);

private:
  Value shiftLeft(Value value, Value bits);
  Value shiftRight(Value value, Value bits);

  /// Of the pairs of rows that are in the same 2^(bits + 1), 2^bits apart, the
  /// number of those with both among `count` rows: the first ones.
  Value countPairs(Value count, Value bits);

  /// for (i = 0; i < count; ++i) body(i, load(i)), where count is not 0 and
  /// what is loaded is not what another iteration stores. Loads are an
  /// iteration ahead: LLVM would make masked stores of selections from what has
  /// just been loaded, and those are slow on AVX2.
  void loadAndStore(Value count, function_ref<Values(Value)> load,
                    function_ref<void(Value, ValueRange)> body);

  /// Puts pairs of rows in order. `getPair` builds the two of each.
  using Pair = std::pair<Value, Value>;
  void order(ValueRange buffers, Value lane, Value numPairs,
             function_ref<Pair(Value)> getPair);
  /// Puts pairs in order for the distances 2^(levels − 1) to 1, from the last
  /// of `count` rows on where it is `mirrored`.
  void clean(ValueRange buffers, Value lane, Value count, Value levels,
             bool mirrored);

  RowReadingAttrInterface reading;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_SORTEDLISTEMITTER_H
