//===- ReadingsToLinalg.cpp - Readings on tensors, lane by lane -----------===//
//
// As the definition reads: for each lane, each key makes an entry that goes
// through the slots. These are loops with elements of tensors, since an entry
// is carried from slot to slot, which linalg has no word for.
//
//===----------------------------------------------------------------------===//

#include "ReadingsToLinalg.h"

#include "Attention/Dialect/Attention/IR/Readings.h"
#include "GenericBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// Builds loops over the state of one reading, tensors [slots, lanes].
class ReadingBuilder {
public:
  using Values = SmallVector<Value>;

  ReadingBuilder(OpBuilder &builder, Location loc,
                 RowReadingAttrInterface reading)
      : builder(builder), loc(loc), reading(reading),
        numSlots(index(reading.getNumSlots())) {}

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }

  Value extent(Value tensor, int64_t dim) {
    return getValueOrCreateConstantIndexOp(
        builder, loc, tensor::getMixedSize(builder, loc, tensor, dim));
  }

  /// for (i = 0; i < end; ++i) values = body(i, values)
  Values loop(Value end, ValueRange values,
              function_ref<Values(Value, ValueRange)> body) {
    auto forOp = scf::ForOp::create(
        builder, loc, index(0), end, index(1), values,
        [&](OpBuilder &, Location, Value i, ValueRange current) {
          scf::YieldOp::create(builder, loc, body(i, current));
        });
    return Values(forOp.getResults());
  }

  Value extract(Value tensor, ValueRange at) {
    return tensor::ExtractOp::create(builder, loc, tensor, at);
  }

  Values extract(ValueRange tensors, ValueRange at) {
    return llvm::map_to_vector(
        tensors, [&](Value tensor) { return extract(tensor, at); });
  }

  Values insert(ValueRange elements, ValueRange tensors, ValueRange at) {
    Values result;
    for (auto [element, tensor] : llvm::zip_equal(elements, tensors))
      result.push_back(
          tensor::InsertOp::create(builder, loc, element, tensor, at));
    return result;
  }

  /// The state after a lane's slots are under a new shift.
  Values rescale(ValueRange state, Value lane, Value shift, Value newShift,
                 Value factor) {
    return loop(numSlots, state, [&](Value t, ValueRange current) {
      Values slot = reading.buildRescale(
          builder, loc, extract(current, {t, lane}), shift, newShift, factor);
      return insert(slot, current, {t, lane});
    });
  }

  /// The state after an entry has gone through a lane's slots.
  Values insertEntry(ValueRange state, Value lane, Values entry, bool inOrder) {
    size_t size = state.size();
    Values carried(state);
    llvm::append_range(carried, entry);
    carried = loop(numSlots, carried, [&](Value t, ValueRange current) {
      ValueRange tensors = current.take_front(size);
      Values slot = extract(tensors, {t, lane});
      Values entry(current.drop_front(size));
      reading.buildInsert(builder, loc, slot, entry, inOrder);
      Values next = insert(slot, tensors, {t, lane});
      llvm::append_range(next, entry);
      return next;
    });
    carried.truncate(size);
    return carried;
  }

  OpBuilder &builder;
  Location loc;
  RowReadingAttrInterface reading;
  Value numSlots;
};
} // namespace

/// for i in lanes: rescale; for j in keys: insert the entry of (j, i)
SmallVector<Value> attention::buildReadingsOfBlock(OpBuilder &builder,
                                                   OnlineOp op,
                                                   const OnlineBlock &block) {
  Location loc = op.getLoc();
  OnlineNormaliserAttrInterface normaliser = op.getNormaliser();
  SmallVector<Value> results;
  for (const ReadingValues &values :
       getReadingStates(op.getReadings(), op.getComputeType(), op.getOuts())) {
    RowReadingAttrInterface reading = values.reading;
    ReadingBuilder r(builder, loc, reading);
    bool isSelective = reading.isSelective();
    SmallVector<Value> states = r.loop(
        r.extent(block.scores, 1), values.values,
        [&](Value lane, ValueRange current) {
          SmallVector<Value> state(current);
          Value newShift;
          if (block.pivot && !isSelective) {
            Value shift = normaliser.buildShift(
                builder, loc, r.extract(block.oldPivot, lane));
            newShift = normaliser.buildShift(builder, loc,
                                             r.extract(block.pivot, lane));
            state = r.rescale(state, lane, shift, newShift,
                              r.extract(block.factor, lane));
          }
          return r.loop(
              r.extent(block.scores, 0), state,
              [&](Value j, ValueRange current) {
                Value key = arith::AddIOp::create(builder, loc,
                                                  op.getOrigin().back(), j);
                key = arith::IndexCastOp::create(builder, loc,
                                                 builder.getI32Type(), key);
                Value weight =
                    isSelective ? Value() : r.extract(block.weights, {j, lane});
                SmallVector<Value> entry = reading.buildEntry(
                    builder, loc, r.extract(block.scores, {j, lane}), weight,
                    newShift, key);
                return r.insertEntry(current, lane, entry, /*inOrder=*/true);
              });
        });
    llvm::append_range(results, states);
  }
  return results;
}

