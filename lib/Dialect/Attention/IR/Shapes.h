//===- Shapes.h - Shape and type rules the ops share ------------*- C++ -*-===//
//
// Verification of batch dimensions, extents and element types, with messages
// that say what was expected and found; reification and speculatability.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_IR_SHAPES_H
#define ATTENTION_LIB_DIALECT_ATTENTION_IR_SHAPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::attention {

/// The compute type of operands with these element types: f64 if one is f64,
/// else f32.
FloatType getComputeType(MLIRContext *context, TypeRange elementTypes);

/// Whether two extents may be equal: equal, or one known only at run time.
inline bool mayBeEqual(int64_t a, int64_t b) {
  return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
}

/// Whether two types differ in nothing but extents that one leaves to run time.
bool haveCompatibleShapes(Type a, Type b);

/// Checks that `type`, called `name` in messages, has no tensor encoding and at
/// least rank 2: leading batch dimensions, then `layout`, for example "Nq,
/// d_q".
LogicalResult verifyBatchedMatrix(Operation *op, RankedTensorType type,
                                  StringRef name, StringRef layout);

/// Checks that the batch dimensions of `type` fit those of `reference`: the
/// same number of them, each equal, a static 1, or, for the last, a divisor.
LogicalResult verifyBatchDims(Operation *op, RankedTensorType type,
                              StringRef name, RankedTensorType reference,
                              StringRef referenceName);

/// Checks that dimension `dim` of `type` may be equal to `expected`, which
/// messages call `what`.
LogicalResult verifyExtent(Operation *op, RankedTensorType type, StringRef name,
                           unsigned dim, int64_t expected, StringRef what);

/// Checks that `type` has rank `rank`, whose dimensions are `layout`.
LogicalResult verifyRank(Operation *op, RankedTensorType type, StringRef name,
                         int64_t rank, StringRef layout);

/// Checks that elements of `type` extend to the compute type without loss.
LogicalResult verifyExtends(Operation *op, Type elementType, StringRef name,
                            Type computeType);

/// Checks that a region has these argument types, ends in attention.yield of
/// one value of `yieldType`, and contains operations without side effects only.
/// `expectedArguments` names the arguments in messages. To be called from
/// verifyRegions(): it asks the operations inside, which are verified only
/// then.
LogicalResult verifyScalarRegion(Operation *op, Region &region, StringRef name,
                                 TypeRange argumentTypes,
                                 StringRef expectedArguments, Type yieldType);

/// Speculatable, regions permitting, unless there are operands with extents
/// that have to agree and are known only at run time, or a region reads a
/// tensor at indices that may lie outside it where the op is not meant to run.
Speculation::Speculatability getTensorOpSpeculatability(Operation *op);

/// The extent of dimension `dim` of `result`: its static extent, else that of
/// `sourceDim` of `source` at run time.
OpFoldResult reifyExtent(OpBuilder &builder, OpResult result, unsigned dim,
                         Value source, unsigned sourceDim);

/// The extents of `result`, all of them those of the first dimensions of
/// `source`.
SmallVector<OpFoldResult> reifyLeadingExtents(OpBuilder &builder,
                                              OpResult result, Value source);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_IR_SHAPES_H
