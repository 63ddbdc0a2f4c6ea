//===- FusedBuilder.h - One operation of what was found ---------*- C++ -*-===//
//
// Builds attention.fused of a score function, or a tensor of scores, what is
// done to the scores, a normaliser, and what uses the weights.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_FUSEDBUILDER_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_FUSEDBUILDER_H

#include "FusableAttention.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::attention {

/// Replaces `found` by attention.fused, before found.position. If its scores
/// have to be a tensor after all, `found` says so then.
FusedOp buildFused(RewriterBase &rewriter, FusableAttention &found);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_FUSEDBUILDER_H
