//===- FusedToLinalg.cpp - attention.fused, step by step ------------------===//
//
// Fused attention becomes the graph-level operations that it stands for, which
// the other patterns of this folder lower.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/AttentionToLinalg/AttentionToLinalg.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// %o = fused query(%q …) key(%k …) value(%v …) changes(…) outs(%out …)
/// ->
/// %s = dot_score %q, %k; … ; %w = softmax %s; %o = context %w, %v
struct DecomposeFused : public OpRewritePattern<FusedOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FusedOp op,
                                PatternRewriter &rewriter) const override {
    FailureOr<SmallVector<Value>> results = op.decomposeOperation(rewriter);
    if (failed(results))
      return failure();
    rewriter.replaceOp(op, *results);
    return success();
  }
};
} // namespace

void attention::populateFusedToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<DecomposeFused>(patterns.getContext());
}
