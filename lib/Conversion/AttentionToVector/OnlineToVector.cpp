//===- OnlineToVector.cpp - A block of queries against a block of keys ----===//
//
// Queries are in the lanes, so scores and context are accumulated in registers
// from broadcast elements of keys and values, which are read where they lie,
// and maxima and sums over keys need no shuffles.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/CostModel.h"
#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "BlockEmitter.h"
#include "BlockLowerings.h"
#include "LaneVectorizer.h"
#include "ReadingEmitter.h"
#include "ScoreChanger.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attention;

/// Exponentials that are computed at the same time.
static constexpr int64_t numChains = 4;

namespace {
class OnlineEmitter : BlockEmitter {
public:
  OnlineEmitter(OpBuilder &builder, OnlineOp op, const TargetFacts &facts,
                function_ref<Value(Type, unsigned)> getScratch)
      : BlockEmitter(builder, op.getLoc(), op.getComputeType(),
                     facts.lanes(op.getComputeType())),
        op(op), normaliser(op.getNormaliser()), hasState(normaliser.hasState()),
        changes(op.getScoreChanges()), strip(getScratch(c, 0)),
        key{op.getKey(), op.getKeyMap()},
        value{op.getValue(), op.getValueMap()},
        tile(chooseRegisterTile(facts, c, numLanes())),
        changer(builder, op, lanes, tile.vectors * lanes, getScratch),
        readings(builder, loc, op.getReadings(), c, op.getOuts(), lanes) {}

  /// for parts of as many keys as the strip holds:
  ///   for groups of queries that fit in registers:
  ///     strip = scores; pivot, strip = weights; accumulator += strip · values
  void emit() {
    scale = op.getScale() ? emitScale() : Value();
    int64_t rows = cast<MemRefType>(strip.getType()).getDimSize(0);
    int64_t numKeys = staticExtent(key, 0);
    if (!ShapedType::isDynamic(numKeys) && numKeys <= rows)
      return emitPart(index(0), index(numKeys));
    Value end = extent(key, 0);
    loop(index(0), end, rows, [&](Value first) {
      emitPart(first, minimum(index(rows), sub(end, first)));
    });
  }

private:
  /// A sum over no features is 0, whatever it is scaled by.
  Value emitScale() {
    int64_t numFeatures =
        cast<MemRefType>(op.getQuery().getType()).getDimSize(0);
    if (!ShapedType::isDynamic(numFeatures) && numFeatures > 0)
      return op.getScale();
    Value extent = b.createOrFold<memref::DimOp>(loc, op.getQuery(), 0);
    Value one = arith::ConstantOp::create(b, loc, b.getFloatAttr(c, 1.0));
    return arith::SelectOp::create(b, loc, isLess(index(0), extent),
                                   op.getScale(), one);
  }

  int64_t numLanes() {
    return cast<MemRefType>(op.getQuery().getType()).getShape().back();
  }

  /// Keys [first, first + count).
  void emitPart(Value first, Value count) {
    firstKey = first;
    numKeys = count;
    // A weight of 0 leaves its value out, also one that is not finite: where
    // there may be such weights, look once whether there are such values.
    Value isFinite = changes.empty() ? Value() : emitValuesAreFinite();
    Value end = minimum(index(numLanes()), op.getLive());
    loop(index(0), end, tile.vectors * lanes,
         [&](Value firstLane) { emitGroup(firstLane, isFinite); });
  }

  /// One group of queries: as many vectors as a register tile has, and so the
  /// strip, whose rows are read and written whole.
  void emitGroup(Value firstLane, Value isFinite) {
    lane.clear();
    for (int64_t v = 0; v < tile.vectors; ++v)
      lane.push_back(add(firstLane, v * lanes));
    Values pivots, oldPivots;
    if (hasState)
      for (Value l : lane)
        oldPivots.push_back(loadVector(op.getOuts()[1], l));
    bool isPlain = changes.empty();
    pivots = emitScores(hasState && isPlain ? oldPivots : Values());
    if (!isPlain) {
      changer.emit(firstKey, numKeys, firstLane);
      pivots.clear();
      if (hasState)
        for (Value l : lane)
          pivots.push_back(loadVector(op.getOuts()[1], l));
    } else if (hasState) {
      for (auto [pivot, l] : llvm::zip(pivots, lane))
        storeVector(pivot, op.getOuts()[1], l);
    }
    if (!op.getReadings().empty())
      readings.emitSelected(strip, globalKey(index(0)), numKeys, lane);
    Values factors = emitWeights(oldPivots, pivots);
    if (!isFinite)
      return emitContext(factors, /*leavesOut=*/false);
    scf::IfOp::create(
        b, loc, isFinite,
        [&](OpBuilder &, Location) {
          emitContext(factors, /*leavesOut=*/false);
          scf::YieldOp::create(b, loc);
        },
        [&](OpBuilder &, Location) {
          emitContext(factors, /*leavesOut=*/true);
          scf::YieldOp::create(b, loc);
        });
  }

