//===- LinalgBuilders.h - What the exact lowering builds with ---*- C++ -*-===//
//
// Tensors, casts and indexing maps shared by the patterns of this folder.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_LINALGBUILDERS_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_LINALGBUILDERS_H

#include "Attention/Dialect/Attention/Transforms/BatchDims.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Builders.h"

namespace mlir::attention {

/// The rank of a tensor.
int64_t getRank(Value tensor);

/// A constant −inf of a float type.
Value buildNegInf(OpBuilder &builder, Location loc, Type type);

/// A constant of a float type.
Value buildFloat(OpBuilder &builder, Location loc, Type type, double value);

/// Whether `score` is a live pair's: anything but −inf, NaN included.
Value buildIsLive(OpBuilder &builder, Location loc, Value score);

/// The scalar `value` in the wider or equal float type `type`. Exact.
Value buildExtend(OpBuilder &builder, Location loc, Value value, Type type);

/// The scalar `value` in any float type, rounded once, to nearest even.
Value buildRound(OpBuilder &builder, Location loc, Value value, Type type);

/// An uninitialised tensor of `type` whose dynamic extents are those of the
/// `sizes`, one for each dimension.
Value buildEmpty(OpBuilder &builder, Location loc, Type type,
                 ArrayRef<OpFoldResult> sizes);

/// The extents of the results of `op`, which reifies them.
ReifiedRankedShapedTypeDims reifyShapes(OpBuilder &builder, Operation *op);

/// (d0, …, d{numDims−1}) -> (d{dims[0]}, d{dims[1]}, …).
AffineMap getDimsMap(MLIRContext *context, unsigned numDims,
                     ArrayRef<unsigned> dims);

/// Brings `outputs` up to date with every element of `tensor`, in the order of
/// its dimension `reduced`, which `rows` and `outputs` lack. `build` gets an
/// element of the tensor, of the rows and of the outputs so far, and returns
/// the latter.
using BuildReduced =
    function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange)>;
SmallVector<Value> buildReduction(OpBuilder &builder, Location loc,
                                  Value tensor, unsigned reduced,
                                  ValueRange rows, ValueRange outputs,
                                  BuildReduced build);

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_LINALGBUILDERS_H
