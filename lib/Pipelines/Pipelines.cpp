//===- Pipelines.cpp - From attention to loops and to LLVM ----------------===//
//
// The order of passes and why; docs/Pipelines.md describes it for users.
//
//===----------------------------------------------------------------------===//

#include "Attention/Pipelines/Pipelines.h"

#include "Attention/Conversion/Passes.h"
#include "Attention/Dialect/Attention/Transforms/Passes.h"
#include "Attention/Dialect/Linalg/Transforms/Passes.h"
#include "Attention/Parallel/Passes.h"
#include "Attention/Target/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::attention;

/// What remains of attention, and what people write around it, as linalg on
/// tensors. What does not change in a loop leaves it: an additive score's key
/// projection.
static void addLinalgLowering(OpPassManager &manager, bool keepBlocks) {
  ConvertAttentionToLinalgOptions exact;
  exact.keepBlocks = keepBlocks;
  manager.addPass(createConvertAttentionToLinalg(exact));
  manager.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createLoopInvariantCodeMotionPass());
}

/// Tensors to buffers, across function boundaries, owned by the caller.
static void addBufferization(OpPassManager &manager,
                             const ExactLoweringOptions &options) {
  manager.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  // A loop over layers carries a tensor that each iteration makes anew.
  bufferize.allowReturnAllocsFromLoops = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  manager.addPass(bufferization::createOneShotBufferizePass(bufferize));
  if (!options.runtimeChecks)
    return;
  // Messages that say the place, without the operation's text. The pass has
  // no create function that takes its options.
  auto verification = createGenerateRuntimeVerificationPass();
  LogicalResult initialized = verification->initializeOptions(
      "verbose-level=0", [](const Twine &) { return failure(); });
  assert(succeeded(initialized) && "the option is upstream's");
  (void)initialized;
  manager.addPass(std::move(verification));
}

/// Linalg on buffers to loops, and buffers to memory that is freed.
static void addLoopLowering(OpPassManager &manager) {
  manager.addPass(createConvertLinalgToLoopsPass());
  bufferization::buildBufferDeallocationPipeline(manager);
  manager.addPass(createConvertBufferizationToMemRefPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

void attention::buildAttentionToLoopsPipeline(
    OpPassManager &manager, const ExactLoweringOptions &options) {
  addLinalgLowering(manager, /*keepBlocks=*/false);
  addBufferization(manager, options);
  addLoopLowering(manager);
}

/// What buffers may take of a frame, in bytes: the packed queries and the
/// accumulator of 64 queries of 256 features. Threads' stacks are small, and
/// calls add up.
static constexpr int64_t maxStackBytes = 2 * 64 * 256 * 8;

/// The bytes of a matrix, row or scalar of static size, else -1.
static int64_t getScratchBytes(MemRefType type) {
  if (!type.hasStaticShape() || type.getRank() > 2 ||
      !type.getElementType().isIntOrIndexOrFloat())
    return -1;
  int64_t bits = DataLayout().getTypeSizeInBits(type.getElementType());
  return type.getNumElements() * llvm::divideCeil(bits, 8);
}

/// Whether a region has a frame of its own once parallel loops are outlined.
static bool hasFrame(Operation *op) {
  return isa<scf::ForallOp, scf::ParallelOp, FunctionOpInterface>(op);
}

/// Whether `alloc` is one of the first buffers of a parallel loop's body or
/// function that fit in its frame together. In sequential loops too, if one
/// allocation may serve all iterations, as attention-outline-parallel makes it.
static bool fitsOnStack(Value alloc) {
  int64_t bytes = getScratchBytes(cast<MemRefType>(alloc.getType()));
  if (bytes < 0 || bytes > maxStackBytes)
    return false;
  Operation *frame = alloc.getDefiningOp()->getParentOp();
  while (frame && !hasFrame(frame)) {
    if (isa<LoopLikeOpInterface>(frame) &&
        !frame->hasTrait<OpTrait::AutomaticAllocationScope>())
      return false;
    frame = frame->getParentOp();
  }
  if (!frame)
    return false;
  frame->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (op == alloc.getDefiningOp())
      return WalkResult::interrupt();
    if (op != frame && hasFrame(op))
      return WalkResult::skip();
    if (isa<memref::AllocOp, memref::AllocaOp>(op))
      if (int64_t other =
              getScratchBytes(cast<MemRefType>(op->getResult(0).getType()));
          other > 0 && bytes + other <= maxStackBytes)
        bytes += other;
    return WalkResult::advance();
  });
  return bytes <= maxStackBytes;
}

void attention::buildAttentionToVectorPipeline(
    OpPassManager &manager, const VectorLoweringOptions &options) {
  manager.addPass(createAttentionSetTarget());
  manager.addPass(createAttentionFuse());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createAttentionRewriteScores());
  AttentionTileOptions tile;
  tile.queryBlock = options.queryBlock;
  tile.keyBlock = options.keyBlock;
  tile.runtimeChecks = options.runtimeChecks;
  tile.keySplits = options.keySplits;
  manager.addPass(createAttentionTile(tile));
  addLinalgLowering(manager, /*keepBlocks=*/true);
  AttentionTileContractionsOptions tileContractions;
  tileContractions.runtimeChecks = options.runtimeChecks;
  manager.addPass(createAttentionTileContractions(tileContractions));
  addBufferization(manager, options);
  // Self-copies fold once subviews are merged.
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createConvertContractionToVector());
  manager.addNestedPass<func::FuncOp>(
      bufferization::createPromoteBuffersToStackPass(fitsOnStack));
  // Buffers are freed while there are few operations: vectors make some thirty
  // of one.
  addLoopLowering(manager);
  manager.addPass(createConvertAttentionToVector());
  manager.addPass(createAttentionShareDivisions());
  manager.addPass(createConvertMathToPolynomial());
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
    OpPassManager &manager, const LLVMLoweringOptions &options) {
  if (options.exact)
    buildAttentionToLoopsPipeline(manager, options);
  else
    buildAttentionToVectorPipeline(manager, options);

  addParallelLoopLowering(manager);
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createConvertViewsToReinterpretCast());
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
  manager.addPass(createExpandVectors());
  // A pass of its own for its options, how to allocate among them.
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  // All other dialects at once, which takes a third of the time.
  manager.addPass(createConvertToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}
