//===- FusedResult.h - What attention.fused gives ---------------*- C++ -*-===//
//
// Its results in order: the context, and what else is asked for.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_FUSEDRESULT_H
#define ATTENTION_DIALECT_ATTENTION_IR_FUSEDRESULT_H

#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::attention {

enum class FusedResultKind { Context, Lse, Weights, Reading, ColumnMass };

/// One result.
struct FusedResult {
  FusedResultKind kind;
  /// The dimensions of the iteration space that it has beyond the batch's.
  SmallVector<unsigned, 2> dims;
  /// Null where it may be any float type.
  Type elementType = {};
  /// Reading: which, the how manieth result of it, and the extent of a last
  /// dimension that its map does not speak of.
  Attribute reading = {};
  unsigned number = 0;
  std::optional<int64_t> listLength = std::nullopt;

  /// As messages call it.
  std::string getName() const;
};

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_ATTENTION_IR_FUSEDRESULT_H
