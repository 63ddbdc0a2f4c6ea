//===- RewriteOnly.h - Patterns on some operations of a module --*- C++ -*-===//
//
// Upstream's greedy driver on a whole module also folds every operation that no
// pattern is about, which in a module of vectors takes longer than the
// patterns.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_REWRITEONLY_H
#define ATTENTION_LIB_CONVERSION_REWRITEONLY_H

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::attention {

/// Applies patterns to the operations in `root` that `filter` takes, and to
/// what becomes of them, until nothing changes.
inline LogicalResult rewriteOnly(Operation *root, RewritePatternSet patterns,
                                 function_ref<bool(Operation *)> filter) {
  SmallVector<Operation *> ops;
  root->walk([&](Operation *op) {
    if (filter(op))
      ops.push_back(op);
  });
  GreedyRewriteConfig config;
  config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps);
  return applyOpPatternsGreedily(ops, std::move(patterns), config);
}

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_REWRITEONLY_H
