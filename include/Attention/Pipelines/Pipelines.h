//===- Pipelines.h - From attention to loops and to LLVM --------*- C++ -*-===//
//
// The pass pipelines that users run, each a plain function with options, and
// their registration for pass-pipeline texts.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_PIPELINES_PIPELINES_H
#define ATTENTION_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::attention {

/// Options of the exact lowering.
struct ExactLoweringOptions : public PassPipelineOptions<ExactLoweringOptions> {
  PassOptions::Option<bool> runtimeChecks{
      *this, "runtime-checks",
      llvm::cl::desc("Check at run time that extents agree and indices are in "
                     "bounds (cf.assert), where types leave that open"),
      llvm::cl::init(false)};
};

/// Options of the lowering of fused attention in blocks.
struct VectorLoweringOptions : public ExactLoweringOptions {
  PassOptions::Option<int64_t> queryBlock{
      *this, "query-block",
      llvm::cl::desc("Queries of a block; 0 lets the cost model choose"),
      llvm::cl::init(0)};
  PassOptions::Option<int64_t> keyBlock{
      *this, "key-block",
      llvm::cl::desc("Keys of a block; 0 lets the cost model choose"),
      llvm::cl::init(0)};
  PassOptions::Option<int64_t> keySplits{
      *this, "key-splits",
      llvm::cl::desc("Parts of the keys that are read at the same time; 0 lets "
                     "the cost model choose"),
      llvm::cl::init(0)};
};

/// Options of the lowering to LLVM.
struct LLVMLoweringOptions : public VectorLoweringOptions {
  PassOptions::Option<bool> exact{
      *this, "exact",
      llvm::cl::desc("Lower op by op, by attention-to-loops instead of "
                     "attention-to-vector: the reference"),
      llvm::cl::init(false)};
};

/// Adds the passes that lower attention and linalg on tensors, in a module, to
/// scf loops on memrefs by the exact lowering: the reference. Function
/// arguments and results that were tensors are memrefs with identity layout;
/// results are owned by the caller, and may be one buffer twice.
void buildAttentionToLoopsPipeline(OpPassManager &manager,
                                   const ExactLoweringOptions &options);

/// Adds the passes that lower attention and linalg on tensors, in a module, to
/// scf loops on memrefs, by way of fused attention in blocks and on vectors
/// where it can be had and of the exact lowering elsewhere. Without facts about
/// the target in the module, those of the host are used. Functions are as those
/// of the reference.
void buildAttentionToVectorPipeline(OpPassManager &manager,
                                    const VectorLoweringOptions &options);

/// Adds the passes that lower attention and linalg on tensors, in a module, to
/// the LLVM dialect, by way of attention-to-vector, or of attention-to-loops if
/// options say so, and OpenMP.
void buildAttentionToLLVMPipeline(OpPassManager &manager,
                                  const LLVMLoweringOptions &options);

/// Adds the passes that run parallel loops on memrefs, in a module, on OpenMP's
/// threads: scf.forall and scf.parallel become calls of outlined bodies in
/// omp.wsloop. They go after bufferisation and buffer deallocation, and before
/// the lowering of loops; createConvertOpenMPToLLVMPass has to follow when
/// everything else is in the LLVM dialect.
void addParallelLoopLowering(OpPassManager &manager);

/// Registers the pipelines under their names, attention-to-….
void registerPipelines();

} // namespace mlir::attention

#endif // ATTENTION_PIPELINES_PIPELINES_H