/// for i in lanes: rescale; for p in parts: for t in slots of the part:
///   insert the entry of the rescaled slot
SmallVector<Value> attention::buildReadingsOfParts(OpBuilder &builder,
                                                   MergeOp op, Value oldPivot,
                                                   Value pivot) {
  Location loc = op.getLoc();
  OnlineNormaliserAttrInterface normaliser = op.getNormaliser();
  FloatType c = op.getComputeType();
  SmallVector<Value> results;
  for (auto [own, parts] :
       llvm::zip_equal(getReadingStates(op.getReadings(), c, op.getOuts()),
                       getReadingStates(op.getReadings(), c, op.getStates()))) {
    RowReadingAttrInterface reading = own.reading;
    ValueRange ownState = own.values, partStates = parts.values;
    ReadingBuilder r(builder, loc, reading);
    bool isRescaled = pivot && !reading.isSelective();
    auto buildLane = [&](Value lane, ValueRange current) {
      Value newShift;
      if (isRescaled)
        newShift = normaliser.buildShift(builder, loc, r.extract(pivot, lane));
      auto buildShiftAndFactor = [&](Value pivot) {
        return std::pair(
            normaliser.buildShift(builder, loc, pivot),
            normaliser.buildRescale(builder, loc, pivot, newShift));
      };
      SmallVector<Value> state(current);
      if (isRescaled) {
        auto [shift, factor] = buildShiftAndFactor(r.extract(oldPivot, lane));
        state = r.rescale(state, lane, shift, newShift, factor);
      }
      auto buildSlot = [&](Value p, Value t, ValueRange current) {
        SmallVector<Value> slot = r.extract(partStates, {p, t, lane});
        if (isRescaled) {
          auto [shift, factor] =
              buildShiftAndFactor(r.extract(op.getStates()[0], {p, lane}));
          slot =
              reading.buildRescale(builder, loc, slot, shift, newShift, factor);
        }
        return r.insertEntry(current, lane,
                             reading.buildEntryOfSlot(builder, loc, slot),
                             /*inOrder=*/false);
      };
      return r.loop(r.extent(partStates[0], 0), state,
                    [&](Value p, ValueRange current) {
                      return r.loop(r.numSlots, current,
                                    [&](Value t, ValueRange current) {
                                      return buildSlot(p, t, current);
                                    });
                    });
    };
    llvm::append_range(results,
                       r.loop(r.extent(ownState[0], 1), ownState, buildLane));
  }
  return results;
}

/// %r = linalg.generic (i, t) outs(%r0) { results(slot[t, i], state[i]) }
SmallVector<Value> attention::buildReadingResults(OpBuilder &builder,
                                                  FinishOp op) {
  Location loc = op.getLoc();
  FloatType c = op.getComputeType();
  GenericBuilder g(builder, loc);
  SmallVector<Value> results;
  for (auto [states, outs] :
       llvm::zip_equal(getReadingStates(op.getReadings(), c, op.getState()),
                       getReadingResults(op.getReadings(), c, op.getOuts()))) {
    RowReadingAttrInterface reading = states.reading;
    ReadingBuilder r(builder, loc, reading);
    ValueRange state = states.values;
    bool isList = reading.getListLength().has_value();
    AffineMap map = builder.getMultiDimIdentityMap(isList ? 2 : 1);
    for (size_t number = 0; number < outs.values.size(); ++number)
      results.push_back(g.generic(
          {}, {outs.values[number], map}, 0,
          [&](OpBuilder &builder, Location loc, ValueRange) {
            Value i = linalg::IndexOp::create(builder, loc, 0);
            Value t = isList
                          ? linalg::IndexOp::create(builder, loc, 1).getResult()
                          : arith::ConstantIndexOp::create(builder, loc, 0)
                                .getResult();
            SmallVector<Value> slot, normaliserState;
            for (Value tensor : state)
              slot.push_back(tensor::ExtractOp::create(builder, loc, tensor,
                                                       ValueRange{t, i}));
            for (Value tensor :
                 op.getState().take_front(getStateSize(op.getNormaliser())))
              normaliserState.push_back(
                  tensor::ExtractOp::create(builder, loc, tensor, i));
            return reading.buildResults(builder, loc, slot, op.getNormaliser(),
                                        normaliserState)[number];
          }));
  }
  return results;
}
