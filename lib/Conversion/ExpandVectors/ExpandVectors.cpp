//===- ExpandVectors.cpp - Vector operations as ones that LLVM has --------===//
//
// The rewriting that upstream's -convert-vector-to-llvm does before it converts
// (MLIR 22.1.8), of vectors only; what is left converts with other dialects.
//
//===----------------------------------------------------------------------===//

#include "../RewriteOnly.h"
#include "Attention/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"

namespace mlir::attention {
#define GEN_PASS_DEF_EXPANDVECTORS
#include "Attention/Conversion/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::vector;

static void populatePatterns(RewritePatternSet &patterns) {
  populateVectorToVectorCanonicalizationPatterns(patterns);
  populateVectorBitCastLoweringPatterns(patterns);
  populateVectorBroadcastLoweringPatterns(patterns);
  populateVectorContractLoweringPatterns(patterns, VectorContractLowering::Dot);
  populateVectorMaskOpLoweringPatterns(patterns);
  populateVectorShapeCastLoweringPatterns(patterns);
  populateVectorInterleaveLoweringPatterns(patterns);
  populateVectorTransposeLoweringPatterns(
      patterns, VectorTransposeLowering::Shuffle16x16);
  populateVectorTransferLoweringPatterns(patterns, /*maxTransferRank=*/1);
  populateVectorMaskMaterializationPatterns(patterns,
                                            /*force32BitVectorIndices=*/true);
  populateVectorInsertExtractStridedSliceTransforms(patterns);
  populateVectorStepLoweringPatterns(patterns);
  populateVectorRankReducingFMAPattern(patterns);
  populateVectorGatherLoweringPatterns(patterns);
}

namespace {
struct ExpandVectorsPass
    : public attention::impl::ExpandVectorsBase<ExpandVectorsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populatePatterns(patterns);
    auto isOnVectors = [](Operation *op) {
      return isa_and_present<VectorDialect>(op->getDialect());
    };
    if (failed(attention::rewriteOnly(getOperation(), std::move(patterns),
                                      isOnVectors)))
      signalPassFailure();
  }
};
} // namespace
