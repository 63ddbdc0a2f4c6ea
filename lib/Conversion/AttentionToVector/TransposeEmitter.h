//===- TransposeEmitter.h - Squares into lanes and out of them --*- C++ -*-===//
//
// In the kernel's layout queries are in lanes; tensors mostly have a query's
// elements next to each other. Between the two lies a transpose of squares,
// read and written by whole vectors.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_TRANSPOSEEMITTER_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_TRANSPOSEEMITTER_H

#include "BlockEmitter.h"

namespace mlir::attention {

class TransposeEmitter : protected BlockEmitter {
protected:
  using BlockEmitter::BlockEmitter;
  using LoadVector = function_ref<Value(int64_t)>;
  using StoreVector = function_ref<void(int64_t, Value)>;

  /// A square of `size` rows, of which `count` columns are there, null for all:
  /// loads all of its rows and stores the columns that are there.
  void transposeRows(int64_t size, Value count, LoadVector loadRow,
                     StoreVector storeColumn);

  /// The other way round: loads the columns that are there and stores all rows,
  /// the last one first. So lanes without a row may go to the last row that
  /// there is, which then overwrites them: no branches.
  void transposeColumns(int64_t size, Value count, LoadVector loadColumn,
                        StoreVector storeRow);

  /// Loads or stores the first `count` elements of a vector, null for all;
  /// others are loaded as 0.
  Value loadFirst(VectorType type, Value buffer, ValueRange at, Value count);
  void storeFirst(Value vector, Value buffer, ValueRange at, Value count);

  /// The columns of a square whose rows are `rows`.
  Values transpose(ArrayRef<Value> rows);
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_TRANSPOSEEMITTER_H
