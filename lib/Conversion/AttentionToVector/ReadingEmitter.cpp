//===- ReadingEmitter.cpp - Readings on lanes -----------------------------===//
//
// A selective reading, such as the largest k, looks at a strip of scores before
// they become weights: a comparison and a branch a key, since nearly all keys
// change nothing. What a key of the others changes is carried in registers
// where weights are made.
//
//===----------------------------------------------------------------------===//

#include "ReadingEmitter.h"

#include "SortedListEmitter.h"
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
    storeVectors(next, state.values, {t, lane});
    return next;
  };
  int64_t end = state.reading.getNumSlots() - 1;
  if (end == 0)
    return insertAt(index(0), last, {});
  Values current = loadVectors(state.values, {index(end - 1), lane});
  Values newLast = insertAt(index(end), last, current);
  current =
      unrolledLoop(index(end - 1), current, [&](Value number, ValueRange slot) {
        Value t = sub(index(end - 1), number);
        Values before = loadVectors(state.values, {add(t, -1), lane});
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

/// Longer lists take the keys of a strip together: one after another, a key
/// costs a step for each slot. Measured on AVX2, both are as fast at 32.
static constexpr int64_t mostChainedSlots = 16;

void ReadingEmitter::emitSelected(Value strip, Value firstKey, Value numKeys,
                                  ValueRange lane, GetScratch getScratch,
                                  unsigned scratch) {
  for (const ReadingValues &state : states) {
    if (!state.reading.isSelective())
      continue;
    Values candidates;
    bool isLong = state.reading.getNumSlots() > mostChainedSlots;
    if (isLong)
      for (auto [number, buffer] : llvm::enumerate(state.values))
        candidates.push_back(
            getScratch(getElementTypeOrSelf(buffer), scratch + number));
    for (auto [v, l] : llvm::enumerate(lane)) {
      Value column = index(v * lanes);
      if (isLong)
        mergeKeys(state, strip, column, firstKey, numKeys, l, candidates);
      else
        insertKeys(state, strip, column, firstKey, numKeys, l);
    }
  }
}

BlockEmitter::Values
ReadingEmitter::buildSelectiveEntry(const ReadingValues &state, Value score,
                                    Value key) {
  auto keyType = VectorType::get(lanes, b.getI32Type());
  key = arith::IndexCastOp::create(b, loc, b.getI32Type(), key);
  return state.reading.buildEntry(
      b, loc, score, Value(), Value(),
      vector::BroadcastOp::create(b, loc, keyType, key));
}

/// for j in keys: if the key's entry is selected by any query: insert it
void ReadingEmitter::insertKeys(const ReadingValues &state, Value strip,
                                Value column, Value firstKey, Value numKeys,
                                Value lane) {
  auto emitKey = [&](Value row, ValueRange last) -> Values {
    Values entry = buildSelectiveEntry(state, loadVector(strip, {row, column}),
                                       add(firstKey, row));
    Value isSelected =
        state.reading.buildIsBefore(b, loc, entry, last, /*inOrder=*/true);
    auto ifOp = scf::IfOp::create(
        b, loc, emitAny(isSelected),
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(
              b, loc, insertEntry(state, lane, last, entry, /*inOrder=*/true));
        },
        [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, last); });
    return Values(ifOp.getResults());
  };
  loop(index(0), numKeys, 1,
       loadVectors(state.values, {getLastSlot(state), lane}), emitKey);
}

/// for j in keys: if the key's entry is selected by any query:
///   for queries: candidates[counts[query], query] = entry
///   counts += entry is selected ? 1 : 0
/// sort the candidates; merge them into the list
///
/// Lanes have candidates of their own, as many as they select.
void ReadingEmitter::mergeKeys(const ReadingValues &state, Value strip,
                               Value column, Value firstKey, Value numKeys,
                               Value lane, ValueRange candidates) {
  auto countType = VectorType::get(lanes, b.getI32Type());
  Value noCounts = arith::ConstantOp::create(b, loc, b.getZeroAttr(countType));
  Values last = loadVectors(state.values, {getLastSlot(state), lane});
  auto emitKey = [&](Value row, ValueRange counts) -> Values {
    Values entry = buildSelectiveEntry(state, loadVector(strip, {row, column}),
                                       add(firstKey, row));
    Value isSelected =
        state.reading.buildIsBefore(b, loc, entry, last, /*inOrder=*/true);
    auto append = [&](OpBuilder &, Location) {
      for (int64_t query = 0; query < lanes; ++query) {
        Value at = vector::ExtractOp::create(b, loc, counts[0], query);
        at = arith::IndexCastOp::create(b, loc, b.getIndexType(), at);
        for (auto [value, buffer] : llvm::zip_equal(entry, candidates))
          memref::StoreOp::create(
              b, loc, vector::ExtractOp::create(b, loc, value, query), buffer,
              ValueRange{at, index(query)});
      }
      Value selected = arith::ExtUIOp::create(b, loc, countType, isSelected);
      Value next = arith::AddIOp::create(b, loc, counts[0], selected);
      scf::YieldOp::create(b, loc, next);
    };
    auto ifOp = scf::IfOp::create(
        b, loc, emitAny(isSelected), append,
        [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, counts); });
    return Values(ifOp.getResults());
  };
  Value counts = loop(index(0), numKeys, 1, noCounts, emitKey)[0];

  Value count =
      vector::ReductionOp::create(b, loc, vector::CombiningKind::MAXSI, counts);
  count = arith::IndexCastOp::create(b, loc, b.getIndexType(), count);
  ifThen(isLess(index(0), count), [&] {
    SortedListEmitter lists(b, loc, c, lanes, state.reading);
    int64_t rows = cast<MemRefType>(strip.getType()).getDimSize(0);
    lists.fill(candidates, index(0), count, counts);
    lists.sort(candidates, index(0), count, rows);
    lists.merge(state.values, lane, candidates, {}, index(0), count);
  });
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
      Values slot = state.reading.buildRescale(
          b, loc, loadVectors(state.values, {t, lane}), move.shift,
          move.newShift, move.factor);
      storeVectors(slot, state.values, {t, lane});
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
      Values last = loadVectors(state.values, {getLastSlot(state), lane});
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
///
/// Long lists are merged.
void ReadingEmitter::addPart(ValueRange partStates, Value part, Value lane,
                             const Move &move) {
  for (auto [own, other] :
       llvm::zip_equal(states, getReadingStates(readings, c, partStates))) {
    const ReadingValues &state = own;
    RowReadingAttrInterface reading = state.reading;
    ValueRange buffers = other.values;
    if (reading.isSelective() && reading.getNumSlots() > mostChainedSlots) {
      SortedListEmitter(b, loc, c, lanes, reading)
          .merge(state.values, lane, buffers, part, lane,
                 index(reading.getNumSlots()));
      continue;
    }
    loop(index(0), index(reading.getNumSlots()), 1, [&](Value u) {
      Values slot = loadVectors(buffers, {part, u, lane});
      bool isSelective = reading.isSelective();
      if (!isSelective && move.factor)
        slot = reading.buildRescale(b, loc, slot, move.shift, move.newShift,
                                    move.factor);
      Values entry = reading.buildEntryOfSlot(b, loc, slot);
      Values last = loadVectors(state.values, {getLastSlot(state), lane});
      auto insert = [&] {
        insertEntry(state, lane, last, entry, /*inOrder=*/false);
      };
      if (!isSelective)
        return insert();
      ifThen(emitAny(reading.buildIsBefore(b, loc, entry, last,
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
          b, loc, loadVectors(buffers, {t, lane}), normaliser, normaliserState);
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
