//===- ReadingEmitter.cpp - Readings on lanes -----------------------------===//
//
// A selective reading, such as the largest k, looks at a strip of scores before
// they become weights: a comparison and a branch a key, since nearly all keys
// change nothing. The others are carried in registers where weights are made.
//
//===----------------------------------------------------------------------===//

#include "ReadingEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

ReadingEmitter::ReadingEmitter(OpBuilder &builder, Location loc,
                               ArrayAttr readings, FloatType computeType,
                               ValueRange state, int64_t lanes)
    : BlockEmitter(builder, loc, computeType, lanes), readings(readings),
      states(getReadingStates(readings, computeType, state)) {}

BlockEmitter::Values ReadingEmitter::loadSlot(ValueRange buffers,
                                              ValueRange at) {
  return llvm::map_to_vector(
      buffers, [&](Value buffer) { return loadVector(buffer, at); });
}

void ReadingEmitter::storeSlot(ValueRange slot, ValueRange buffers,
                               ValueRange at) {
  for (auto [value, buffer] : llvm::zip_equal(slot, buffers))
    storeVector(value, buffer, at);
}

Value ReadingEmitter::emitAny(Value condition) {
  return vector::ReductionOp::create(b, loc, vector::CombiningKind::OR,
                                     condition);
}

/// for t in slots, from the last one on: slot[t] = insert(slot[t], slot[t − 1])
///
/// A slot is loaded before the one behind it is stored. Otherwise LLVM would
/// make masked stores of selections, which are slow on AVX2.
BlockEmitter::Values ReadingEmitter::insertEntry(const ReadingValues &state,
                                                 Value lane, ValueRange last,
                                                 ValueRange entry,
                                                 bool inOrder) {
  auto insertAt = [&](Value t, ValueRange slot, ValueRange before) {
    Values next =
        state.reading.buildInsert(b, loc, slot, before, entry, inOrder);
    storeSlot(next, state.values, {t, lane});
    return next;
  };
  int64_t end = state.reading.getNumSlots() - 1;
  if (end == 0)
    return insertAt(index(0), last, {});
  Values current = loadSlot(state.values, {index(end - 1), lane});
  Values newLast = insertAt(index(end), last, current);
  current =
      unrolledLoop(index(end - 1), current, [&](Value number, ValueRange slot) {
        Value t = sub(index(end - 1), number);
        Values before = loadSlot(state.values, {add(t, -1), lane});
        insertAt(t, slot, before);
        return before;
      });
  insertAt(index(0), current, {});
  return newLast;
}

Value ReadingEmitter::getLastSlot(const ReadingValues &state) {
  return index(state.reading.getNumSlots() - 1);
}

//===----------------------------------------------------------------------===//
// Blocks of keys
//===----------------------------------------------------------------------===//

/// for vectors of queries: for j in keys:
///   if the key's entry is selected by any query: insert it
void ReadingEmitter::emitSelected(Value strip, Value firstKey, Value numKeys,
                                  ValueRange lane) {
  auto keyType = VectorType::get(lanes, b.getI32Type());
  for (const ReadingValues &state : states) {
    if (!state.reading.isSelective())
      continue;
    for (auto [v, l] : llvm::enumerate(lane)) {
      Value first = l, column = index(v * lanes);
      auto emitKey = [&](Value row, ValueRange last) -> Values {
        Value key = arith::IndexCastOp::create(b, loc, b.getI32Type(),
                                               add(firstKey, row));
        Values entry = state.reading.buildEntry(
            b, loc, loadVector(strip, {row, column}), Value(), Value(),
            vector::BroadcastOp::create(b, loc, keyType, key));
        Value isSelected = state.reading.buildIsSelected(b, loc, last, entry,
                                                         /*inOrder=*/true);
        auto ifOp = scf::IfOp::create(
            b, loc, emitAny(isSelected),
            [&](OpBuilder &, Location) {
              scf::YieldOp::create(
                  b, loc,
                  insertEntry(state, first, last, entry, /*inOrder=*/true));
            },
            [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, last); });
        return Values(ifOp.getResults());
      };
      loop(index(0), numKeys, 1,
           loadSlot(state.values, {getLastSlot(state), first}), emitKey);
    }
  }
}

BlockEmitter::Values ReadingEmitter::buildCarried(int64_t numVectors) {
  Values carried;
  for (const ReadingValues &state : states) {
    if (state.reading.isSelective())
      continue;
    Values slot = state.reading.buildInit(b, loc, vectorType);
    for (int64_t i = 0; i < numVectors * state.reading.getNumSlots(); ++i)
      llvm::append_range(carried, slot);
  }
  return carried;
}

/// Inserts an entry into slots that are values one after another.
static void insertInto(OpBuilder &builder, Location loc,
                       RowReadingAttrInterface reading,
                       MutableArrayRef<Value> slots, ValueRange entry) {
  size_t size = slots.size() / reading.getNumSlots();
  SmallVector<Value> old(slots);
  for (size_t first = 0; first < old.size(); first += size) {
    ArrayRef<Value> before;
    if (first > 0)
      before = ArrayRef(old).slice(first - size, size);
    llvm::copy(reading.buildInsert(builder, loc,
                                   ArrayRef(old).slice(first, size), before,
                                   entry, /*inOrder=*/true),
               slots.begin() + first);
  }
}

