//===- Transforms.h - Rewrites within the attention dialect -----*- C++ -*-===//
//
// What the passes of Passes.td are made of, for use in other passes.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_TRANSFORMS_TRANSFORMS_H
#define ATTENTION_DIALECT_ATTENTION_TRANSFORMS_TRANSFORMS_H

#include "Attention/Dialect/Attention/IR/AttentionInterfaces.h"

namespace mlir {
class RewritePatternSet;
class RewriterBase;
} // namespace mlir

namespace mlir::attention {

class FusedOp;

/// Builds the scores of `op` from its parts: attention.score and, where it has
/// a scale, attention.modify_scores. Returns them, a tensor [b…, i, j] of the
/// op's type; the op itself stays.
Value generalizeScore(RewriterBase &rewriter, ScoreOpInterface op);

/// Where nobody uses the context of `op`, makes it one of a single feature, 0,
/// and returns true.
bool narrowUnusedContext(RewriterBase &rewriter, FusedOp op);

/// Makes transposes, broadcasts and reshapes of what `op` reads, and
/// transposes of what it gives, part of its indexing maps. Returns the names of
/// the operations that it no longer needs.
SmallVector<StringRef> absorbDataMovement(RewriterBase &rewriter, FusedOp op);

/// Patterns that turn every score function into attention.score.
void populateGeneralizeScoresPatterns(RewritePatternSet &patterns);

/// Builds the value of a set's symbol as an index: a scalar, or the element of
/// a tensor or buffer at the first of `indices`, (b…) or a pair.
Value buildSymbol(OpBuilder &builder, Location loc, Value symbol,
                  ValueRange indices);

/// Builds whether the pair at `indices` (b…, i, j) is in an intersection of
/// unions of sets, which must not be empty: an i1. Symbols are scalars, or
/// tensors indexed by the first batch dimensions.
Value buildSetsContain(OpBuilder &builder, Location loc,
                       ArrayRef<SmallVector<MaskSet>> sets, ValueRange indices);

/// The first operation of a region that has no vector form, or null.
/// Elementwise operations and loads have one.
Operation *findOperationWithoutVectorForm(Region &region);

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_ATTENTION_TRANSFORMS_TRANSFORMS_H
