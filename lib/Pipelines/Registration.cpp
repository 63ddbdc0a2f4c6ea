//===- Registration.cpp - Pipelines by name -------------------------------===//
//
// Names and one-line descriptions of the pipelines, for --help and for
// pass-pipeline texts.
//
//===----------------------------------------------------------------------===//

#include "Attention/Pipelines/Pipelines.h"

#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace mlir::attention;

void attention::registerPipelines() {
  PassPipelineRegistration<ExactLoweringOptions>(
      "attention-to-loops",
      "Lower attention and linalg on tensors to loops on memrefs, op by op: "
      "the reference",
      buildAttentionToLoopsPipeline);
  PassPipelineRegistration<VectorLoweringOptions>(
      "attention-to-vector",
      "Lower attention and linalg on tensors to loops over vectors on memrefs, "
      "fused and in blocks",
      buildAttentionToVectorPipeline);
  PassPipelineRegistration<LLVMLoweringOptions>(
      "attention-to-llvm",
      "Lower attention and linalg on tensors to the LLVM dialect",
      buildAttentionToLLVMPipeline);
}
