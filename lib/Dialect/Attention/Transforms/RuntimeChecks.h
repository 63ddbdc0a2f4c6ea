//===- RuntimeChecks.h - What types leave to run time -----------*- C++ -*-===//
//
// Checks that extents agree, for what does not show it any more once it is
// tiled.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_RUNTIMECHECKS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_RUNTIMECHECKS_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"

namespace mlir::attention {

/// Builds a cf.assert for every extent of an operand that may disagree with
/// those of others.
void buildRuntimeChecks(OpBuilder &builder, FusedOp op);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_RUNTIMECHECKS_H
