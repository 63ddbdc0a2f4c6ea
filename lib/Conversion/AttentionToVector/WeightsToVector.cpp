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

  /// strip = weights of the part's keys and the group's queries, 0 where a pair
  /// is absent
  void emitStripOfWeights() {
    emitScores(/*pivots=*/Value());
    Values shifts, factors;
    for (Value l : lane) {
      Values state;
      for (Value buffer : op.getState())
        state.push_back(loadVector(buffer, l));
      if (normaliser.hasState())
        shifts.push_back(normaliser.buildShift(b, loc, state.front()));
      if (Value factor = normaliser.buildContextFactor(b, loc, state))
        factors.push_back(factor);
    }
    emitRows({}, [&](Value, Value rows, int64_t count, Values &) {
      Value shift = shifts.empty() ? Value() : concatenate(shifts, count);
      Value result = normaliser.buildWeight(b, loc, rows, shift);
      if (!factors.empty())
        result =
            arith::MulFOp::create(b, loc, result, concatenate(factors, count));
      // 0 times the factor of a row of NaN would be NaN.
      auto type = cast<VectorType>(rows.getType());
      Value absent = arith::ConstantOp::create(
          b, loc,
          DenseElementsAttr::get(
              type, APFloat::getInf(c.getFloatSemantics(), /*Negative=*/true)));
      Value isLive = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE,
                                           rows, absent);
      Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
      return arith::SelectOp::create(b, loc, isLive, result, zero).getResult();
    });
  }

  OpTy op;
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
        emitStripOfWeights();
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
                     indices(weights, i, add(firstKey, row)), count);
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
            indices(weights, add(lane.front(), query), add(firstKey, row)));
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
        mass(op.getOuts()[0]) {
    SmallVector<int64_t> strides;
    int64_t offset;
    hasVectors = succeeded(cast<MemRefType>(mass.getType())
                               .getStridesAndOffset(strides, offset)) &&
                 strides.front() == 1;
  }

  /// for parts of as many keys as the strip holds:
  ///   for groups of queries that fit in registers:
  ///     strip = scores; strip = weights; mass += sums over the strip's lanes
  void emit() {
    forParts([&] {
      forGroups(minimum(index(numLanes), op.getLive()), [&] {
        emitStripOfWeights();
        addSums();
      });
    });
  }

private:
  /// Which lanes hold queries: a vector of the group may have none.
  void addSums() {
    holdsQuery.clear();
    for (Value l : lane)
      holdsQuery.push_back(vector::CreateMaskOp::create(
          b, loc, VectorType::get(lanes, b.getI1Type()), sub(op.getLive(), l)));
    Value tail = roundDown(numKeys, lanes);
    loop(index(0), tail, lanes, [&](Value row) { emitSquare(row, Value()); });
    if (isEqualConstantIntOrValue(tail, numKeys))
      return;
    if (std::optional<int64_t> count = getConstantIntValue(numKeys))
      return emitSquare(tail, index(*count % lanes));
    ifThen(isLess(tail, numKeys),
           [&] { emitSquare(tail, sub(numKeys, tail)); });
  }

  /// As many keys as a vector has lanes, or `count` of them: the vectors of a
  /// key are added, then the lanes of all keys at once.
  void emitSquare(Value row, Value count) {
    Value total;
    transposeColumns(
        lanes, count, [&](int64_t key) { return emitSumOfKey(add(row, key)); },
        [&](int64_t, Value ofKeys) {
          total = total ? arith::AddFOp::create(b, loc, total, ofKeys) : ofKeys;
        });
    Value at = add(firstKey, row);
    if (!hasVectors)
      return addElements(total, at, count ? count : index(lanes));
    Value before = loadFirst(vectorType, mass, at, count);
    Value after = arith::AddFOp::create(b, loc, before, total);
    storeFirst(after, mass, at, count);
  }

  /// The sum of a key's vectors, 0 in lanes without a query.
  Value emitSumOfKey(Value row) {
    Value sum;
    for (int64_t v = 0; v < tile.vectors; ++v) {
      Value weights = arith::SelectOp::create(
          b, loc, holdsQuery[v], loadVector(strip, inStrip(row, v)),
          zeroVector());
      sum = sum ? arith::AddFOp::create(b, loc, sum, weights).getResult()
                : weights;
    }
    return sum;
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
  /// Whether elements of the mass are next to each other.
  bool hasVectors;
  Values holdsQuery;
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
