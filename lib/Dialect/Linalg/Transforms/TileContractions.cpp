//===- TileContractions.cpp - Matrix products in parallel blocks ----------===//
//
// Contractions that are worth several threads become a parallel loop over
// blocks of the result, by upstream's tiling; what fills the result beforehand
// moves into the loop.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Linalg/Transforms/Contraction.h"
#include "Attention/Dialect/Linalg/Transforms/ContractionModel.h"
#include "Attention/Dialect/Linalg/Transforms/ExtentCheck.h"
#include "Attention/Dialect/Linalg/Transforms/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/Transforms/TilingInterfaceImpl.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"

namespace mlir::attention {
#define GEN_PASS_DEF_ATTENTIONTILECONTRACTIONS
#include "Attention/Dialect/Linalg/Transforms/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

static constexpr StringLiteral category = "attention-tile-contractions";

/// Whether `producer` only sets the elements of its result, one by one.
static bool isFill(Operation *producer) {
  auto op = dyn_cast<linalg::LinalgOp>(producer);
  return op && isa<linalg::FillOp, linalg::BroadcastOp>(producer) &&
         op.getNumParallelLoops() == op.getNumLoops();
}

/// Builds a cf.assert for every extent that may disagree with that of another
/// operand: tiles are cut as the first one says, and do not show it.
static void buildRuntimeChecks(OpBuilder &builder, linalg::LinalgOp op) {
  Location loc = op.getLoc();
  SmallVector<OpFoldResult> extents(op.getNumLoops());
  auto check = [&](arith::CmpIPredicate predicate, OpFoldResult found,
                   OpFoldResult inferred, unsigned position) {
    buildExtentCheck(builder, loc, predicate, found, inferred, position);
  };
  for (OpOperand *operand : {op.getDpsInitOperand(0), op.getDpsInputOperand(0),
                             op.getDpsInputOperand(1)})
    for (auto [position, expr] :
         llvm::enumerate(op.getMatchingIndexingMap(operand).getResults())) {
      OpFoldResult size =
          tensor::getMixedSize(builder, loc, operand->get(), position);
      if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
        OpFoldResult &extent = extents[dim.getPosition()];
        if (extent)
          check(arith::CmpIPredicate::eq, size, extent, position);
        else
          extent = size;
        continue;
      }
      // Shared heads: as many times as they are shared.
      auto quotient = dyn_cast<AffineBinaryOpExpr>(expr);
      if (!quotient || quotient.getKind() != AffineExprKind::FloorDiv)
        continue;
      auto dim = dyn_cast<AffineDimExpr>(quotient.getLHS());
      if (dim && extents[dim.getPosition()] &&
          isa<AffineConstantExpr>(quotient.getRHS()))
        check(arith::CmpIPredicate::sge,
              affine::makeComposedFoldedAffineApply(
                  builder, loc, builder.getAffineDimExpr(0) * quotient.getRHS(),
                  {size}),
              extents[dim.getPosition()], position);
    }
}

namespace {
/// The tile sizes of a contraction, one a dimension; 0 is not tiled.
struct BlockChooser {
  BlockChooser(linalg::LinalgOp op, const Contraction &contraction)
      : op(op), contraction(contraction), sizes(op.getNumLoops(), 0) {}

  /// False if all of it is one block.
  bool choose() {
    int64_t rows = contraction.row ? extent(*contraction.row) : 1;
    int64_t terms = extent(contraction.term), numProducts = 1;
    for (unsigned dim : contraction.others)
      multiply(isParallel(dim) ? numProducts : terms, extent(dim));
    ContractionBlocks blocks =
        chooseContractionBlocks(getTargetFacts(op), contraction.type,
                                {rows, extent(contraction.column), terms},
                                numProducts, contraction.packsRows());
    if (contraction.row)
      cut(*contraction.row, blocks.rows);
    cut(contraction.column, blocks.columns);
    // Blocks of several products: of the last dimensions first.
    int64_t left = blocks.products;
    for (unsigned dim : llvm::reverse(contraction.others))
      if (isParallel(dim)) {
        cut(dim, left);
        int64_t size = extent(dim);
        left = ShapedType::isDynamic(size)
                   ? 1
                   : std::max<int64_t>(left / std::max<int64_t>(size, 1), 1);
      }
    return llvm::any_of(sizes, [](int64_t size) { return size != 0; });
  }

