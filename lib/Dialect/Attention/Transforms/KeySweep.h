//===- KeySweep.h - From families of keys to segments -----------*- C++ -*-===//
//
// Walks the keys of a block of queries from one change to the next. Written
// once, for numbers (tests, counts) and for code (bounds of loops): `Ops` says
// what a Number and a Bool are and has add, sub, mul, floorDiv, min, max, ge,
// eq, conjunction, disjunction, negation, select and value, of an expression.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_KEYSWEEP_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_KEYSWEEP_H

#include "Attention/Dialect/Attention/Transforms/KeyAnalysis.h"

namespace mlir::attention {

template <typename Ops>
class KeySweep {
public:
  using Number = typename Ops::Number;
  using Bool = typename Ops::Bool;

  /// A family among the keys [begin, end) of the sweep: [first, last], or the
  /// members firstMember ≤ t ≤ lastMember of [begin + period · t, end + period
  /// · t] within [first, last]. Without any, first > last.
  struct Run {
    Number first, last;
    int64_t period = 0;
    Number begin = {}, end = {}, firstMember = {}, lastMember = {};
    bool fillsGaps = false;
    /// Begins with the first of all keys and ends somewhere.
    bool isBefore = false;
  };

  KeySweep(Ops &ops, const KeyAnalysis &analysis, Number begin, Number end)
      : ops(ops), begin(begin), end(end) {
    for (const KeyFamily &family : analysis.visible)
      visible.push_back(makeRun(family));
    for (const auto &members : analysis.notAll) {
      auto &runs = notAll.emplace_back();
      for (const auto &families : members) {
        auto &memberRuns = runs.emplace_back();
        for (const KeyFamily &family : families)
          memberRuns.push_back(makeRun(family));
      }
    }
  }

  Number constant(int64_t value) { return ops.constant(value); }

  /// The analysis' families.
  ArrayRef<Run> getVisible() const { return visible; }
  ArrayRef<std::vector<std::vector<Run>>> getNotAll() const { return notAll; }

  /// Whether some query sees the key.
  Bool isVisible(Number key) {
    Bool result = ops.boolean(false);
    for (const Run &run : visible)
      result = ops.disjunction(result, contains(run, key));
    return result;
  }

  /// Whether every query sees the key.
  Bool isFull(Number key) {
    Bool result = ops.boolean(true);
    for (const Run &run : visible)
      if (run.fillsGaps)
        result = ops.conjunction(result, ops.negation(contains(run, key)));
    for (const auto &members : notAll) {
      Bool inUnion = ops.boolean(false);
      for (const auto &runs : members) {
        Bool inSet = ops.boolean(true);
        for (const Run &run : runs)
          inSet = ops.conjunction(inSet, ops.negation(contains(run, key)));
        inUnion = ops.disjunction(inUnion, inSet);
      }
      result = ops.conjunction(result, inUnion);
    }
    return result;
  }

  /// A key after `key` such that nothing changes in between; at most `end`.
  Number getNext(Number key) {
    Number result = end;
    forEachRun(
        [&](const Run &run) { result = ops.min(result, getNext(run, key)); });
    return result;
  }

  /// How many times, at most, getNext leads from `begin` to `end`.
  Number getNumSteps() {
    int64_t fixed = 1;
    Number result = ops.constant(0);
    forEachRun([&](const Run &run) {
      fixed += 2;
      if (run.period == 0)
        return;
      Number members = ops.sub(run.lastMember, run.firstMember);
      members = ops.max(members, ops.constant(0));
      result = ops.add(result, ops.mul(members, 2));
    });
    return ops.add(result, ops.constant(fixed));
  }

private:
  void forEachRun(function_ref<void(const Run &)> callback) {
    for (const Run &run : visible)
      callback(run);
    for (const auto &members : notAll)
      for (const auto &runs : members)
        for (const Run &run : runs)
          callback(run);
  }

  Number maximum(ArrayRef<AffineExpr> exprs, Number start) {
    for (AffineExpr expr : exprs)
      start = ops.max(start, ops.value(expr));
    return start;
  }
  Number minimum(ArrayRef<AffineExpr> exprs, Number start) {
    for (AffineExpr expr : exprs)
      start = ops.min(start, ops.value(expr));
    return start;
  }