  /// The global index of the key whose scores are a row of the strip.
  Value globalKey(Value row) {
    return add(op.getOrigin().back(), add(firstKey, row));
  }

  //===--------------------------------------------------------------------===//
  // Scores
  //===--------------------------------------------------------------------===//

  /// The strip's vector `v` of a key's row.
  SmallVector<Value> inStrip(Value row, int64_t v) {
    return {row, index(v * lanes)};
  }

  /// Writes the strip; `pivots` follow if there are any. Where tiles do not
  /// divide the keys, the last one begins earlier and computes some scores
  /// again.
  Values emitScores(Values pivots) {
    // A pair body of several operations takes registers of its own.
    int64_t rows = op.isDot() ? tile.rows : llvm::divideCeil(tile.rows, 2);
    if (std::optional<int64_t> count = getConstantIntValue(numKeys)) {
      rows = std::min(rows, *count);
      if (rows == 0)
        return pivots;
      pivots = loop(index(0), numKeys, rows, pivots,
                    [&](Value row, ValueRange current) {
                      if (*count % rows != 0)
                        row = minimum(row, index(*count - rows));
                      return emitScoreRows(row, rows, current);
                    });
      return pivots;
    }
    Value hasTile = isLess(index(rows - 1), numKeys);
    Value end = arith::SelectOp::create(b, loc, hasTile, numKeys, index(0));
    Value last = sub(numKeys, index(rows));
    pivots =
        loop(index(0), end, rows, pivots, [&](Value row, ValueRange current) {
          return emitScoreRows(minimum(row, last), rows, current);
        });
    return loop(end, numKeys, 1, pivots, [&](Value row, ValueRange current) {
      return emitScoreRows(row, 1, current);
    });
  }

  Values emitScoreRows(Value row, int64_t rows, ValueRange pivots) {
    Values scores = emitScoreTile(row, rows), next(pivots);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t v = 0; v < tile.vectors; ++v) {
        Value score = scores[r * tile.vectors + v];
        if (scale)
          score = arith::MulFOp::create(b, loc, score, splat(scale));
        storeVector(score, strip, inStrip(add(row, r), v));
        if (!next.empty())
          next[v] = normaliser.buildPivot(b, loc, next[v], score);
      }
    return next;
  }

  /// Scores of `rows` keys, summed over the features in registers.
  Values emitScoreTile(Value row, int64_t rows) {
    Value end = b.createOrFold<memref::DimOp>(loc, op.getQuery(), 0);
    Values zeros(rows * tile.vectors, zeroVector());
    return unrolledLoop(end, zeros, [&](Value d, ValueRange sums) {
      Values queries, next(sums), parameters;
      for (Value l : lane)
        queries.push_back(loadVector(op.getQuery(), {d, l}));
      for (Value parameter : op.getParameters())
        parameters.push_back(
            extend(memref::LoadOp::create(b, loc, parameter, d)));
      for (int64_t r = 0; r < rows; ++r) {
        Value element = loadScalar(key, add(firstKey, add(row, r)), d);
        Value all = op.isDot() ? splat(element) : Value();
        for (int64_t v = 0; v < tile.vectors; ++v) {
          Value &sum = next[r * tile.vectors + v];
          if (op.isDot())
            sum = multiplyAdd(all, queries[v], sum);
          else
            sum = arith::AddFOp::create(
                b, loc, emitPair(lane[v], queries[v], element, parameters), sum,
                arith::FastMathFlags::contract);
        }
      }
      return next;
    });
  }

  /// Which of a vector's lanes have a query.
  Value emitHoldsQuery(Value firstLane) {
    return vector::CreateMaskOp::create(b, loc,
                                        VectorType::get(lanes, b.getI1Type()),
                                        sub(op.getLive(), firstLane));
  }

  /// The pair body for the vector of queries from lane `firstLane` on.
  Value emitPair(Value firstLane, Value query, Value element,
                 ValueRange parameters) {
    SmallVector<LaneValue> arguments = {LaneValue::vector(query),
                                        LaneValue::uniform(element)};
    for (Value parameter : parameters)
      arguments.push_back(LaneValue::uniform(parameter));
    // In lanes without a query, queries are 0: by those nothing may be divided.
    Value holdsQuery;
    if (LaneVectorizer::needsLiveLane(op.getCombine()))
      holdsQuery = emitHoldsQuery(firstLane);
    LaneVectorizer vectorizer(b, loc, lanes, holdsQuery);
    return vectorizer.materialize(
        vectorizer.vectorize(op.getCombine().front(), arguments));
  }