  linalg::LinalgOp op;
  const Contraction &contraction;
  SmallVector<int64_t> sizes;

private:
  int64_t extent(unsigned dim) { return contraction.getExtent(dim); }

  bool isParallel(unsigned dim) {
    return op.getIteratorTypesArray()[dim] == utils::IteratorType::parallel;
  }

  static void multiply(int64_t &product, int64_t factor) {
    if (ShapedType::isDynamic(product) || ShapedType::isDynamic(factor))
      product = ShapedType::kDynamic;
    else if (llvm::MulOverflow(product, factor, product))
      product = std::numeric_limits<int64_t>::max();
  }

  void cut(unsigned dim, int64_t size) {
    if (ShapedType::isDynamic(extent(dim)) || size < extent(dim))
      sizes[dim] = size;
  }
};

struct TileContractionsPass
    : public attention::impl::AttentionTileContractionsBase<
          TileContractionsPass> {
  using AttentionTileContractionsBase::AttentionTileContractionsBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    AttentionTileContractionsBase::getDependentDialects(registry);
    linalg::registerTilingInterfaceExternalModels(registry);
  }

  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      // The threads are at work already in a parallel loop.
      if (op.hasPureTensorSemantics() &&
          !op->getParentOfType<scf::ForallOp>() &&
          !op->getParentOfType<scf::ParallelOp>())
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : ops)
      tile(rewriter, op);
  }

private:
  void tile(IRRewriter &rewriter, linalg::LinalgOp op) {
    auto remarkOptions = remark::RemarkOpts::name("Tiled").category(category);
    std::string obstacle;
    FailureOr<Contraction> contraction = matchContraction(op, obstacle);
    if (failed(contraction)) {
      if (!obstacle.empty())
        remark::missed(op.getLoc(), remarkOptions) << "not tiled: " << obstacle;
      return;
    }
    // Upstream has no tiles of loops without iterations: a size of 0 means a
    // dimension that is not tiled.
    if (llvm::is_contained(op.getStaticLoopRanges(), 0)) {
      remark::analysis(op.getLoc(), remarkOptions) << "nothing to compute";
      return;
    }
    BlockChooser blocks(op, *contraction);
    if (!blocks.choose()) {
      remark::analysis(op.getLoc(), remarkOptions) << "one block";
      return;
    }
    std::string text;
    llvm::raw_string_ostream stream(text);
    llvm::interleave(blocks.sizes, stream, " x ");

    scf::SCFTileAndFuseOptions options;
    options.tilingOptions
        .setTileSizes(getAsIndexOpFoldResult(&getContext(), blocks.sizes))
        .setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
    options.setFusionControlFn(
        [](tensor::ExtractSliceOp, OpResult producer, bool isDestination)
            -> std::optional<scf::SCFTileAndFuseOptions::ControlFnResult> {
          if (!isDestination || !isFill(producer.getOwner()))
            return std::nullopt;
          return scf::SCFTileAndFuseOptions::ControlFnResult{};
        });
    rewriter.setInsertionPoint(op);
    if (runtimeChecks)
      buildRuntimeChecks(rewriter, op);
    FailureOr<scf::SCFTileAndFuseResult> tiled =
        scf::tileConsumerAndFuseProducersUsingSCF(
            rewriter, cast<TilingInterface>(op.getOperation()), options);
    if (failed(tiled)) {
      remark::missed(op.getLoc(), remarkOptions)
          << "not tiled: its maps have no tiles";
      return;
    }
    remark::passed(op.getLoc(), remarkOptions) << "blocks of " << text;
    for (OpResult result : op->getOpResults())
      rewriter.replaceAllUsesWith(result, tiled->replacements[result]);
    rewriter.eraseOp(op);
  }
};
} // namespace
