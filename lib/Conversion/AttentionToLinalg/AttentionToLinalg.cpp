//===- AttentionToLinalg.cpp - The exact lowering -------------------------===//
//
// The pass: applies the patterns of this folder until no attention operation is
// left, and says which one is where that fails.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/AttentionToLinalg/AttentionToLinalg.h"

#include "Attention/Conversion/Passes.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::attention {
#define GEN_PASS_DEF_CONVERTATTENTIONTOLINALG
#include "Attention/Conversion/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

void attention::populateAttentionToLinalgPatterns(RewritePatternSet &patterns) {
  populateFusedToLinalgPatterns(patterns);
  populateScoreToLinalgPatterns(patterns);
  populateScoreChangesToLinalgPatterns(patterns);
  populateNormaliserToLinalgPatterns(patterns);
  populateContextToLinalgPatterns(patterns);
  populateTopKToLinalgPatterns(patterns);
  populateWeightSumsToLinalgPatterns(patterns);
}

namespace {
struct ConvertAttentionToLinalgPass
    : public attention::impl::ConvertAttentionToLinalgBase<
          ConvertAttentionToLinalgPass> {
  using ConvertAttentionToLinalgBase::ConvertAttentionToLinalgBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateAttentionToLinalgPatterns(patterns);
    if (!keepBlocks)
      populateBlockToLinalgPatterns(patterns);
    GreedyRewriteConfig config;
    config.enableFolding(false);
    config.enableConstantCSE(false);
    config.setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
    if (failed(
            applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    WalkResult left =
        getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) {
          if (!isa_and_nonnull<AttentionDialect>(op->getDialect()))
            return WalkResult::advance();
          if (keepBlocks &&
              isa<PackOp, OnlineOp, FinishOp, MergeOp, WeightsOp, MassOp>(op))
            return WalkResult::skip();
          op->emitOpError("has no lowering to linalg");
          return WalkResult::interrupt();
        });
    if (left.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
