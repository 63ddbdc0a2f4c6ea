//===- WeightsToVector.cpp - Weights of a block of keys, out of lanes -----===//
//
// The strip of scores becomes one of weights, which is transposed into rows of
// the result: in squares of one vector's size where those are contiguous, else
// by elements.
//
//===----------------------------------------------------------------------===//

#include "BlockLowerings.h"
#include "ScoreStrip.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
class WeightsEmitter : StripEmitter {
public:
  WeightsEmitter(OpBuilder &builder, WeightsOp op, const TargetFacts &facts,
                 GetScratch getScratch)
      : StripEmitter(builder, op.getLoc(), op.getBlockScores(),
                     op.getNormaliser(), facts, getScratch),
        op(op), weights{op.getOuts()[0], op.getOutputMap()},
        numRows(extent(weights, 0)) {}

  /// for parts of as many keys as the strip holds:
  ///   for groups of queries that fit in registers:
  ///     strip = scores; strip = weights; weights = transpose of strip
  void emit() {
    forParts([&] {
      forGroups(minimum(index(numLanes), numRows), [&] {
        emitScores(/*pivots=*/Value());
        emitStripOfWeights();
        if (isContiguous(weights, 1))
          emitSquares();
        else
          emitElements();
      });
    });
  }

private:
  void emitStripOfWeights() {
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
    emitRows(/*hasSums=*/false, [&](Value rows, int64_t count) {
      Value result = emitWeights(rows, shifts, count);
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

  WeightsOp op;
  MappedValue weights;
  Value numRows;
};
} // namespace

void attention::lowerWeights(OpBuilder &builder, WeightsOp op,
                             const TargetFacts &facts, GetScratch getScratch) {
  WeightsEmitter(builder, op, facts, getScratch).emit();
}
