//===- BlockOperands.h - Operands of one block of queries -------*- C++ -*-===//
//
// Matrices, rows and elements of operands of fused attention of one batch
// element, as the block level takes them, and scratch.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BLOCKOPERANDS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BLOCKOPERANDS_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "mlir/IR/Builders.h"

namespace mlir::attention {

/// The extent of a matrix in its rows (0) or columns (1).
OpFoldResult getExtent(OpBuilder &builder, Location loc, MappedValue matrix,
                       unsigned dim);

/// The matrix (row, column) of an operand all of whose other dimensions have
/// one element, or of which element 0 is read. `row` and `column` are
/// dimensions of `map`.
MappedValue buildMatrix(OpBuilder &builder, Location loc, Value operand,
                        AffineMap map, unsigned row, unsigned column);

/// The elements [row] of an operand that has one element in all other
/// dimensions of its map, or, where it has more than those, lists [row, ..].
Value buildRow(OpBuilder &builder, Location loc, Value operand, AffineMap map,
               unsigned row);

/// Puts a matrix or row back where it was taken from: `dims` of `map`, and what
/// there is beyond its results.
Value buildInsertion(OpBuilder &builder, Location loc, Value part, Value whole,
                     AffineMap map, ArrayRef<unsigned> dims);

/// The one element of an operand of one element a batch element.
Value buildElement(OpBuilder &builder, Location loc, Value operand);

/// Scratch of its own: equal tensor.empty's would be merged and then copied.
Value buildScratch(OpBuilder &builder, Location loc, Type elementType,
                   ArrayRef<OpFoldResult> sizes);

/// The element type and the extents of a value of a state.
struct StateShape {
  Type elementType;
  SmallVector<OpFoldResult> extents;
};

/// Those of the state that a block of `op` has: the accumulator, the
/// normaliser's values and the readings'.
SmallVector<StateShape>
getStateShapes(FusedOp op, OpFoldResult numValueFeatures, OpFoldResult lanes);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_BLOCKOPERANDS_H