  //===--------------------------------------------------------------------===//
  // Weights
  //===--------------------------------------------------------------------===//

  /// Replaces the strip's scores by weights, brings the sums up to date, and
  /// returns what the accumulator is to be multiplied by, if anything.
  Values emitWeights(ValueRange oldPivots, ValueRange pivots) {
    // Exponentials are long chains of dependent operations: several at a time,
    // which one operation on a vector of that many is, hide their latency.
    int64_t width = tile.vectors * lanes;
    int64_t rows = std::max<int64_t>(numChains / tile.vectors, 1);
    Value flat = memref::CollapseShapeOp::create(
        b, loc, strip, ArrayRef<ReassociationIndices>{{0, 1}});
    Values shifts, factors;
    for (auto [oldPivot, pivot] : llvm::zip(oldPivots, pivots)) {
      shifts.push_back(normaliser.buildShift(b, loc, pivot));
      factors.push_back(
          normaliser.buildRescale(b, loc, oldPivot, shifts.back()));
    }
    Values sums;
    if (hasState)
      sums.assign(tile.vectors, zeroVector());
    size_t numSums = sums.size();
    llvm::append_range(sums, readings.buildCarried(tile.vectors));
    auto emitRows = [&](Value row, int64_t count, ValueRange current) {
      Value shift;
      if (hasState)
        shift = concatenate(shifts, count);
      Value at = b.createOrFold<arith::MulIOp>(loc, row, index(width));
      auto type = VectorType::get(count * width, c);
      Value scores = vector::LoadOp::create(b, loc, type, flat, at);
      Value weights = normaliser.buildWeight(b, loc, scores, shift);
      storeVector(weights, flat, at);
      Values next(current.take_front(numSums));
      for (auto [position, sum] : llvm::enumerate(next))
        for (int64_t r = 0; r < count; ++r) {
          int64_t offset = r * width + position * lanes;
          Value weight = vector::ExtractStridedSliceOp::create(
              b, loc, weights, offset, lanes, /*strides=*/1);
          sum = arith::AddFOp::create(b, loc, sum, weight);
        }
      llvm::append_range(next, readings.addKeys(current.drop_front(numSums),
                                                scores, weights, shift,
                                                globalKey(row), tile.vectors));
      return next;
    };
    Value tail = roundDown(numKeys, rows);
    sums = loop(index(0), tail, rows, sums, [&](Value row, ValueRange current) {
      return emitRows(row, rows, current);
    });
    if (!isEqualConstantIntOrValue(tail, numKeys))
      sums = loop(tail, numKeys, 1, sums, [&](Value row, ValueRange current) {
        return emitRows(row, 1, current);
      });
    ValueRange carried = ValueRange(sums).drop_front(numSums);
    for (auto [v, l] : llvm::enumerate(lane)) {
      if (!hasState) {
        readings.addCarried(carried, v, l);
        continue;
      }
      Value all = loadVector(op.getOuts()[2], l);
      all = multiplyAdd(all, factors[v], sums[v]);
      storeVector(all, op.getOuts()[2], l);
      if (carried.empty())
        continue;
      Value oldShift = normaliser.buildShift(b, loc, oldPivots[v]);
      readings.rescale(l, {oldShift, shifts[v], factors[v]});
      readings.addCarried(carried, v, l);
    }
    return factors;
  }

  /// The vectors as one, `times` times.
  Value concatenate(ValueRange vectors, int64_t times) {
    int64_t width = vectors.size() * lanes;
    auto type = VectorType::get(times * width, c);
    Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    for (int64_t time = 0; time < times; ++time)
      for (auto [position, vector] : llvm::enumerate(vectors))
        result = vector::InsertStridedSliceOp::create(
            b, loc, vector, result, time * width + position * lanes,
            /*strides=*/1);
    return result;
  }

  //===--------------------------------------------------------------------===//
  // Context
  //===--------------------------------------------------------------------===//

