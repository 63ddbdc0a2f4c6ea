//===- BufferizableOpInterfaceImpl.cpp - Block level on buffers -----------===//
//
// The block level's operations work in place on their destinations, and neither
// allocate nor free.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/BufferizableOpInterfaceImpl.h"

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "mlir/Dialect/Bufferization/IR/BufferDeallocationOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace mlir::attention;
using namespace mlir::bufferization;

namespace {
/// %r = op ins(%t : tensor) outs(%o : tensor)
/// ->
/// op ins(%m : memref) outs(%b : memref)      // regions moved, %r is %b
template <typename OpTy>
struct BlockOpModel
    : public DstBufferizableOpInterfaceExternalModel<BlockOpModel<OpTy>, OpTy> {
  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (isa<TensorType>(operand.getType())) {
        FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
        if (failed(buffer))
          return failure();
        operand = *buffer;
      }
      operands.push_back(operand);
    }
    OperationState newState(op->getLoc(), op->getName(), operands, TypeRange{},
                            op->getAttrs());
    newState.propertiesAttr = op->getPropertiesAsAttribute();
    for (unsigned i = 0; i < op->getNumRegions(); ++i)
      newState.addRegion();
    Operation *onBuffers = rewriter.create(newState);
    for (auto [from, to] : llvm::zip(op->getRegions(), onBuffers->getRegions()))
      rewriter.inlineRegionBefore(from, to, to.end());
    auto inits = cast<DestinationStyleOpInterface>(onBuffers).getDpsInits();
    replaceOpWithBufferizedValues(rewriter, op, inits);
    return success();
  }
};

/// Nothing to free. By itself, deallocation refuses operations with several
/// regions that are not control flow.
template <typename OpTy>
struct BlockOpDeallocation
    : public BufferDeallocationOpInterface::ExternalModel<
          BlockOpDeallocation<OpTy>, OpTy> {
  FailureOr<Operation *> process(Operation *op, DeallocationState &,
                                 const DeallocationOptions &) const {
    return op;
  }
};

template <typename... OpTys>
void attachModels(MLIRContext &context) {
  (OpTys::template attachInterface<BlockOpModel<OpTys>,
                                   BlockOpDeallocation<OpTys>>(context),
   ...);
}
} // namespace

void attention::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, AttentionDialect *) {
    attachModels<PackOp, OnlineOp, FinishOp, MergeOp, WeightsOp, MassOp>(
        *context);
  });
}
