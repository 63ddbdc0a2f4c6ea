//===- Readings.h - States that the block level carries ---------*- C++ -*-===//
//
// A state is the accumulator, then the normaliser's values, then those of each
// reading; results of readings follow each other in the same way.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_READINGS_H
#define ATTENTION_DIALECT_ATTENTION_IR_READINGS_H

#include "Attention/Dialect/Attention/IR/AttentionAttrs.h"

namespace mlir::attention {

/// A reading and those of a list of values that are its own.
struct ReadingValues {
  RowReadingAttrInterface reading;
  ValueRange values;
};

/// The number of values in a normaliser's state.
unsigned getStateSize(OnlineNormaliserAttrInterface normaliser);

/// The number of values in the states of readings, or of their results.
unsigned getNumReadingStates(ArrayAttr readings, FloatType computeType);
unsigned getNumReadingResults(ArrayAttr readings, FloatType computeType);

/// The values of each reading among the last ones of `values`: those of states,
/// or of results.
SmallVector<ReadingValues>
getReadingStates(ArrayAttr readings, FloatType computeType, ValueRange values);
SmallVector<ReadingValues>
getReadingResults(ArrayAttr readings, FloatType computeType, ValueRange values);

/// Builds the values of a state before any key, which are the same in all rows
/// and slots: the accumulator's, 0, the normaliser's from one element of each
/// of its init operands, and those of the readings.
SmallVector<Value> buildStateBeforeKeys(
    OpBuilder &builder, Location loc, OnlineNormaliserAttrInterface normaliser,
    ArrayAttr readings, FloatType computeType, ValueRange initElements);

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_ATTENTION_IR_READINGS_H
