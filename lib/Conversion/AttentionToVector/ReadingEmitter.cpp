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

/// for t in slots: slot[t], entry = insert(slot[t], entry)
BlockEmitter::Values ReadingEmitter::insertEntry(const ReadingValues &state,
                                                 Value lane, Values entry,
                                                 bool inOrder) {
  return unrolledLoop(index(state.reading.getNumSlots()), entry,
                      [&](Value t, ValueRange current) {
                        Values slot = loadSlot(state.values, {t, lane}),
                               next(current);
                        state.reading.buildInsert(b, loc, slot, next, inOrder);
                        storeSlot(slot, state.values, {t, lane});
                        return next;
                      });
}

//===----------------------------------------------------------------------===//
// Blocks of keys
//===----------------------------------------------------------------------===//

/// for j in keys:
///   if any entry of the key is selected:
///     insert the key's entries
void ReadingEmitter::emitSelected(Value strip, Value firstKey, Value numKeys,
                                  ValueRange lane) {
  for (const ReadingValues &state : states) {
    RowReadingAttrInterface reading = state.reading;
    if (!reading.isSelective())
      continue;
    size_t size = state.values.size();
    Value lastSlot = index(reading.getNumSlots() - 1);
    auto loadLast = [&] {
      Values last;
      for (Value l : lane)
        llvm::append_range(last, loadSlot(state.values, {lastSlot, l}));
      return last;
    };
    loop(index(0), numKeys, 1, loadLast(), [&](Value row, ValueRange last) {
      Value key = arith::IndexCastOp::create(b, loc, b.getI32Type(),
                                             add(firstKey, row));
      key = vector::BroadcastOp::create(
          b, loc, VectorType::get(lanes, b.getI32Type()), key);
      SmallVector<Values> entries;
      Value selected;
      for (size_t v = 0; v < lane.size(); ++v) {
        Value score = loadVector(strip, {row, index(v * lanes)});
        entries.push_back(
            reading.buildEntry(b, loc, score, Value(), Value(), key));
        Value isSelected = reading.buildIsSelected(
            b, loc, last.slice(v * size, size), entries.back(),
            /*inOrder=*/true);
        selected = selected ? arith::OrIOp::create(b, loc, selected, isSelected)
                            : isSelected;
      }
      auto ifOp = scf::IfOp::create(
          b, loc, emitAny(selected),
          [&](OpBuilder &, Location) {
            for (auto [entry, l] : llvm::zip_equal(entries, lane))
              insertEntry(state, l, entry, /*inOrder=*/true);
            scf::YieldOp::create(b, loc, loadLast());
          },
          [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, last); });
      return Values(ifOp.getResults());
    });
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

/// Puts an entry through slots that are values one after another.
static void insertInto(OpBuilder &builder, Location loc,
                       RowReadingAttrInterface reading,
                       MutableArrayRef<Value> slots, SmallVector<Value> entry) {
  size_t size = slots.size() / reading.getNumSlots();
  for (; !slots.empty(); slots = slots.drop_front(size)) {
    SmallVector<Value> slot(slots.take_front(size));
    reading.buildInsert(builder, loc, slot, entry, /*inOrder=*/true);
    llvm::copy(slot, slots.begin());
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

void ReadingEmitter::addCarried(ValueRange carried, int64_t vector,
                                Value lane) {
  size_t numVectors = 0;
  for (const ReadingValues &state : states)
    if (!state.reading.isSelective())
      numVectors += state.reading.getNumSlots() * state.values.size();
  numVectors = numVectors == 0 ? 0 : carried.size() / numVectors;
  for (const ReadingValues &state : states) {
    if (state.reading.isSelective())
      continue;
    size_t slotSize = state.values.size();
    size_t size = state.reading.getNumSlots() * slotSize;
    ValueRange slots = carried.slice(vector * size, size);
    for (; !slots.empty(); slots = slots.drop_front(slotSize))
      insertEntry(
          state, lane,
          state.reading.buildEntryOfSlot(b, loc, slots.take_front(slotSize)),
          /*inOrder=*/true);
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
    Value numSlots = index(reading.getNumSlots());
    Value lastSlot = index(reading.getNumSlots() - 1);
    loop(index(0), numSlots, 1, [&](Value u) {
      Values slot = loadSlot(buffers, {part, u, lane});
      if (!reading.isSelective()) {
        if (move.factor)
          slot = reading.buildRescale(b, loc, slot, move.shift, move.newShift,
                                      move.factor);
        insertEntry(state, lane, reading.buildEntryOfSlot(b, loc, slot),
                    /*inOrder=*/false);
        return;
      }
      Values entry = reading.buildEntryOfSlot(b, loc, slot);
      Value isSelected = reading.buildIsSelected(
          b, loc, loadSlot(state.values, {lastSlot, lane}), entry,
          /*inOrder=*/false);
      ifThen(emitAny(isSelected),
             [&] { insertEntry(state, lane, entry, /*inOrder=*/false); });
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