BlockEmitter::Values ReadingEmitter::addKeys(ValueRange carried, Value scores,
                                             Value weights, Value shift,
                                             Value firstKey,
                                             int64_t numVectors) {
  Values next(carried);
  MutableArrayRef<Value> rest(next);
  int64_t width = numVectors * lanes;
  int64_t numLanes = cast<VectorType>(scores.getType()).getNumElements();
  for (const ReadingValues &state : states) {
    RowReadingAttrInterface reading = state.reading;
    if (reading.isSelective())
      continue;
    auto keyType = VectorType::get(numLanes, b.getI32Type());
    SmallVector<int32_t> rows;
    for (int64_t lane = 0; lane < numLanes; ++lane)
      rows.push_back(lane / width);
    Value key = arith::IndexCastOp::create(b, loc, b.getI32Type(), firstKey);
    key = vector::BroadcastOp::create(b, loc, keyType, key);
    Value offsets = arith::ConstantOp::create(
        b, loc, DenseElementsAttr::get(keyType, ArrayRef(rows)));
    key = arith::AddIOp::create(b, loc, key, offsets);
    Values all = reading.buildEntry(b, loc, scores, weights, shift, key);
    size_t size = reading.getNumSlots() * state.values.size();
    for (int64_t first = 0; first < numLanes; first += lanes) {
      Values entry;
      for (Value value : all)
        entry.push_back(vector::ExtractStridedSliceOp::create(
            b, loc, value, first, lanes, /*strides=*/1));
      int64_t v = first % width / lanes;
      insertInto(b, loc, reading, rest.slice(v * size, size), entry);
    }
    rest = rest.drop_front(numVectors * size);
  }
  return next;
}

void ReadingEmitter::rescale(Value lane, const Move &move) {
  if (!move.factor)
    return;
  for (const ReadingValues &state : states) {
    if (state.reading.isSelective())
      continue;
    loop(index(0), index(state.reading.getNumSlots()), 1, [&](Value t) {
      Values slot =
          state.reading.buildRescale(b, loc, loadSlot(state.values, {t, lane}),
                                     move.shift, move.newShift, move.factor);
      storeSlot(slot, state.values, {t, lane});
    });
  }
}

void ReadingEmitter::addCarried(ValueRange carried, int64_t numVectors,
                                int64_t vector, Value lane) {
  for (const ReadingValues &state : states) {
    if (state.reading.isSelective())
      continue;
    size_t slotSize = state.values.size();
    size_t size = state.reading.getNumSlots() * slotSize;
    ValueRange slots = carried.slice(vector * size, size);
    for (; !slots.empty(); slots = slots.drop_front(slotSize)) {
      Values last = loadSlot(state.values, {getLastSlot(state), lane});
      Values entry =
          state.reading.buildEntryOfSlot(b, loc, slots.take_front(slotSize));
      insertEntry(state, lane, last, entry, /*inOrder=*/true);
    }
    carried = carried.drop_front(numVectors * size);
  }
}

//===----------------------------------------------------------------------===//
// Parts of the keys, and results
//===----------------------------------------------------------------------===//

/// for u in slots of the part:
///   insert the entry of the slot, if any is selected
void ReadingEmitter::addPart(ValueRange partStates, Value part, Value lane,
                             const Move &move) {
  for (auto [own, other] :
       llvm::zip_equal(states, getReadingStates(readings, c, partStates))) {
    const ReadingValues &state = own;
    RowReadingAttrInterface reading = state.reading;
    ValueRange buffers = other.values;
    loop(index(0), index(reading.getNumSlots()), 1, [&](Value u) {
      Values slot = loadSlot(buffers, {part, u, lane});
      bool isSelective = reading.isSelective();
      if (!isSelective && move.factor)
        slot = reading.buildRescale(b, loc, slot, move.shift, move.newShift,
                                    move.factor);
      Values entry = reading.buildEntryOfSlot(b, loc, slot);
      Values last = loadSlot(state.values, {getLastSlot(state), lane});
      auto insert = [&] {
        insertEntry(state, lane, last, entry, /*inOrder=*/false);
      };
      if (!isSelective)
        return insert();
      ifThen(emitAny(reading.buildIsSelected(b, loc, last, entry,
                                             /*inOrder=*/false)),
             insert);
    });
  }
}

/// for t in slots: for i in rows: out[lane + i, t] = results[i]
void ReadingEmitter::emitResults(ValueRange outs,
                                 OnlineNormaliserAttrInterface normaliser,
                                 ValueRange normaliserState, Value lane,
                                 Value rows) {
  for (auto [state, out] :
       llvm::zip_equal(states, getReadingResults(readings, c, outs))) {
    RowReadingAttrInterface reading = state.reading;
    ValueRange buffers = state.values, results = out.values;
    loop(index(0), index(reading.getNumSlots()), 1, [&](Value t) {
      Values columns = reading.buildResults(
          b, loc, loadSlot(buffers, {t, lane}), normaliser, normaliserState);
      loop(index(0), rows, 1, [&](Value i) {
        Values at = {add(lane, i)};
        if (reading.getListLength())
          at.push_back(t);
        for (auto [column, result] : llvm::zip_equal(columns, results)) {
          Value element =
              vector::ExtractOp::create(b, loc, column, OpFoldResult(i));
          memref::StoreOp::create(b, loc, element, result, at);
        }
      });
    });
  }
}
