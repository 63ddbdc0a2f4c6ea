//===- Readings.cpp - States that the block level carries -----------------===//
//
// Which values of a state or of results belong to which reading, and how a
// sorted list of slots takes an entry.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/Readings.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::attention;

using CountValues = function_ref<size_t(RowReadingAttrInterface)>;

static unsigned countValues(ArrayAttr readings, CountValues count) {
  unsigned sum = 0;
  for (auto reading : readings.getAsRange<RowReadingAttrInterface>())
    sum += count(reading);
  return sum;
}

static SmallVector<ReadingValues>
splitValues(ArrayAttr readings, ValueRange values, CountValues count) {
  values = values.take_back(countValues(readings, count));
  SmallVector<ReadingValues> result;
  for (auto reading : readings.getAsRange<RowReadingAttrInterface>()) {
    size_t size = count(reading);
    result.push_back({reading, values.take_front(size)});
    values = values.drop_front(size);
  }
  return result;
}

unsigned attention::getStateSize(OnlineNormaliserAttrInterface normaliser) {
  return normaliser.hasState() ? 2 : 0;
}

unsigned attention::getNumReadingStates(ArrayAttr readings,
                                        FloatType computeType) {
  return countValues(readings, [&](RowReadingAttrInterface reading) {
    return reading.getStateTypes(computeType).size();
  });
}

unsigned attention::getNumReadingResults(ArrayAttr readings,
                                         FloatType computeType) {
  return countValues(readings, [&](RowReadingAttrInterface reading) {
    return reading.getResultTypes(computeType).size();
  });
}

SmallVector<ReadingValues> attention::getReadingStates(ArrayAttr readings,
                                                       FloatType computeType,
                                                       ValueRange values) {
  return splitValues(readings, values, [&](RowReadingAttrInterface reading) {
    return reading.getStateTypes(computeType).size();
  });
}

SmallVector<ReadingValues> attention::getReadingResults(ArrayAttr readings,
                                                        FloatType computeType,
                                                        ValueRange values) {
  return splitValues(readings, values, [&](RowReadingAttrInterface reading) {
    return reading.getResultTypes(computeType).size();
  });
}

SmallVector<Value> attention::buildStateBeforeKeys(
    OpBuilder &builder, Location loc, OnlineNormaliserAttrInterface normaliser,
    ArrayAttr readings, FloatType computeType, ValueRange initElements) {
  SmallVector<Value> values = {arith::ConstantOp::create(
      builder, loc, builder.getFloatAttr(computeType, 0.0))};
  if (normaliser.hasState())
    llvm::append_range(
        values, normaliser.buildInit(builder, loc, computeType, initElements));
  for (auto reading : readings.getAsRange<RowReadingAttrInterface>())
    llvm::append_range(values, reading.buildInit(builder, loc, computeType));
  return values;
}

SmallVector<Value>
attention::buildSortedInsert(OpBuilder &builder, Location loc, ValueRange slot,
                             ValueRange before, ValueRange entry,
                             function_ref<Value(ValueRange)> isBefore) {
  auto select = [&](Value condition, ValueRange a, ValueRange b) {
    SmallVector<Value> selected;
    for (auto [x, y] : llvm::zip_equal(a, b))
      selected.push_back(
          arith::SelectOp::create(builder, loc, condition, x, y));
    return selected;
  };
  // Both comparisons are with slots as they were: neither waits for the other.
  SmallVector<Value> taken(entry);
  if (!before.empty())
    taken = select(isBefore(before), before, entry);
  return select(isBefore(slot), taken, slot);
}
