//===- Tile.cpp - Fused attention in blocks -------------------------------===//
//
// attention.fused becomes a parallel loop over batch elements and blocks of
// queries, with a loop over blocks of keys inside: pack, online, finish.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/CostModel.h"
#include "Attention/Dialect/Attention/Transforms/Passes.h"
#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "BlockBuilder.h"
#include "RuntimeChecks.h"
#include "SplitKeys.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"

namespace mlir::attention {
#define GEN_PASS_DEF_ATTENTIONTILE
#include "Attention/Dialect/Attention/Transforms/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

static constexpr StringLiteral category = "attention-tile";

/// Why the block level cannot take `op`, or nothing.
static std::optional<std::string> findObstacle(FusedOp op) {
  if (op.getWeights())
    return "it gives the weights";
  for (Value operand : op.getOperands())
    if (auto type = dyn_cast<RankedTensorType>(operand.getType());
        type && llvm::is_contained(type.getShape(), 0))
      return "it has an extent of 0";
  auto findUnsupported = [](Region &region) -> Operation * {
    return region.empty() ? nullptr : findOperationWithoutVectorForm(region);
  };
  Operation *unsupported = findUnsupported(op.getCombine());
  for (Region &region : op.getChangeRegions())
    if (!unsupported)
      unsupported = findUnsupported(region);
  if (unsupported)
    return ("'" + unsupported->getName().getStringRef() +
            "' in a region has no vector form")
        .str();
  return std::nullopt;
}

/// The extent of the dimension of `value` that `dim` is mapped to, or
/// ShapedType::kDynamic.
static int64_t getExtent(Value value, AffineMap map, unsigned dim) {
  unsigned position =
      *map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
  return cast<RankedTensorType>(value.getType()).getDimSize(position);
}

namespace {
struct TilePass : public attention::impl::AttentionTileBase<TilePass> {
  using AttentionTileBase::AttentionTileBase;

  void runOnOperation() override {
    SmallVector<FusedOp> ops;
    getOperation()->walk([&](FusedOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (FusedOp op : ops)
      if (failed(tile(rewriter, op)))
        return signalPassFailure();
  }

private:
  BlockSizes chooseSizes(FusedOp op) {
    TargetFacts facts = getTargetFacts(op);
    BlockSizes sizes = chooseBlockSizes(
        facts, op.getComputeType(),
        getExtent(op.getQuery(), op.getQueryMap(), op.getQueryDim()),
        getExtent(op.getKey(), op.getKeyMap(), op.getKeyDim()),
        getExtent(op.getQuery(), op.getQueryMap(), op.getFeatureDim()),
        getExtent(op.getValue(), op.getValueMap(), op.getValueDim()),
        !op.getChangeSets().empty());
    if (queryBlock > 0)
      sizes.queries =
          llvm::alignTo(queryBlock, facts.lanes(op.getComputeType()));
    if (keyBlock > 0)
      sizes.keys = keyBlock;
    return sizes;
  }

  KeySplit chooseSplit(FusedOp op, BlockSizes sizes) {
    if (keySplits > 0)
      return {keySplits, /*isFixed=*/true};
    return chooseKeySplit(getTargetFacts(op), op, sizes);
  }

  /// The batch indices and the number of the block of queries in the loop over
  /// both.
  SmallVector<OpFoldResult>
  getPosition(OpBuilder &builder, LoopLikeOpInterface loop, BlockSizes sizes) {
    SmallVector<OpFoldResult> position =
        getAsOpFoldResult(*loop.getLoopInductionVars());
    position.back() = affine::makeComposedFoldedAffineApply(
        builder, loop.getLoc(),
        builder.getAffineDimExpr(0).floorDiv(sizes.queries), position.back());
    return position;
  }

  static LogicalResult reportNoTiles(FusedOp op) {
    remark::missed(op.getLoc(),
                   remark::RemarkOpts::name("Tiled").category(category))
        << "not tiled: its maps have no tiles";
    return success();
  }

  static void report(FusedOp op, BlockSizes sizes, KeySplit split) {
    std::string text = "blocks of " + std::to_string(sizes.queries) +
                       " queries and " + std::to_string(sizes.keys) + " keys";
    // As good as unfused: nothing is rescaled.
    if (int64_t numKeys =
            getExtent(op.getKey(), op.getKeyMap(), op.getKeyDim());
        !ShapedType::isDynamic(numKeys) && numKeys <= sizes.keys)
      text += ", all keys in one block";
    if (split.most > 1)
      text += (split.isFixed ? ", keys in " : ", keys in up to ") +
              std::to_string(split.most) + " parts";
    remark::passed(op.getLoc(),
                   remark::RemarkOpts::name("Tiled").category(category))
        << text;
  }

  LogicalResult tile(IRRewriter &rewriter, FusedOp op) {
    auto opts = remark::RemarkOpts::name("Tiled").category(category);
    if (std::optional<std::string> obstacle = findObstacle(op)) {
      remark::missed(op.getLoc(), opts) << "not tiled: " << *obstacle;
      return success();
    }
    BlockSizes sizes = chooseSizes(op);
    KeySplit split = chooseSplit(op, sizes);
    rewriter.setInsertionPoint(op);
    if (runtimeChecks)
      buildRuntimeChecks(rewriter, op);
    DataMasks masks = buildDataMasks(rewriter, op, sizes);
    FailureOr<PartialStates> partial;
    if (split.most > 1) {
      partial = buildPartialStates(rewriter, op, sizes, masks, split);
      if (failed(partial))
        return reportNoTiles(op);
    }
    SmallVector<OpFoldResult> tileSizes(op.getNumBatch(),
                                        rewriter.getIndexAttr(1));
    tileSizes.push_back(rewriter.getIndexAttr(sizes.queries));
    tileSizes.append(3, rewriter.getIndexAttr(0));
    scf::SCFTilingOptions options;
    options.setTileSizes(tileSizes);
    options.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
    FailureOr<scf::SCFTilingResult> tiled = scf::tileUsingSCF(
        rewriter, cast<TilingInterface>(op.getOperation()), options);
    if (failed(tiled))
      return reportNoTiles(op);
    report(op, sizes, split);
    rewriter.replaceOp(op, tiled->replacements);
    auto inner = cast<FusedOp>(tiled->tiledOps.front());
    rewriter.setInsertionPoint(inner);
    BlockBuilder builder(rewriter, inner, sizes, masks);
    SmallVector<Value> results;
    if (split.most > 1)
      results = builder.buildFromStates(buildStatesOfBlock(
          rewriter, inner.getLoc(), *partial,
          getPosition(rewriter, tiled->loops.front(), sizes)));
    else
      results = builder.build();
    rewriter.replaceOp(inner, results);
    ++numTiled;
    return success();
  }
};
} // namespace
