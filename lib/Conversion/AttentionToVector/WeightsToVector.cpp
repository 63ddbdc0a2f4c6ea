//===- WeightsToVector.cpp - Weights of a block of keys, out of lanes -----===//
//
// The strip of scores becomes one of weights. It is transposed into rows of the
// result, in squares of one vector's size where those are contiguous, else by
// elements; or added up over its lanes.
//
//===----------------------------------------------------------------------===//

#include "BlockLowerings.h"
#include "ScoreStrip.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// Operations that have the state of all keys.
template <typename OpTy>
class SecondPassEmitter : protected StripEmitter {
protected:
  SecondPassEmitter(OpBuilder &builder, OpTy op, const TargetFacts &facts,
                    GetScratch getScratch)
      : StripEmitter(builder, op.getLoc(), op.getBlockScores(),
                     op.getNormaliser(), facts, getScratch),
        op(op) {}

  /// What the state says of the group's queries.
  void loadState() {
    shifts.clear();
    factors.clear();
    for (Value l : lane) {
      Values state;
      for (Value buffer : op.getState())
        state.push_back(loadVector(buffer, l));
      if (normaliser.hasState())
        shifts.push_back(normaliser.buildShift(b, loc, state.front()));
      if (Value factor = normaliser.buildContextFactor(b, loc, state))
        factors.push_back(factor);
    }
  }

  /// The weights of `count` rows of the strip's scores, 0 where a pair is
  /// absent.
  Value buildWeights(Value rows, int64_t count) {
    Value shift = shifts.empty() ? Value() : concatenate(shifts, count);
    Value result = normaliser.buildWeight(b, loc, rows, shift);
    if (!factors.empty())
      result =
          arith::MulFOp::create(b, loc, result, concatenate(factors, count));
    // 0 times the factor of a row of NaN would be NaN.
    Value zero =
        arith::ConstantOp::create(b, loc, b.getZeroAttr(rows.getType()));
    return arith::SelectOp::create(b, loc, isLive(rows), result, zero);
  }

  /// Where the destination has what belongs to a row of the strip.
  Value inDestination(Value row) {
    return add(op.getFirst(), add(firstKey, row));
  }

  OpTy op;
  /// Of the group.
  Values shifts, factors;
};

class WeightsEmitter : SecondPassEmitter<WeightsOp> {
public:
  WeightsEmitter(OpBuilder &builder, WeightsOp op, const TargetFacts &facts,
                 GetScratch getScratch)
      : SecondPassEmitter(builder, op, facts, getScratch),
        weights{op.getOuts()[0], op.getOutputMap()},
        numRows(extent(weights, 0)) {}

  /// for parts of as many keys as the strip holds:
  ///   for groups of queries that fit in registers:
  ///     strip = scores; strip = weights; weights = transpose of strip
  void emit() {
    forParts([&] {
      forGroups(minimum(index(numLanes), numRows), [&] {
        emitScores(/*pivots=*/Value());
        loadState();
        emitRows({}, [&](Value, Value rows, int64_t count, Values &) {
          return buildWeights(rows, count);
        });
        if (isContiguous(weights, 1))
          emitSquares();
        else
          emitElements();
      });
    });
  }

private:
  /// Where squares do not divide the keys, the last one begins earlier and
  /// stores some weights again.
  void emitSquares() {
    auto emitAll = [&](Value row, Value count) {
      emitSquare(row, 0, count);
      for (int64_t v = 1; v < tile.vectors; ++v)
        ifThen(isLess(lane[v], numRows), [&] { emitSquare(row, v, count); });
    };
    std::optional<int64_t> constant = getConstantIntValue(numKeys);
    if (!constant || *constant >= lanes) {
      Value hasSquare = isLess(index(lanes - 1), numKeys);
      Value last = sub(numKeys, index(lanes));
      Value end =
          b.createOrFold<arith::SelectOp>(loc, hasSquare, numKeys, index(0));
      loop(index(0), end, lanes,
           [&](Value row) { emitAll(minimum(row, last), Value()); });
    }
    if (constant && *constant < lanes)
      return emitAll(index(0), numKeys);
    if (!constant)
      ifThen(isLess(numKeys, index(lanes)),
             [&] { emitAll(index(0), numKeys); });
  }

  /// Some lane of the vector has a row.
  void emitSquare(Value row, int64_t v, Value count) {
    Value last = add(numRows, -1);
    transposeColumns(
        lanes, count,
        [&](int64_t key) {
          return loadVector(strip, inStrip(add(row, key), v));
        },
        [&](int64_t query, Value ofKeys) {
          Value i = minimum(add(lane[v], query), last);
          storeFirst(ofKeys, weights.value,
                     indices(weights, i, inDestination(row)), count);
        });
  }

