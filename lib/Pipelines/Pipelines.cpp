//===- Pipelines.cpp - From attention to loops and to LLVM ----------------===//
//
// The order of passes and why; docs/Pipelines.md describes it for users.
//
//===----------------------------------------------------------------------===//

#include "Attention/Pipelines/Pipelines.h"

#include "Attention/Conversion/Passes.h"
#include "Attention/Parallel/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::attention;

void attention::buildAttentionToLoopsPipeline(
    OpPassManager &manager, const ExactLoweringOptions &options) {
  // Attention, and what people write around it, as linalg on tensors. What does
  // not change in a loop leaves it: an additive score's key projection.
  manager.addPass(createConvertAttentionToLinalg());
  manager.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createLoopInvariantCodeMotionPass());

  // Tensors to buffers, across function boundaries, owned by the caller.
  manager.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  manager.addPass(bufferization::createOneShotBufferizePass(bufferize));
  if (options.runtimeChecks) {
    // Messages that say the place, without the operation's text. The pass has
    // no create function that takes its options.
    auto verification = createGenerateRuntimeVerificationPass();
    LogicalResult initialized = verification->initializeOptions(
        "verbose-level=0", [](const Twine &) { return failure(); });
    assert(succeeded(initialized) && "the option is upstream's");
    (void)initialized;
    manager.addPass(std::move(verification));
  }
  manager.addPass(createConvertLinalgToLoopsPass());
  bufferization::buildBufferDeallocationPipeline(manager);
  manager.addPass(createConvertBufferizationToMemRefPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

void attention::addParallelLoopLowering(OpPassManager &manager) {
  manager.addPass(createForallToParallelLoopPass());
  AttentionOutlineParallelOptions outline;
  // What is left of scf.parallel becomes OpenMP's, and its reductions would
  // depend on the number of threads.
  outline.sequentialReductions = true;
  manager.addPass(createAttentionOutlineParallel(outline));
  manager.addPass(createConvertSCFToOpenMPPass());
  manager.addPass(createAttentionScheduleParallel());
}

void attention::buildAttentionToLLVMPipeline(
    OpPassManager &manager, const ExactLoweringOptions &options) {
  buildAttentionToLoopsPipeline(manager, options);

  addParallelLoopLowering(manager);
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createConvertExpandShapeToReinterpretCast());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  // Functions on 16-bit floats by way of f32; what LLVM has no intrinsic for is
  // a call of the C library.
  manager.addPass(math::createMathExtendToSupportedTypes());
  // No library call for bf16: not every libgcc has them.
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  manager.addPass(arith::createArithExpandOpsPass(expand));
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createConvertMathToLibmPass());
  manager.addPass(createConvertVectorToLLVMPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createConvertIndexToLLVMPass());
  manager.addPass(createUBToLLVMConversionPass());
  manager.addPass(createConvertOpenMPToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}
