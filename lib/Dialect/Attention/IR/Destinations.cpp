//===- Destinations.cpp - What destination-style ops share ----------------===//
//
// Effects, result shapes and rules of operations on tensors or buffers.
//
//===----------------------------------------------------------------------===//

#include "Destinations.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"

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

DestinationStyleOpInterface
attention::cloneOnOperands(OpBuilder &builder, DestinationStyleOpInterface op,
                           ValueRange operands,
                           std::optional<unsigned> numDestinations) {
  SmallVector<Type> types;
  unsigned numInits = numDestinations.value_or(op.getNumDpsInits());
  for (Value init : operands.take_back(numInits))
    if (isa<TensorType>(init.getType()))
      types.push_back(init.getType());
  // mlir::clone takes no empty regions where there is a listener.
  OperationState state(op.getLoc(), op->getName(), operands, types,
                       op->getAttrs());
  IRMapping mapping;
  for (Region &region : op->getRegions())
    region.cloneInto(state.addRegion(), mapping);
  return cast<DestinationStyleOpInterface>(builder.create(state));
}

namespace {
/// %c = tensor.cast %k : tensor<7x4xf32> to tensor<?x4xf32>
/// %r = some.op %c : tensor<?x4xf32>
/// ->
/// %r = some.op %k : tensor<7x4xf32>         // results are cast back
struct FoldCasts : public RewritePattern {
  FoldCasts(StringRef opName, MLIRContext *context)
      : RewritePattern(opName, /*benefit=*/10, context) {}

  LogicalResult matchAndRewrite(Operation *op,
                                PatternRewriter &rewriter) const override {
    if (!tensor::hasFoldableTensorCastOperand(op))
      return failure();
    auto destination = cast<DestinationStyleOpInterface>(op);
    // Those that change are overwritten.
    SmallVector<Type> types(op->getResultTypes());
    SmallVector<Value> operands =
        tensor::getUpdatedOperandsAfterCastOpFolding(destination, types);
    Operation *folded = cloneOnOperands(rewriter, destination, operands);
    SmallVector<Value> results;
    for (auto [before, after] :
         llvm::zip_equal(op->getResults(), folded->getResults())) {
      Value result = after;
      if (before.getType() != after.getType())
        result = tensor::CastOp::create(rewriter, op->getLoc(),
                                        before.getType(), after);
      results.push_back(result);
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

void attention::populateFoldCastsPattern(RewritePatternSet &patterns,
                                         StringRef opName) {
  patterns.add<FoldCasts>(opName, patterns.getContext());
}
