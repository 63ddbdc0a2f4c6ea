//===- OnlineToVector.cpp - A block of queries against a block of keys ----===//
//
// Queries are in the lanes, so the context is accumulated in registers from
// broadcast elements of values, which are read where they lie, and maxima and
// sums over keys need no shuffles.
//
//===----------------------------------------------------------------------===//

#include "BlockLowerings.h"
#include "ReadingEmitter.h"
#include "ScoreStrip.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
class OnlineEmitter : StripEmitter {
public:
  OnlineEmitter(OpBuilder &builder, OnlineOp op, const TargetFacts &facts,
                GetScratch getScratch)
      : StripEmitter(builder, op.getLoc(), op.getBlockScores(),
                     op.getNormaliser(), facts, getScratch),
        op(op), hasState(normaliser.hasState()), getScratch(getScratch),
        value{op.getValue(), op.getValueMap()},
        readings(builder, loc, op.getReadings(), c, op.getOuts(), lanes) {}

  /// for parts of as many keys as the strip holds:
  ///   for groups of queries that fit in registers:
  ///     strip = scores; pivot, strip = weights; accumulator += strip · values
  void emit() {
    forParts([&] {
      // A weight of 0 leaves its value out, also one that is not finite: where
      // there may be such weights, look once whether there are such values.
      Value isFinite = scores.changes.empty() ? Value() : emitValuesAreFinite();
      forGroups(minimum(index(numLanes), op.getLive()),
                [&] { forVisibleKeys([&] { emitGroup(isFinite); }); });
    });
  }

private:
  void emitGroup(Value isFinite) {
    Values oldPivots;
    if (hasState)
      for (Value l : lane)
        oldPivots.push_back(loadVector(op.getOuts()[1], l));
    Values pivots = emitScores(hasState ? op.getOuts()[1] : Value());
    if (!op.getReadings().empty())
      readings.emitSelected(strip, globalKey(index(0)), numKeys, lane,
                            getScratch, scores.changes.size() + 1);
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

  /// Replaces the strip's scores by weights, brings the sums up to date, and
  /// returns what the accumulator is to be multiplied by, if anything.
  Values emitWeights(ValueRange oldPivots, ValueRange pivots) {
    Values shifts, factors;
    for (auto [oldPivot, pivot] : llvm::zip(oldPivots, pivots)) {
      shifts.push_back(normaliser.buildShift(b, loc, pivot));
      factors.push_back(
          normaliser.buildRescale(b, loc, oldPivot, shifts.back()));
    }
    Values carried;
    if (hasState)
      carried.assign(tile.vectors, zeroVector());
    size_t numSums = carried.size();
    llvm::append_range(carried, readings.buildCarried(tile.vectors));
    carried = emitRows(
        carried, [&](Value row, Value rows, int64_t count, Values &next) {
          Value shift = hasState ? concatenate(shifts, count) : Value();
          Value weights = normaliser.buildWeight(b, loc, rows, shift);
          addRows(MutableArrayRef(next).take_front(numSums), weights, count);
          if (next.size() == numSums)
            return weights;
          Values read =
              readings.addKeys(ArrayRef(next).drop_front(numSums), rows,
                               weights, shift, globalKey(row), tile.vectors);
          llvm::copy(read, next.begin() + numSums);
          return weights;
        });
    ValueRange read = ValueRange(carried).drop_front(numSums);
    for (auto [v, l] : llvm::enumerate(lane)) {
      if (!hasState) {
        readings.addCarried(read, tile.vectors, v, l);
        continue;
      }
      Value all = loadVector(op.getOuts()[2], l);
      all = multiplyAdd(all, factors[v], carried[v]);
      storeVector(all, op.getOuts()[2], l);
      if (read.empty())
        continue;
      Value oldShift = normaliser.buildShift(b, loc, oldPivots[v]);
      readings.rescale(l, {oldShift, shifts[v], factors[v]});
      readings.addCarried(read, tile.vectors, v, l);
    }
    return factors;
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
      ElementRun elements =
          loadRun(value, add(firstKey, j), row, rows, loadsRuns);
      for (int64_t r = 0; r < rows; ++r) {
        Value all = splat(getElement(elements, r));
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

  /// Whether all values of the part are finite: the largest of their bits
  /// without the sign is below infinity's.
  Value emitValuesAreFinite() {
    Value numColumns = extent(value, 1);
    bool isContiguousRow = isContiguous(value, 1);
    APFloat infinity = APFloat::getInf(c.getFloatSemantics());
    APInt signless = ~APInt::getSignMask(c.getWidth());
    auto constant = [&](Type type, const APInt &bits) -> Value {
      TypedAttr attr = b.getIntegerAttr(getElementTypeOrSelf(type), bits);
      if (auto vector = dyn_cast<VectorType>(type))
        attr = DenseElementsAttr::get(vector, bits);
      return arith::ConstantOp::create(b, loc, attr);
    };
    auto largest = [&](Value current, Value elements) -> Value {
      Value bits =
          arith::BitcastOp::create(b, loc, current.getType(), elements);
      bits = arith::AndIOp::create(b, loc, bits,
                                   constant(current.getType(), signless));
      return arith::MaxUIOp::create(b, loc, current, bits);
    };
    auto integer = b.getIntegerType(c.getWidth());
    APInt zero = APInt::getZero(c.getWidth());
    Values all = {constant(VectorType::get(lanes, integer), zero),
                  constant(integer, zero)};
    all = loop(index(0), numKeys, 1, all, [&](Value j, ValueRange current) {
      Value row = add(firstKey, j);
      Value tail = isContiguousRow ? roundDown(numColumns, lanes) : index(0);
      Values vectors = {current[0]};
      if (isContiguousRow)
        vectors = loop(
            index(0), tail, lanes, vectors, [&](Value e, ValueRange current) {
              Value elements = loadVector(value.value, indices(value, row, e));
              return Values{largest(current[0], extend(elements))};
            });
      Values scalars = loop(
          tail, numColumns, 1, current[1], [&](Value e, ValueRange current) {
            return Values{largest(current[0], loadScalar(value, row, e))};
          });
      return Values{vectors[0], scalars[0]};
    });
    Value most = vector::ReductionOp::create(
        b, loc, vector::CombiningKind::MAXUI, all[0], all[1]);
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, most,
                                 constant(integer, infinity.bitcastToAPInt()));
  }

  OnlineOp op;
  bool hasState;
  GetScratch getScratch;
  MappedValue value;
  ReadingEmitter readings;
};
} // namespace

void attention::lowerOnline(OpBuilder &builder, OnlineOp op,
                            const TargetFacts &facts, GetScratch getScratch) {
  OnlineEmitter(builder, op, facts, getScratch).emit();
}
