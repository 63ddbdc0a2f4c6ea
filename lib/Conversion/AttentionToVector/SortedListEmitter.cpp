//===- SortedListEmitter.cpp - Sorted lists on lanes ----------------------===//
//
// Bitonic networks [Batcher 1968] in the form in which all comparisons put the
// better entry at the lower row, so that rows beyond the last are as good as
// worst entries and need not exist: k may be any number.
//
//===----------------------------------------------------------------------===//

#include "SortedListEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::attention;

Value SortedListEmitter::shiftLeft(Value value, Value bits) {
  return b.createOrFold<arith::ShLIOp>(loc, value, bits);
}

Value SortedListEmitter::shiftRight(Value value, Value bits) {
  return b.createOrFold<arith::ShRUIOp>(loc, value, bits);
}

Value SortedListEmitter::countPairs(Value count, Value bits) {
  Value whole = shiftRight(count, add(bits, 1));
  Value rest = sub(count, shiftLeft(whole, add(bits, 1)));
  rest = sub(rest, shiftLeft(index(1), bits));
  rest = b.createOrFold<arith::MaxSIOp>(loc, rest, index(0));
  return add(shiftLeft(whole, bits), rest);
}

void SortedListEmitter::loadAndStore(
    Value count, function_ref<Values(Value)> load,
    function_ref<void(Value, ValueRange)> body) {
  Value last = add(count, -1);
  loop(index(0), count, 1, load(index(0)), [&](Value i, ValueRange current) {
    Values next = load(minimum(add(i, 1), last));
    body(i, current);
    return next;
  });
}

void SortedListEmitter::order(ValueRange buffers, Value lane, Value numPairs,
                              function_ref<Pair(Value)> getPair) {
  auto loadPair = [&](Value pair) {
    auto [first, second] = getPair(pair);
    Values rows = loadVectors(buffers, {first, lane});
    llvm::append_range(rows, loadVectors(buffers, {second, lane}));
    return rows;
  };
  loadAndStore(numPairs, loadPair, [&](Value pair, ValueRange rows) {
    auto [first, second] = getPair(pair);
    ValueRange x = rows.take_front(buffers.size());
    ValueRange y = rows.drop_front(buffers.size());
    Value isBefore = reading.buildIsBefore(b, loc, y, x, /*inOrder=*/false);
    Values lower, upper;
    for (auto [a, c] : llvm::zip_equal(x, y)) {
      lower.push_back(arith::SelectOp::create(b, loc, isBefore, c, a));
      upper.push_back(arith::SelectOp::create(b, loc, isBefore, a, c));
    }
    storeVectors(lower, buffers, {first, lane});
    storeVectors(upper, buffers, {second, lane});
  });
}

void SortedListEmitter::fill(ValueRange buffers, Value lane, Value count,
                             Value counts) {
  Values none = reading.buildInit(b, loc, vectorType);
  auto loadRow = [&](Value row) { return loadVectors(buffers, {row, lane}); };
  loadAndStore(count, loadRow, [&](Value row, ValueRange entry) {
    Value number = arith::IndexCastOp::create(b, loc, b.getI32Type(), row);
    number = vector::BroadcastOp::create(b, loc, counts.getType(), number);
    Value isOwn = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt,
                                        number, counts);
    Values filled;
    for (auto [value, initial] : llvm::zip_equal(entry, none))
      filled.push_back(arith::SelectOp::create(b, loc, isOwn, value, initial));
    storeVectors(filled, buffers, {row, lane});
  });
}

/// for bits = levels − 1 … 0: for pairs of rows 2^bits apart: order
void SortedListEmitter::clean(ValueRange buffers, Value lane, Value count,
                              Value levels, bool mirrored) {
  loop(index(0), levels, 1, [&](Value number) {
    Value bits = sub(add(levels, -1), number);
    Value distance = shiftLeft(index(1), bits);
    order(buffers, lane, countPairs(count, bits), [&](Value pair) {
      Value block = shiftRight(pair, bits);
      // The pairs of the blocks before, and as many rows again.
      Value first = add(pair, shiftLeft(block, bits));
      Value second = add(first, distance);
      Value last = add(count, -1);
      return mirrored ? Pair(sub(last, second), sub(last, first))
                      : Pair(first, second);
    });
  });
}

/// for bits = 0, 1, … while 2^bits < count: merge neighbours of 2^bits rows:
///   order the first of one with the last of the other, and so on; clean
void SortedListEmitter::sort(ValueRange buffers, Value lane, Value count,
                             int64_t most) {
  loop(index(0), index(llvm::Log2_64_Ceil(most)), 1, [&](Value bits) {
    Value half = shiftLeft(index(1), bits);
    ifThen(isLess(half, count), [&] {
      order(buffers, lane, countPairs(count, bits), [&](Value pair) {
        Value block = shiftRight(pair, bits);
        Value begin = shiftLeft(block, bits);
        Value distance = sub(pair, begin);
        Value middle = add(add(begin, begin), half);
        return Pair(sub(add(middle, -1), distance), add(middle, distance));
      });
      clean(buffers, lane, count, bits, /*mirrored=*/false);
    });
  });
}

/// for i in entries: slot k − 1 − i = the better of it and entry i
/// clean: the best of what is left is at one of its ends, the worst inside
void SortedListEmitter::merge(ValueRange slots, Value lane, ValueRange parts,
                              ValueRange at, Value partLane, Value count) {
  int64_t numSlots = reading.getNumSlots();
  auto getSlot = [&](Value i) { return sub(index(numSlots - 1), i); };
  auto loadBoth = [&](Value i) {
    Values position(at);
    position.append({i, partLane});
    Values both = loadVectors(parts, position);
    llvm::append_range(both, loadVectors(slots, {getSlot(i), lane}));
    return both;
  };
  loadAndStore(
      minimum(count, index(numSlots)), loadBoth, [&](Value i, ValueRange both) {
        ValueRange entry = both.take_front(slots.size());
        ValueRange slot = both.drop_front(slots.size());
        Value isBefore = reading.buildIsBefore(b, loc, entry, slot,
                                               /*inOrder=*/false);
        Values better;
        for (auto [a, c] : llvm::zip_equal(entry, slot))
          better.push_back(arith::SelectOp::create(b, loc, isBefore, a, c));
        storeVectors(better, slots, {getSlot(i), lane});
      });
  clean(slots, lane, index(numSlots), index(llvm::Log2_64_Ceil(numSlots)),
        /*mirrored=*/true);
}