  /// accumulator = accumulator · factors + values · strip
  void emitContext(ValueRange factors, bool leavesOut) {
    MappedValue accumulator{op.getOuts()[0], b.getMultiDimIdentityMap(2)};
    auto emitRows = [&](Value row, int64_t rows) {
      emitContextRows(row, rows, factors, leavesOut);
    };
    int64_t count = staticExtent(accumulator, 0);
    // Which values are used takes registers too.
    int64_t rows = leavesOut ? llvm::divideCeil(tile.rows, 2) : tile.rows;
    if (ShapedType::isDynamic(count)) {
      loopWithTail(extent(accumulator, 0), rows, {},
                   [&](Value row, int64_t rows, ValueRange) {
                     emitRows(row, rows);
                     return Values();
                   });
      return;
    }
    // As few tiles as can be, and none with many rows less than another.
    int64_t numTiles = llvm::divideCeil(count, rows);
    if (numTiles == 0)
      return;
    rows = llvm::divideCeil(count, numTiles);
    int64_t numShorter = rows * numTiles - count;
    Value end = index(count - numShorter * (rows - 1));
    loop(index(0), end, rows, [&](Value row) { emitRows(row, rows); });
    if (numShorter > 0 && rows > 1)
      loop(end, index(count), rows - 1,
           [&](Value row) { emitRows(row, rows - 1); });
  }

  void emitContextRows(Value row, int64_t rows, ValueRange factors,
                       bool leavesOut) {
    Value accumulator = op.getOuts()[0];
    Values sums;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t v = 0; v < tile.vectors; ++v) {
        Value sum = loadVector(accumulator, {add(row, r), lane[v]});
        if (hasState)
          sum = arith::MulFOp::create(b, loc, sum, factors[v]);
        sums.push_back(sum);
      }
    sums = unrolledLoop(numKeys, sums, [&](Value j, ValueRange current) {
      Values weights, used, next(current);
      for (int64_t v = 0; v < tile.vectors; ++v)
        weights.push_back(loadVector(strip, inStrip(j, v)));
      if (leavesOut)
        for (Value weight : weights)
          used.push_back(arith::CmpFOp::create(
              b, loc, arith::CmpFPredicate::UNE, weight, zeroVector()));
      for (int64_t r = 0; r < rows; ++r) {
        Value all = splat(loadScalar(value, add(firstKey, j), add(row, r)));
        for (int64_t v = 0; v < tile.vectors; ++v) {
          Value element = all;
          if (leavesOut)
            element =
                arith::SelectOp::create(b, loc, used[v], all, zeroVector());
          Value &sum = next[r * tile.vectors + v];
          sum = multiplyAdd(element, weights[v], sum);
        }
      }
      return next;
    });
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t v = 0; v < tile.vectors; ++v)
        storeVector(sums[r * tile.vectors + v], accumulator,
                    {add(row, r), lane[v]});
  }

  /// Whether all values of the part are finite: 0 · x is NaN where x is not.
  Value emitValuesAreFinite() {
    Value numColumns = extent(value, 1);
    Value zero = arith::ConstantOp::create(b, loc, b.getFloatAttr(c, 0.0));
    bool isContiguousRow = isContiguous(value, 1);
    Values sums = {zeroVector(), zero};
    sums = loop(index(0), numKeys, 1, sums, [&](Value j, ValueRange rowSums) {
      Value row = add(firstKey, j);
      Value tail = isContiguousRow ? roundDown(numColumns, lanes) : index(0);
      Values vectors = {rowSums[0]};
      if (isContiguousRow)
        vectors = loop(
            index(0), tail, lanes, vectors, [&](Value e, ValueRange current) {
              Value elements =
                  extend(loadVector(value.value, indices(value, row, e)));
              return Values{multiplyAdd(elements, zeroVector(), current[0])};
            });
      Values scalars = loop(
          tail, numColumns, 1, rowSums[1], [&](Value e, ValueRange current) {
            return Values{
                multiplyAdd(loadScalar(value, row, e), zero, current[0])};
          });
      return Values{vectors[0], scalars[0]};
    });
    Value all = splat(sums[1]);
    all = arith::AddFOp::create(b, loc, sums[0], all);
    Value finite =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, all, all);
    return vector::ReductionOp::create(b, loc, vector::CombiningKind::AND,
                                       finite);
  }

  OnlineOp op;
  OnlineNormaliserAttrInterface normaliser;
  bool hasState;
  SmallVector<ScoreChange> changes;
  Value strip;
  MappedValue key, value;
  RegisterTile tile;
  ScoreChanger changer;
  ReadingEmitter readings;
  /// What scores are multiplied by, or null.
  Value scale;
  /// The keys and the lanes (first of each vector) at work.
  Value firstKey, numKeys;
  Values lane;
};
} // namespace

void attention::lowerOnline(OpBuilder &builder, OnlineOp op,
                            const TargetFacts &facts,
                            function_ref<Value(Type, unsigned)> getScratch) {
  OnlineEmitter(builder, op, facts, getScratch).emit();
}
