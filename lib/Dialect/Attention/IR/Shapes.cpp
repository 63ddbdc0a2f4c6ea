//===- Shapes.cpp - Shape and type rules the ops share --------------------===//
//
// Batch dimensions, extents, element types and regions are checked here once
// for all operations, so that the messages read the same everywhere.
//
//===----------------------------------------------------------------------===//

#include "Shapes.h"

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

FloatType attention::getComputeType(MLIRContext *context,
                                    TypeRange elementTypes) {
  bool isF64 = llvm::any_of(elementTypes, [](Type t) { return t.isF64(); });
  return isF64 ? cast<FloatType>(Float64Type::get(context))
               : cast<FloatType>(Float32Type::get(context));
}

bool attention::haveCompatibleShapes(Type a, Type b) {
  auto first = dyn_cast<RankedTensorType>(a);
  auto second = dyn_cast<RankedTensorType>(b);
  return first && second && first.getEncoding() == second.getEncoding() &&
         succeeded(verifyCompatibleShape(first, second));
}

/// An extent as messages show it.
static std::string toString(int64_t extent) {
  return ShapedType::isDynamic(extent) ? "?" : std::to_string(extent);
}

LogicalResult attention::verifyBatchedMatrix(Operation *op,
                                             RankedTensorType type,
                                             StringRef name, StringRef layout) {
  if (type.getEncoding())
    return op->emitOpError("expected ")
           << name << " without a tensor encoding, found " << type;
  if (type.getRank() >= 2)
    return success();
  return op->emitOpError("expected ")
         << name << " of shape [batch..., " << layout
         << "], so of rank 2 or more, found rank " << type.getRank();
}

LogicalResult attention::verifyBatchDims(Operation *op, RankedTensorType type,
                                         StringRef name,
                                         RankedTensorType reference,
                                         StringRef referenceName) {
  if (type.getRank() != reference.getRank())
    return op->emitOpError("expected ")
           << name << " of rank " << reference.getRank() << ", as "
           << referenceName << " have, found rank " << type.getRank();
  int64_t numBatch = type.getRank() - 2;
  for (int64_t dim = 0; dim < numBatch; ++dim) {
    int64_t size = type.getDimSize(dim), expected = reference.getDimSize(dim);
    if (mayBeEqual(size, expected) || size == 1)
      continue;
    bool isLast = dim == numBatch - 1;
    if (isLast && size > 0 && expected % size == 0)
      continue;
    return op->emitOpError("expected batch dimension ")
           << dim << " of " << name << " to be " << expected << ", as of "
           << referenceName << ", or 1"
           << (isLast ? ", or a divisor of it (grouped heads)" : "")
           << ", found " << size;
  }
  return success();
}

LogicalResult attention::verifyExtent(Operation *op, RankedTensorType type,
                                      StringRef name, unsigned dim,
                                      int64_t expected, StringRef what) {
  if (mayBeEqual(type.getDimSize(dim), expected))
    return success();
  return op->emitOpError("expected dimension ")
         << dim << " of " << name << " to be " << what << ", "
         << toString(expected) << ", found " << toString(type.getDimSize(dim));
}

LogicalResult attention::verifyRank(Operation *op, RankedTensorType type,
                                    StringRef name, int64_t rank,
                                    StringRef layout) {
  if (type.getEncoding())
    return op->emitOpError("expected ")
           << name << " without a tensor encoding, found " << type;
  if (type.getRank() == rank)
    return success();
  return op->emitOpError("expected ")
         << name << " of shape [" << layout << "], so of rank " << rank
         << ", found rank " << type.getRank();
}

LogicalResult attention::verifyExtends(Operation *op, Type elementType,
                                       StringRef name, Type computeType) {
  if (elementType.getIntOrFloatBitWidth() <=
      computeType.getIntOrFloatBitWidth())
    return success();
  return op->emitOpError("expected elements of ")
         << name << " to be no wider than the compute type " << computeType
         << ", found " << elementType;
}

LogicalResult attention::verifyScalarRegion(Operation *op, Region &region,
                                            StringRef name,
                                            TypeRange argumentTypes,
                                            StringRef expectedArguments,
                                            Type yieldType) {
  if (!llvm::hasSingleElement(region))
    return op->emitOpError("expected a ") << name << " region of one block";
  Block &block = region.front();
  if (block.getArgumentTypes() != argumentTypes)
    return op->emitOpError("expected the ")
           << name << " region to take " << expectedArguments << ": ("
           << argumentTypes << "), found (" << block.getArgumentTypes() << ")";
  auto yield = block.empty() ? YieldOp() : dyn_cast<YieldOp>(block.back());
  if (!yield)
    return op->emitOpError("expected the ")
           << name << " region to end in attention.yield";
  if (yield.getValue().getType() != yieldType)
    return yield.emitOpError("expected the ")
           << name << " region to yield " << yieldType << ", found "
           << yield.getValue().getType();
  // On buffers, what was tensor.extract is a load, and may have been given
  // run-time checks.
  bool onBuffers = llvm::any_of(
      op->getOperandTypes(), [](Type type) { return isa<MemRefType>(type); });
  for (Operation &nested : block)
    if (!isMemoryEffectFree(&nested) &&
        !(onBuffers && (hasSingleEffect<MemoryEffects::Read>(&nested) ||
                        isa<cf::AssertOp>(nested))))
      return nested.emitOpError("expected operations without side effects in "
                                "the ")
             << name << " region of '" << op->getName() << "', found one";
  return success();
}

Speculation::Speculatability
attention::getTensorOpSpeculatability(Operation *op) {
  auto isTensor = [](Type type) { return isa<RankedTensorType>(type); };
  bool extentsMustAgree = llvm::count_if(op->getOperandTypes(), isTensor) > 1;
  auto hasDynamicExtents = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && !tensor.hasStaticShape();
  };
  if (extentsMustAgree &&
      llvm::any_of(op->getOperandTypes(), hasDynamicExtents))
    return Speculation::NotSpeculatable;
  // tensor.extract calls itself speculatable, whatever its indices.
  auto readsTensor = [&](Operation *nested) {
    return llvm::any_of(nested->getOperandTypes(), isTensor)
               ? WalkResult::interrupt()
               : WalkResult::advance();
  };
  for (Region &region : op->getRegions())
    if (region.walk(readsTensor).wasInterrupted())
      return Speculation::NotSpeculatable;
  return op->getNumRegions() ? Speculation::RecursivelySpeculatable
                             : Speculation::Speculatable;
}

OpFoldResult attention::reifyExtent(OpBuilder &builder, OpResult result,
                                    unsigned dim, Value source,
                                    unsigned sourceDim) {
  auto type = cast<RankedTensorType>(result.getType());
  if (!type.isDynamicDim(dim))
    return builder.getIndexAttr(type.getDimSize(dim));
  return tensor::DimOp::create(builder, result.getLoc(), source, sourceDim)
      .getResult();
}

SmallVector<OpFoldResult> attention::reifyLeadingExtents(OpBuilder &builder,
                                                         OpResult result,
                                                         Value source) {
  SmallVector<OpFoldResult> extents;
  unsigned rank = cast<RankedTensorType>(result.getType()).getRank();
  for (unsigned dim = 0; dim < rank; ++dim)
    extents.push_back(reifyExtent(builder, result, dim, source, dim));
  return extents;
}