  Run makeRun(const KeyFamily &family) {
    Run run;
    run.isBefore = family.lowers.empty() && !family.uppers.empty();
    Number one = ops.constant(1);
    run.first = maximum(family.lowers, begin);
    run.last = minimum(family.uppers, ops.sub(end, one));
    if (!family.conditions.empty()) {
      Bool holds = ops.boolean(true);
      for (AffineExpr condition : family.conditions)
        holds = ops.conjunction(holds,
                                ops.ge(ops.value(condition), ops.constant(0)));
      run.first = ops.select(holds, run.first, end);
    }
    // Within the keys, for the arithmetic that follows.
    if (!family.lowers.empty())
      run.first = ops.min(run.first, end);
    if (!family.uppers.empty())
      run.last = ops.max(run.last, ops.sub(run.first, one));
    if (family.period == 0)
      return run;

    int64_t period = family.period;
    run.begin = ops.value(family.begins.front());
    run.begin = maximum(ArrayRef(family.begins).drop_front(), run.begin);
    run.end = ops.value(family.ends.front());
    run.end = minimum(ArrayRef(family.ends).drop_front(), run.end);
    // Members that end at `first` or later and begin at `last` or before.
    Number least = ops.sub(run.first, run.end);
    least = ops.floorDiv(ops.add(least, ops.constant(period - 1)), period);
    run.firstMember = maximum(family.firsts, least);
    Number most = ops.floorDiv(ops.sub(run.last, run.begin), period);
    run.lastMember = minimum(family.lasts, most);
    Bool some = ops.conjunction(ops.ge(run.end, run.begin),
                                ops.ge(run.last, run.first));
    some = ops.conjunction(some, ops.ge(run.lastMember, run.firstMember));
    // Without one, one that lies beyond the keys.
    run.firstMember = ops.select(some, run.firstMember, ops.constant(0));
    run.lastMember = ops.select(some, run.lastMember, ops.constant(0));
    run.begin = ops.select(some, run.begin, end);
    run.end = ops.select(some, run.end, ops.sub(end, one));
    run.first = ops.max(run.first,
                        ops.add(run.begin, ops.mul(run.firstMember, period)));
    run.last =
        ops.min(run.last, ops.add(run.end, ops.mul(run.lastMember, period)));
    run.fillsGaps = family.fillsGaps;
    if (!family.fillsGaps)
      run.period = period;
    return run;
  }

  /// The number of the last member that begins at `key` or before, of those
  /// that there are.
  Number getMember(const Run &run, Number key) {
    Number member = ops.floorDiv(ops.sub(key, run.begin), run.period);
    member = ops.max(member, run.firstMember);
    return ops.min(member, run.lastMember);
  }

  Number getMemberKey(const Run &run, Number base, Number member) {
    return ops.add(base, ops.mul(member, run.period));
  }

  Bool contains(const Run &run, Number key) {
    Bool result =
        ops.conjunction(ops.ge(key, run.first), ops.ge(run.last, key));
    if (run.period == 0)
      return result;
    Number last = getMemberKey(run, run.end, getMember(run, key));
    return ops.conjunction(result, ops.ge(last, key));
  }

  /// A key after `key` with no change of the run in between; `end` at most,
  /// where it is no member of another.
  Number getNext(const Run &run, Number key) {
    Number one = ops.constant(1);
    Number afterLast = ops.add(run.last, one);
    Number next = ops.select(ops.ge(run.last, key), afterLast, end);
    if (run.period != 0) {
      Number member = getMember(run, key);
      Number last = getMemberKey(run, run.end, member);
      Number begin = getMemberKey(run, run.begin, ops.add(member, one));
      Number change = ops.select(ops.ge(last, key), ops.add(last, one), begin);
      next = ops.select(ops.ge(run.last, key), ops.min(afterLast, change), end);
    }
    return ops.select(ops.ge(key, run.first), next, run.first);
  }

  Ops &ops;
  Number begin, end;
  std::vector<Run> visible;
  std::vector<std::vector<std::vector<Run>>> notAll;
};

/// Where a sweep stands: the keys [begin, key) are of one class and may be
/// followed by more of it.
template <typename Ops>
struct SweepState {
  typename Ops::Number key, begin;
  /// Whether they are visible, and to every query.
  typename Ops::Bool isVisible, isFull;
};

template <typename Ops>
struct SweepStep {
  /// Whether the state's keys are a whole segment, to be worked on now.
  typename Ops::Bool isDone;
  /// Where whole blocks of it end, and whether what is left, of full keys, goes
  /// with the partial segment that follows.
  typename Ops::Number blocksEnd;
  typename Ops::Bool joins;
  SweepState<Ops> next;
};

/// The way to the next change of class.
template <typename Ops, typename Sweep>
SweepStep<Ops> makeStep(Ops &ops, Sweep &sweep, const SweepState<Ops> &state,
                        typename Ops::Number endKey, int64_t numBlockKeys) {
  using Bool = typename Ops::Bool;
  SweepStep<Ops> step;
  Bool isVisible = ops.conjunction(ops.negation(ops.ge(state.key, endKey)),
                                   sweep.isVisible(state.key));
  Bool isFull = ops.conjunction(isVisible, sweep.isFull(state.key));
  Bool losesFull = ops.conjunction(state.isFull, ops.negation(isFull));
  Bool gainsFull = ops.conjunction(isFull, ops.negation(state.isFull));
  Bool touches = ops.conjunction(state.isVisible, isVisible);
  Bool continues = ops.conjunction(
      touches, ops.negation(ops.disjunction(losesFull, gainsFull)));
  step.isDone = ops.conjunction(state.isVisible, ops.negation(continues));
  step.joins = ops.conjunction(touches, losesFull);
  auto numBlocks = ops.floorDiv(ops.sub(state.key, state.begin), numBlockKeys);
  step.blocksEnd = ops.add(state.begin, ops.mul(numBlocks, numBlockKeys));
  step.next.begin =
      ops.select(continues, state.begin,
                 ops.select(step.joins, step.blocksEnd, state.key));
  step.next.key = sweep.getNext(state.key);
  step.next.isVisible = isVisible;
  step.next.isFull = isFull;
  return step;
}

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_KEYSWEEP_H