  void emitElements() {
    Value width = index(tile.vectors * lanes);
    Value end = minimum(sub(numRows, lane.front()), width);
    loop(index(0), numKeys, 1, [&](Value row) {
      loop(index(0), end, 1, [&](Value query) {
        Value weight =
            memref::LoadOp::create(b, loc, strip, ValueRange{row, query});
        memref::StoreOp::create(
            b, loc, weight, weights.value,
            indices(weights, add(lane.front(), query), inDestination(row)));
      });
    });
  }

  MappedValue weights;
  Value numRows;
};

class MassEmitter : SecondPassEmitter<MassOp> {
public:
  MassEmitter(OpBuilder &builder, MassOp op, const TargetFacts &facts,
              GetScratch getScratch)
      : SecondPassEmitter(builder, op, facts, getScratch),
        mass(op.getOuts()[0]), sums(getScratch(c, scores.changes.size() + 1)),
        hasVectors(isContiguous({mass, b.getMultiDimIdentityMap(1)}, 0)) {}

  /// for parts of as many keys as the strip holds:
  ///   sums = 0
  ///   for groups of queries that fit in registers:
  ///     strip = scores; sums += weights, vector by vector
  ///   mass += sums over the lanes
  void emit() {
    forParts([&] {
      loop(index(0), numKeys, 1, [&](Value row) {
        storeVector(zeroVector(), sums, {row, index(0)});
      });
      Value firstOfPart = firstKey;
      forGroups(minimum(index(numLanes), op.getLive()), [&] {
        forVisibleKeys([&] {
          emitScores(/*pivots=*/Value());
          loadState();
          addWeights(sub(firstKey, firstOfPart));
        });
      });
      addSums();
    });
  }

private:
  /// Weights are only added up, from the sum `first` on: the strip keeps its
  /// scores.
  void addWeights(Value first) {
    // A vector of the group may have no query in some lanes, or in all.
    Values holdsQuery;
    for (Value l : lane)
      holdsQuery.push_back(vector::CreateMaskOp::create(
          b, loc, VectorType::get(lanes, b.getI1Type()), sub(op.getLive(), l)));
    emitRows({}, [&](Value row, Value rows, int64_t count, Values &) {
      Value weights = buildWeights(rows, count);
      for (int64_t r = 0; r < count; ++r) {
        Values at = {add(first, add(row, r)), index(0)};
        Value sum = loadVector(sums, at);
        for (int64_t v = 0; v < tile.vectors; ++v) {
          Value part = vector::ExtractStridedSliceOp::create(
              b, loc, weights, (r * tile.vectors + v) * lanes, lanes,
              /*strides=*/1);
          part = arith::SelectOp::create(b, loc, holdsQuery[v], part,
                                         zeroVector());
          sum = arith::AddFOp::create(b, loc, sum, part);
        }
        storeVector(sum, sums, at);
      }
      return Value();
    });
  }

  void addSums() {
    Value tail = roundDown(numKeys, lanes);
    loop(index(0), tail, lanes, [&](Value row) { addSquare(row, Value()); });
    if (isEqualConstantIntOrValue(tail, numKeys))
      return;
    if (std::optional<int64_t> count = getConstantIntValue(numKeys))
      return addSquare(tail, index(*count % lanes));
    ifThen(isLess(tail, numKeys), [&] { addSquare(tail, sub(numKeys, tail)); });
  }

  /// As many keys as a vector has lanes, or `count` of them.
  void addSquare(Value row, Value count) {
    Value total;
    transposeColumns(
        lanes, count,
        [&](int64_t key) {
          return loadVector(sums, {add(row, key), index(0)});
        },
        [&](int64_t, Value ofKeys) {
          total = total ? arith::AddFOp::create(b, loc, total, ofKeys) : ofKeys;
        });
    Value at = inDestination(row);
    if (!hasVectors)
      return addElements(total, at, count ? count : index(lanes));
    Value before = loadFirst(vectorType, mass, at, count);
    Value after = arith::AddFOp::create(b, loc, before, total);
    storeFirst(after, mass, at, count);
  }

  void addElements(Value vector, Value at, Value count) {
    loop(index(0), count, 1, [&](Value key) {
      Value term = vector::ExtractOp::create(b, loc, vector, OpFoldResult(key));
      Value position = add(at, key);
      Value before = memref::LoadOp::create(b, loc, mass, position);
      Value after = arith::AddFOp::create(b, loc, before, term);
      memref::StoreOp::create(b, loc, after, mass, position);
    });
  }

  Value mass;
  /// Of each of the part's keys, a vector.
  Value sums;
  /// Whether elements of the mass are next to each other.
  bool hasVectors;
};
} // namespace

void attention::lowerWeights(OpBuilder &builder, WeightsOp op,
                             const TargetFacts &facts, GetScratch getScratch) {
  WeightsEmitter(builder, op, facts, getScratch).emit();
}

void attention::lowerMass(OpBuilder &builder, MassOp op,
                          const TargetFacts &facts, GetScratch getScratch) {
  MassEmitter(builder, op, facts, getScratch).emit();
}
