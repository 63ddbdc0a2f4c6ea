//===- PackFinishToVector.cpp - Queries into lanes, the context out -------===//
//
// Both are transposes of a matrix with as many rows as there are queries: in
// squares of one vector's size where rows are contiguous, else by elements.
//
//===----------------------------------------------------------------------===//

#include "../AttentionToLinalg/LinalgBuilders.h"
#include "BlockLowerings.h"
#include "ReadingEmitter.h"
#include "TransposeEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// Transposes of a matrix whose rows are queries.
class RowEmitter : protected TransposeEmitter {
protected:
  using TransposeEmitter::TransposeEmitter;

  /// Calls `body` for squares that start at feature d: with the number of
  /// features in them, null for all.
  void forFeatures(MappedValue matrix, function_ref<void(Value, Value)> body) {
    Value end = extent(matrix, 1);
    Value tail = roundDown(end, lanes);
    loop(index(0), tail, lanes, [&](Value d) { body(d, Value()); });
    int64_t count = staticExtent(matrix, 1);
    if (!ShapedType::isDynamic(count)) {
      if (count % lanes != 0)
        body(tail, index(count % lanes));
      return;
    }
    ifThen(isLess(tail, end), [&] { body(tail, sub(end, tail)); });
  }
};

class PackEmitter : RowEmitter {
public:
  PackEmitter(OpBuilder &builder, PackOp op, int64_t lanes)
      : RowEmitter(builder, op.getLoc(),
                   cast<FloatType>(getElementTypeOrSelf(op.getOuts()[0])),
                   lanes),
        op(op), query{op.getQuery(), op.getQueryMap()}, tile(op.getOuts()[0]),
        numQueries(extent(query, 0)),
        numLanes(cast<MemRefType>(tile.getType()).getShape().back()) {}

  void emit() {
    if (!isContiguous(query, 1))
      return emitElements();
    ifThen(isLess(index(0), numQueries), [&] {
      loop(index(0), index(numLanes), lanes, [&](Value l) {
        forFeatures(query,
                    [&](Value d, Value count) { emitSquare(l, d, count); });
      });
    });
  }

private:
  Value scaled(Value vector) {
    if (!op.getScale())
      return vector;
    return arith::MulFOp::create(b, loc, vector, splat(op.getScale()));
  }

  /// Lanes beyond the queries get the last one: no branches.
  void emitSquare(Value l, Value d, Value count) {
    Value last = add(numQueries, -1);
    transposeRows(
        lanes, count,
        [&](int64_t row) {
          return loadRow(minimum(add(l, row), last), d, count);
        },
        [&](int64_t position, Value column) {
          storeVector(scaled(column), tile, {add(d, position), l});
        });
  }

  Value loadRow(Value i, Value d, Value count) {
    auto type = VectorType::get(lanes, getElementTypeOrSelf(query.value));
    return extend(loadFirst(type, query.value, indices(query, i, d), count));
  }

  void emitElements() {
    loop(index(0), extent(query, 1), 1, [&](Value d) {
      loop(index(0), index(numLanes), lanes,
           [&](Value l) { storeVector(zeroVector(), tile, {d, l}); });
      loop(index(0), numQueries, 1, [&](Value i) {
        Value element = loadScalar(query, i, d);
        if (op.getScale())
          element = arith::MulFOp::create(b, loc, element, op.getScale());
        memref::StoreOp::create(b, loc, element, tile, ValueRange{d, i});
      });
    });
  }

  PackOp op;
  MappedValue query;
  Value tile, numQueries;
  int64_t numLanes;
};

class FinishEmitter : RowEmitter {
public:
  FinishEmitter(OpBuilder &builder, FinishOp op, int64_t lanes)
      : RowEmitter(builder, op.getLoc(),
                   cast<FloatType>(getElementTypeOrSelf(op.getAccumulator())),
                   lanes),
        op(op),
        readings(builder, loc, op.getReadings(), c, op.getState(), lanes),
        context{op.getOuts()[0], op.getOutputMap()},
        outputType(getElementTypeOrSelf(context.value)),
        numQueries(extent(context, 0)),
        numLanes(
            cast<MemRefType>(op.getAccumulator().getType()).getShape().back()) {
  }

  void emit() {
    loop(index(0), minimum(index(numLanes), numQueries), lanes, [&](Value l) {
      Values state;
      for (Value buffer :
           op.getState().take_front(getStateSize(op.getNormaliser())))
        state.push_back(loadVector(buffer, l));
      Value factor = op.getNormaliser().buildContextFactor(b, loc, state);
      // f64 has no direct conversion to 16 bits that rounds once.
      bool roundsInSteps =
          c.isF64() && outputType.getIntOrFloatBitWidth() == 16;
      if (isContiguous(context, 1) && !roundsInSteps)
        forFeatures(context, [&](Value e, Value count) {
          emitSquare(l, e, count, factor);
        });
      else
        emitElements(l, factor);
      if (op.hasLse())
        emitLse(l, state);
      if (!op.getReadings().empty())
        readings.emitResults(op.getOuts(), op.getNormaliser(), state, l,
                             minimum(sub(numQueries, l), index(lanes)));
    });
  }

private:
  Value loadScaled(Value e, Value l, Value factor) {
    Value vector = loadVector(op.getAccumulator(), {e, l});
    return factor ? arith::MulFOp::create(b, loc, vector, factor).getResult()
                  : vector;
  }

  void emitSquare(Value l, Value e, Value count, Value factor) {
    Value last = add(numQueries, -1);
    transposeColumns(
        lanes, count,
        [&](int64_t position) {
          return loadScaled(add(e, position), l, factor);
        },
        [&](int64_t row, Value elements) {
          Values at = indices(context, minimum(add(l, row), last), e);
          storeFirst(round(elements, outputType), context.value, at, count);
        });
  }

  void emitElements(Value l, Value factor) {
    Value rows = minimum(sub(numQueries, l), index(lanes));
    loop(index(0), extent(context, 1), 1, [&](Value e) {
      Value column = loadScaled(e, l, factor);
      loop(index(0), rows, 1, [&](Value i) {
        Value element =
            vector::ExtractOp::create(b, loc, column, OpFoldResult(i));
        memref::StoreOp::create(b, loc, buildRound(b, loc, element, outputType),
                                context.value, indices(context, add(l, i), e));
      });
    });
  }

  void emitLse(Value l, ValueRange state) {
    Value lse = op.getNormaliser().buildLse(b, loc, state);
    Value rows = minimum(sub(numQueries, l), index(lanes));
    loop(index(0), rows, 1, [&](Value i) {
      Value element = vector::ExtractOp::create(b, loc, lse, OpFoldResult(i));
      memref::StoreOp::create(b, loc, element, op.getOuts()[1], add(l, i));
    });
  }

  FinishOp op;
  ReadingEmitter readings;
  MappedValue context;
  Type outputType;
  Value numQueries;
  int64_t numLanes;
};
} // namespace

void attention::lowerPack(OpBuilder &builder, PackOp op, int64_t lanes) {
  PackEmitter(builder, op, lanes).emit();
}

void attention::lowerFinish(OpBuilder &builder, FinishOp op, int64_t lanes) {
  FinishEmitter(builder, op, lanes).emit();
}
