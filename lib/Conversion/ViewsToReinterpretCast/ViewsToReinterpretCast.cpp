//===- ViewsToReinterpretCast.cpp - Views as a base and metadata ----------===//
//
// Upstream's patterns, but for memref.expand_shape that makes several dynamic
// extents of one, as the projection of a batch does: they crash on it (MLIR
// 22.1.8), though its operands say all that is needed.
//
//===----------------------------------------------------------------------===//

#include "../RewriteOnly.h"
#include "Attention/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace mlir::attention {
#define GEN_PASS_DEF_CONVERTVIEWSTOREINTERPRETCAST
#include "Attention/Conversion/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;

namespace {
/// memref.expand_shape %m [[0, 1], [2]] output_shape [%a, %b, 8]
/// ->
/// %base, %offset, %size, %strides:2 = memref.extract_strided_metadata %m
/// memref.reinterpret_cast %base to offset: [%offset], sizes: [%a, %b, 8],
///   strides: [%b · %strides#0, %strides#0, %strides#1]
struct ExpandShapeToReinterpretCast
    : public OpRewritePattern<memref::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(memref::ExpandShapeOp op,
                                PatternRewriter &rewriter) const override {
    MemRefType type = op.getResultType();
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
    auto hasSeveralDynamic = [&](const ReassociationIndices &group) {
      return llvm::count_if(group, [&](int64_t dim) {
               return type.isDynamicDim(dim);
             }) > 1;
    };
    if (llvm::none_of(groups, hasSeveralDynamic))
      return failure();

    Location loc = op.getLoc();
    auto [staticStrides, staticOffset] = type.getStridesAndOffset();
    auto metadata =
        memref::ExtractStridedMetadataOp::create(rewriter, loc, op.getSrc());
    SmallVector<OpFoldResult> sizes = op.getMixedOutputShape();
    SmallVector<OpFoldResult> strides(type.getRank());
    for (auto [position, group] : llvm::enumerate(groups)) {
      Value stride = metadata.getStrides()[position];
      for (int64_t dim : llvm::reverse(group)) {
        strides[dim] = ShapedType::isDynamic(staticStrides[dim])
                           ? OpFoldResult(stride)
                           : rewriter.getIndexAttr(staticStrides[dim]);
        Value size = getValueOrCreateConstantIndexOp(rewriter, loc, sizes[dim]);
        stride = arith::MulIOp::create(rewriter, loc, stride, size);
      }
    }
    OpFoldResult offset = ShapedType::isDynamic(staticOffset)
                              ? OpFoldResult(metadata.getOffset())
                              : rewriter.getIndexAttr(staticOffset);
    rewriter.replaceOpWithNewOp<memref::ReinterpretCastOp>(
        op, type, metadata.getBaseBuffer(), offset, sizes, strides);
    return success();
  }
};

struct ConvertViewsToReinterpretCastPass
    : public attention::impl::ConvertViewsToReinterpretCastBase<
          ConvertViewsToReinterpretCastPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandShapeToReinterpretCast>(&getContext(), /*benefit=*/2);
    memref::populateExpandStridedMetadataPatterns(patterns);
    auto isView = [](Operation *op) {
      return isa<ViewLikeOpInterface, memref::ExtractStridedMetadataOp,
                 memref::ExtractAlignedPointerAsIndexOp>(op);
    };
    if (failed(attention::rewriteOnly(getOperation(), std::move(patterns),
                                      isView)))
      signalPassFailure();
  }
};
} // namespace
