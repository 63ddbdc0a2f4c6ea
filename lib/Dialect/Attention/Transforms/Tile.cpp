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
#include "QueryBlocks.h"
#include "RuntimeChecks.h"
#include "ScoresInMemory.h"
#include "SecondPass.h"
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

static bool isEmpty(FusedOp op) {
  return llvm::any_of(op.getOperandTypes(), [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && llvm::is_contained(tensor.getShape(), 0);
  });
}

namespace {
/// What scores the block level cannot compute.
struct ScalarScores {
  /// In the last region that has no vector form.
  Operation *culprit = nullptr;
  /// As many changes, and the pair body, come before what it can compute.
  unsigned numChanges = 0;
};
} // namespace

static ScalarScores findScalarScores(FusedOp op) {
  ScalarScores found;
  if (!op.isDot())
    found.culprit = findOperationWithoutVectorForm(op.getCombine());
  for (auto [index, change] : llvm::enumerate(op.getScoreChanges())) {
    if (!change.region)
      continue;
    if (Operation *culprit = findOperationWithoutVectorForm(*change.region))
      found = {culprit, static_cast<unsigned>(index) + 1};
  }
  return found;
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
        getExtent(op.getValue(), op.getValueMap(), op.getValueDim()));
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

  /// Builds what replaces the results of `op`; `rows` is it without those that
  /// a loop of their own gives, or the op.
  FailureOr<SmallVector<Value>> buildLoops(IRRewriter &rewriter, FusedOp op,
                                           FusedOp rows, BlockSizes sizes,
                                           KeySplit split,
                                           const MaskAnalysis &masks) {
    rewriter.setInsertionPoint(rows);
    FailureOr<PartialStates> partial;
    if (split.most > 1) {
      partial = buildPartialStates(rewriter, rows, sizes, masks, split);
      if (failed(partial))
        return failure();
    }
    SmallVector<OpFoldResult> tileSizes(op.getNumBatch(),
                                        rewriter.getIndexAttr(1));
    // No more than there are, so that a single block has a static size, as
    // QueryBlocks gives it.
    int64_t numQueries =
        getExtent(op.getQuery(), op.getQueryMap(), op.getQueryDim());
    bool isOneBlock = numQueries > 0 && numQueries < sizes.queries;
    tileSizes.push_back(
        rewriter.getIndexAttr(isOneBlock ? numQueries : sizes.queries));
    tileSizes.append(3, rewriter.getIndexAttr(0));
    scf::SCFTilingOptions options;
    options.setTileSizes(tileSizes);
    options.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
    SmallVector<OpFoldResult> numbers;
    if (rows != op)
      numbers = QueryBlocks(rewriter, rows, sizes.queries).buildNumbers();
    FailureOr<scf::SCFTilingResult> tiled = scf::tileUsingSCF(
        rewriter, cast<TilingInterface>(rows.getOperation()), options);
    if (failed(tiled))
      return failure();
    auto loop = cast<scf::ForallOp>(tiled->loops.front());
    auto inner = cast<FusedOp>(tiled->tiledOps.front());
    rewriter.setInsertionPoint(inner);
    BlockBuilder builder(rewriter, inner, sizes, masks);
    SmallVector<Value> inBlock;
    if (split.most > 1)
      inBlock = builder.buildFromStates(buildStatesOfBlock(
          rewriter, inner.getLoc(), *partial,
          buildBlockPosition(rewriter, loop, sizes.queries)));
    else
      inBlock = builder.build();
    rewriter.replaceOp(inner, inBlock);
    if (rows == op)
      return tiled->replacements;

    scf::ForallOp wider = keepStates(rewriter, loop, numbers, sizes.queries,
                                     builder.getFinalState());
    ValueRange ofRows = wider.getResults().take_front(rows->getNumResults());
    ValueRange states = wider.getResults().drop_front(ofRows.size());
    rewriter.setInsertionPointAfter(wider);
    SmallVector<Value> results;
    for (auto [number, result] : llvm::enumerate(op.getFusedResults())) {
      if (result.kind == FusedResultKind::ColumnMass) {
        results.push_back(
            buildColumnMass(rewriter, op, number, rows, sizes, masks, states));
      } else if (result.kind == FusedResultKind::Weights &&
                 !rows.getWeights()) {
        results.push_back(buildWeightsInParts(rewriter, op, number, rows, sizes,
                                              masks, states,
                                              partial->numParts));
      } else {
        results.push_back(ofRows.front());
        ofRows = ofRows.drop_front();
      }
    }
    return results;
  }

  LogicalResult tile(IRRewriter &rewriter, FusedOp op) {
    auto opts = remark::RemarkOpts::name("Tiled").category(category);
    if (isEmpty(op)) {
      remark::missed(op.getLoc(), opts) << "not tiled: it has an extent of 0";
      return success();
    }
    if (ScalarScores scalar = findScalarScores(op); scalar.culprit) {
      std::string reason = ("'" + scalar.culprit->getName().getStringRef() +
                            "' in a region has no vector form")
                               .str();
      if (!op.getOrigin().empty()) {
        remark::missed(op.getLoc(), opts) << "not tiled: " + reason;
        return success();
      }
      remark::missed(op.getLoc(), opts)
          << "scores are computed in memory, one by one: " + reason;
      op = computeScoresInMemory(rewriter, op, scalar.numChanges);
    }
    BlockSizes sizes = chooseSizes(op);
    KeySplit split = chooseSplit(op, sizes);
    rewriter.setInsertionPoint(op);
    if (runtimeChecks)
      buildRuntimeChecks(rewriter, op);
    MaskAnalysis masks = buildMaskAnalysis(rewriter, op, sizes);
    // Sums over queries are a loop after that over blocks of them, and so are
    // weights of split keys.
    bool splitsWeights = op.getWeights() && split.most > 1;
    FusedOp rows = op;
    if (op.getColumnMass() || splitsWeights)
      rows = buildRows(rewriter, op, op.getWeights() && !splitsWeights);
    FailureOr<SmallVector<Value>> results =
        buildLoops(rewriter, op, rows, sizes, split, masks);
    if (rows != op)
      rewriter.eraseOp(rows);
    if (failed(results)) {
      remark::missed(op.getLoc(), opts) << "not tiled: its maps have no tiles";
      return success();
    }
    report(op, sizes, split);
    for (const std::string &reason : masks.sets.keys.reasons)
      remark::missed(op.getLoc(),
                     remark::RemarkOpts::name("KeyRange").category(category))
          << "a mask's keys are not all told apart: " << reason;
    rewriter.replaceOp(op, *results);
    return success();
  }
};
} // namespace
