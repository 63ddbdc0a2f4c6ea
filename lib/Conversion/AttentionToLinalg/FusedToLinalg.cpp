//===- FusedToLinalg.cpp - attention.fused, step by step ------------------===//
//
// Fused attention becomes the graph-level operations that it stands for, which
// the other patterns of this folder lower; and so do readings that say what
// they stand for.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/AttentionToLinalg/AttentionToLinalg.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// %o = fused query(%q …) key(%k …) value(%v …) changes(…) outs(%out …)
/// ->
/// %s = dot_score %q, %k; … ; %w = softmax %s; %o = context %w, %v
///
/// A reading of another dialect says in the same way what it stands for.
struct Decompose
    : public OpInterfaceRewritePattern<linalg::AggregatedOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::AggregatedOpInterface op,
                                PatternRewriter &rewriter) const override {
    if (!isa<FusedOp, RowReadingOpInterface>(op.getOperation()))
      return rewriter.notifyMatchFailure(op, "is no attention");
    FailureOr<SmallVector<Value>> results = op.decomposeOperation(rewriter);
    if (failed(results))
      return failure();
    rewriter.replaceOp(op, *results);
    return success();
  }
};
} // namespace

void attention::populateFusedToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<Decompose>(patterns.getContext());
}
