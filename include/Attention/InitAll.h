//===- InitAll.h - Everything the tools register ----------------*- C++ -*-===//
//
// The upstream dialects, extensions and passes, and ours, in two calls.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_INITALL_H
#define ATTENTION_INITALL_H

#include "Attention/Conversion/Passes.h"
#include "Attention/Dialect/Attention/IR/AttentionDialect.h"
#include "Attention/Dialect/Attention/Transforms/BufferizableOpInterfaceImpl.h"
#include "Attention/Dialect/Attention/Transforms/Passes.h"
#include "Attention/Dialect/Linalg/Transforms/Passes.h"
#include "Attention/Parallel/Passes.h"
#include "Attention/Pipelines/Pipelines.h"
#include "Attention/Target/Passes.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"

namespace mlir::attention {

/// Registers all upstream dialects and extensions and the attention dialect.
inline void registerAllDialects(DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<AttentionDialect>();
  registerBufferizableOpInterfaceExternalModels(registry);
}

/// Registers all upstream passes and pipelines and ours.
inline void registerAllPasses() {
  mlir::registerAllPasses();
  registerAttentionTransformsPasses();
  registerAttentionConversionPasses();
  registerAttentionLinalgTransformsPasses();
  registerAttentionParallelPasses();
  registerAttentionTargetPasses();
  registerPipelines();
}

} // namespace mlir::attention

#endif // ATTENTION_INITALL_H
