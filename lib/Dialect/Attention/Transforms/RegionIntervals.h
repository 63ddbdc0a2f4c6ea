//===- RegionIntervals.h - What a mask region can yield ---------*- C++ -*-===//
//
// Evaluates a where region for a block of pairs at once, with an interval for
// every integer. Nothing is read out of bounds and nothing traps, so pairs at
// which the region is not defined may be among the block's.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_REGIONINTERVALS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_REGIONINTERVALS_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include <functional>
#include <optional>

namespace mlir::attention {

/// All values lie within [least, most], i64 with a sign (booleans are 0 and 1).
struct Interval {
  Value least, most;
};

/// Nothing is known of a value that has no interval.
using MaybeInterval = std::optional<Interval>;

class IntervalEvaluator {
public:
  /// `lookup` may know the interval of a load.
  IntervalEvaluator(OpBuilder &builder, Location loc, Region *region,
                    std::function<MaybeInterval(Operation *)> lookup)
      : builder(builder), loc(loc), region(region), lookup(std::move(lookup)) {}

  /// Binds an argument of the region.
  void bind(Value argument, Interval interval) { known[argument] = interval; }

  MaybeInterval evaluate(Value value);

  /// Whether an index counts arguments of the region: a sum or difference of
  /// them and of values from outside. Its interval is as short as theirs.
  bool countsPairs(Value index);

  /// The interval of the elements of a tensor of integers whose indices lie in
  /// intervals, read one by one; of those that the tensor has.
  Interval evaluateElements(Value tensor, ArrayRef<Interval> indices);

  Value constant(int64_t value);

private:
  MaybeInterval evaluateOp(Operation *op);
  MaybeInterval evaluateLoad(Operation *op);
  Interval compare(Operation *op, Interval a, Interval b);
  /// All values of the type, where the bounds go beyond them.
  Interval wrap(Interval interval, Type type);
  Interval all(Type type);
  Value less(Value a, Value b, bool orEqual = false);
  Value both(Value a, Value b);
  Value select(Value condition, Value a, Value b);
  Value minimum(Value a, Value b);
  Value maximum(Value a, Value b);

  OpBuilder &builder;
  Location loc;
  Region *region;
  std::function<MaybeInterval(Operation *)> lookup;
  DenseMap<Value, MaybeInterval> known;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_REGIONINTERVALS_H
