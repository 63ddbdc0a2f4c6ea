//===- Destinations.cpp - What destination-style ops share ----------------===//
//
// Effects, result shapes and rules of operations on tensors or buffers.
//
//===----------------------------------------------------------------------===//

#include "Destinations.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::attention;

void attention::getDestinationEffects(
    DestinationStyleOpInterface op,
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<BaseMemRefType>(operand.get().getType()))
      continue;
    effects.emplace_back(MemoryEffects::Read::get(), &operand,
                         SideEffects::DefaultResource::get());
    if (op.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand,
                           SideEffects::DefaultResource::get());
  }
}

LogicalResult
attention::reifyDestinations(DestinationStyleOpInterface op, OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  for (OpResult result : op->getResults())
    shapes.push_back(tensor::getMixedSizes(builder, op.getLoc(),
                                           op.getTiedOpOperand(result)->get()));
  return success();
}

LogicalResult attention::verifyDestinations(DestinationStyleOpInterface op,
                                            unsigned numDestinations) {
  if (op.getNumDpsInits() != static_cast<int64_t>(numDestinations))
    return op->emitOpError("expected ")
           << numDestinations << " destinations, found " << op.getNumDpsInits();
  bool hasTensors = llvm::any_of(op->getOperandTypes(),
                                 [](Type t) { return isa<TensorType>(t); });
  bool hasBuffers = llvm::any_of(op->getOperandTypes(),
                                 [](Type t) { return isa<MemRefType>(t); });
  if (hasTensors && hasBuffers)
    return op->emitOpError("expected tensors or buffers, found both");
  return success();
}
