//===- VectorForm.cpp - What regions can be vectorised --------------------===//
//
// Tiling asks before it commits attention to the vector path, and the
// conversion relies on it.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/Transforms.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::attention;

Operation *attention::findOperationWithoutVectorForm(Region &region) {
  for (Operation &op : region.front().without_terminator()) {
    if (isa<memref::LoadOp, tensor::ExtractOp, cf::AssertOp>(op))
      continue;
    // An extent is the same in all lanes.
    if (isa<memref::DimOp, tensor::DimOp>(op) &&
        matchPattern(op.getOperand(1), m_Constant()))
      continue;
    bool isScalar = llvm::all_of(
        op.getOperandTypes(), [](Type t) { return t.isIntOrIndexOrFloat(); });
    bool hasVectorForm =
        op.getNumResults() == 1 && op.getNumRegions() == 0 && isScalar &&
        op.getResult(0).getType().isIntOrIndexOrFloat() &&
        (OpTrait::hasElementwiseMappableTraits(&op) ||
         op.hasTrait<OpTrait::ConstantLike>() ||
         isa<arith::IndexCastOp, arith::IndexCastUIOp, affine::AffineApplyOp,
             affine::AffineMinOp, affine::AffineMaxOp>(op));
    if (!hasVectorForm)
      return &op;
  }
  return nullptr;
}
