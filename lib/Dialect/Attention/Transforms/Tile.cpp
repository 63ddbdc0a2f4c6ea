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
#include "KeyRanges.h"
#include "RuntimeChecks.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Remarks.h"

namespace mlir::attention {
#define GEN_PASS_DEF_ATTENTIONTILE
#include "Attention/Dialect/Attention/Transforms/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

static constexpr StringLiteral category = "attention-tile";

/// The extent of a matrix in its rows (0) or columns (1).
static OpFoldResult getExtent(OpBuilder &builder, Location loc,
                              MappedValue matrix, unsigned dim) {
  unsigned position = *matrix.map.getResultPosition(
      getAffineDimExpr(dim, matrix.map.getContext()));
  return tensor::getMixedSize(builder, loc, matrix.value, position);
}

/// The matrix (row, column) of an operand all of whose other dimensions have
/// one element, or of which element 0 is read.
static MappedValue buildMatrix(OpBuilder &builder, Location loc, Value operand,
                               AffineMap map, unsigned row, unsigned column) {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> results;
  auto type = cast<RankedTensorType>(operand.getType());
  for (auto [position, result] : llvm::enumerate(map.getResults())) {
    offsets.push_back(builder.getIndexAttr(0));
    strides.push_back(builder.getIndexAttr(1));
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim || (dim.getPosition() != row && dim.getPosition() != column)) {
      sizes.push_back(builder.getIndexAttr(1));
      continue;
    }
    sizes.push_back(tensor::getMixedSize(builder, loc, operand, position));
    shape.push_back(type.getDimSize(position));
    results.push_back(
        builder.getAffineDimExpr(dim.getPosition() == row ? 0 : 1));
  }
  AffineMap matrixMap = AffineMap::get(2, 0, results, builder.getContext());
  if (type.getRank() == 2)
    return {operand, matrixMap};
  auto matrixType = RankedTensorType::get(shape, type.getElementType());
  return {tensor::ExtractSliceOp::create(builder, loc, matrixType, operand,
                                         offsets, sizes, strides),
          matrixMap};
}

/// The one element of an operand of one element a batch element.
static Value buildElement(OpBuilder &builder, Location loc, Value operand) {
  int64_t rank = cast<RankedTensorType>(operand.getType()).getRank();
  SmallVector<Value> zeros(rank,
                           arith::ConstantIndexOp::create(builder, loc, 0));
  return tensor::ExtractOp::create(builder, loc, operand, zeros);
}

/// A symbol of a set at a batch element, as an index.
static Value buildSymbol(OpBuilder &builder, Location loc, Value symbol,
                         ValueRange batch) {
  if (auto type = dyn_cast<RankedTensorType>(symbol.getType()))
    symbol = tensor::ExtractOp::create(builder, loc, symbol,
                                       batch.take_front(type.getRank()));
  if (symbol.getType().isIndex())
    return symbol;
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    symbol);
}

/// Scratch of its own: equal tensor.empty's would be merged and then copied.
static Value buildScratch(OpBuilder &builder, Location loc, Type elementType,
                          ArrayRef<OpFoldResult> sizes) {
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  return bufferization::AllocTensorOp::create(
      builder, loc, RankedTensorType::get(shape, elementType), dynamic);
}

static Value buildFilled(OpBuilder &builder, Location loc, Value scalar,
                         ArrayRef<OpFoldResult> sizes) {
  Value scratch = buildScratch(builder, loc, scalar.getType(), sizes);
  return linalg::FillOp::create(builder, loc, scalar, scratch).getResult(0);
}

namespace {
/// Turns attention of one batch element and one block of queries into block
/// level operations.
class BlockBuilder {
public:
  BlockBuilder(RewriterBase &rewriter, FusedOp op, BlockSizes sizes)
      : builder(rewriter), loc(op.getLoc()), op(op), sizes(sizes),
        normaliser(op.getNormaliser()) {}

  /// Builds the operations and returns what replaces the results of `op`.
  SmallVector<Value> build() {
    MappedValue query =
        buildMatrix(builder, loc, op.getQuery(), op.getQueryMap(),
                    op.getQueryDim(), op.getFeatureDim());
    MappedValue context =
        buildMatrix(builder, loc, op.getOuts()[0], op.getOutputMap(0),
                    op.getQueryDim(), op.getValueDim());
    origin = llvm::to_vector(op.getOrigin());
    OpFoldResult lanes = builder.getIndexAttr(sizes.queries);
    Type c = op.getComputeType();

    Value packScale = buildPackScale();
    Value scratch = buildScratch(builder, loc, c,
                                 {getExtent(builder, loc, query, 1), lanes});
    Value tile = PackOp::create(builder, loc, TypeRange(scratch.getType()),
                                query.value, packScale, scratch, query.map)
                     .getResult(0);

    SmallVector<Value> state =
        buildInitialState({getExtent(builder, loc, context, 1), lanes}, lanes);
    liveQueries = getExtent(builder, loc, query, 0);
    state = buildKeyLoops(tile, packScale ? Value() : op.getScale(), state);

    SmallVector<Value> outs = {context.value};
    if (op.getLse())
      outs.push_back(buildRow(op.getOuts()[1], op.getOutputMap(1)));
    auto finish = FinishOp::create(builder, loc, ValueRange(outs).getTypes(),
                                   state.front(), ArrayRef(state).drop_front(),
                                   outs, normaliser, context.map);
    SmallVector<Value> results;
    for (auto [out, result] : llvm::zip(op.getOuts(), finish.getResults()))
      results.push_back(insertInto(result, out));
    return results;
  }

private:
  /// What packed queries are multiplied by, or null: the scale of a dot
  /// product, and what the normaliser would have scores multiplied by where
  /// nothing sees them in between.
  Value buildPackScale() {
    if (!op.isDot())
      return Value();
    Value scale = op.getScale();
    auto [factor, prescaled] = op.getNormaliser().getPrescaled();
    bool seesScores =
        llvm::any_of(op.getScoreChanges(), [](const ScoreChange &change) {
          return change.kind == ScoreChangeKind::Bias ||
                 change.kind == ScoreChangeKind::Modify;
        });
    if (factor == 1.0 || seesScores)
      return scale;
    normaliser = cast<OnlineNormaliserAttrInterface>(prescaled);
    Value constant = arith::ConstantOp::create(
        builder, loc, builder.getFloatAttr(op.getComputeType(), factor));
    return scale ? builder.createOrFold<arith::MulFOp>(loc, scale, constant)
                 : constant;
  }

  /// The elements [i] of a result that has one batch element.
  Value buildRow(Value out, AffineMap map) {
    auto type = cast<RankedTensorType>(out.getType());
    if (type.getRank() == 1)
      return out;
    SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
    SmallVector<OpFoldResult> extents =
        tensor::getMixedSizes(builder, loc, out);
    unsigned position = *map.getResultPosition(
        getAffineDimExpr(op.getQueryDim(), map.getContext()));
    auto rowType = RankedTensorType::get({type.getDimSize(position)},
                                         type.getElementType());
    return tensor::ExtractSliceOp::create(builder, loc, rowType, out, offsets,
                                          extents, strides);
  }

  /// Puts a matrix or row back where it was taken from.
  Value insertInto(Value result, Value out) {
    auto type = cast<RankedTensorType>(out.getType());
    if (type == result.getType())
      return result;
    SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
    return tensor::InsertSliceOp::create(
        builder, loc, result, out, offsets,
        tensor::getMixedSizes(builder, loc, out), strides);
  }

  /// The accumulator, 0, and the normaliser's state before any key.
  SmallVector<Value> buildInitialState(ArrayRef<OpFoldResult> accumulatorSizes,
                                       OpFoldResult lanes) {
    Type c = op.getComputeType();
    Value zero =
        arith::ConstantOp::create(builder, loc, builder.getFloatAttr(c, 0.0));
    SmallVector<Value> state = {
        buildFilled(builder, loc, zero, accumulatorSizes)};
    if (!normaliser.hasState())
      return state;
    SmallVector<Value> elements;
    for (Value operand : op.getInitOperands())
      elements.push_back(buildElement(builder, loc, operand));
    for (Value init : normaliser.buildInit(builder, loc, c, elements))
      state.push_back(buildFilled(builder, loc, init, {lanes}));
    return state;
  }

  /// Loops over the ranges of keys that the mask sets leave.
  SmallVector<Value> buildKeyLoops(Value tile, Value scale,
                                   SmallVector<Value> state) {
    MappedValue key = buildMatrix(builder, loc, op.getKey(), op.getKeyMap(),
                                  op.getKeyDim(), op.getFeatureDim());
    MappedValue value =
        buildMatrix(builder, loc, op.getValue(), op.getValueMap(),
                    op.getKeyDim(), op.getValueDim());
    unsigned numBatch = op.getNumBatch();
    SmallVector<ScoreChange> changes = op.getScoreChanges();
    for (ScoreChange &change : changes)
      for (auto &members : change.sets)
        for (MaskSet &member : members)
          for (Value &symbol : member.symbols)
            symbol = buildSymbol(builder, loc, symbol,
                                 ValueRange(origin).take_front(numBatch));

    PairBlock block{getAsOpFoldResult(ValueRange(origin).take_front(numBatch)),
                    origin[numBatch], liveQueries, origin[numBatch + 1],
                    getExtent(builder, loc, key, 0)};
    KeyRanges ranges = computeKeyRanges(builder, loc, changes, block);
    SmallVector<ScoreChange> undecided;
    for (auto [change, decided] : llvm::zip(changes, ranges.decided))
      if (!decided)
        undecided.push_back(change);

    Value live = getValueOrCreateConstantIndexOp(builder, loc, liveQueries);
    OpFoldResult nextBegin;
    for (auto [index, range] : llvm::enumerate(ranges.ranges)) {
      auto online = OnlineOp::create(builder, loc, tile, key, value,
                                     op.getParameters(), scale, op.getCombine(),
                                     range.full ? undecided : changes,
                                     normaliser, origin, live, state);
      OpFoldResult begin = nextBegin ? nextBegin : range.begin;
      nextBegin = {};
      if (range.full) {
        // Blocks of static size; what is left goes with the next range, or is
        // the last, shorter block.
        AffineExpr a, b;
        bindDims(builder.getContext(), a, b);
        OpFoldResult end = affine::makeComposedFoldedAffineApply(
            builder, loc, a + (b - a).floorDiv(sizes.keys) * sizes.keys,
            {begin, range.end});
        state = buildKeyLoop(online, begin, end, /*isStatic=*/true, state);
        if (index + 1 < ranges.ranges.size())
          nextBegin = end;
        else
          state =
              buildKeyLoop(online, end, range.end, /*isStatic=*/false, state);
      } else {
        state =
            buildKeyLoop(online, begin, range.end, /*isStatic=*/false, state);
      }
      builder.eraseOp(online);
    }
    return state;
  }

  /// for j = begin to end step keys: state = online(tile, keys [j, j + keys))
  SmallVector<Value> buildKeyLoop(OnlineOp online, OpFoldResult begin,
                                  OpFoldResult end, bool isStatic,
                                  SmallVector<Value> state) {
    if (isEqualConstantIntOrValue(begin, end))
      return state;
    auto toValue = [&](OpFoldResult value) {
      return getValueOrCreateConstantIndexOp(builder, loc, value);
    };
    OpBuilder::InsertionGuard guard(builder);
    auto loop = scf::ForOp::create(
        builder, loc, toValue(begin), toValue(end),
        toValue(builder.getIndexAttr(sizes.keys)), state,
        [&](OpBuilder &, Location, Value j, ValueRange current) {
          OpFoldResult size = builder.getIndexAttr(sizes.keys);
          if (!isStatic) {
            AffineExpr first, last;
            bindDims(builder.getContext(), first, last);
            AffineMap map = AffineMap::get(
                2, 0, {builder.getAffineConstantExpr(sizes.keys), last - first},
                builder.getContext());
            size = affine::makeComposedFoldedAffineMin(builder, loc, map,
                                                       {j, end});
          }
          // A tile of keys is always possible.
          auto tiled = cast<OnlineOp>(
              online.getTiledImplementation(builder, {j}, {size})
                  ->tiledOps.front());
          tiled.getOutsMutable().assign(current);
          scf::YieldOp::create(builder, loc, tiled.getResults());
        });
    return loop.getResults();
  }

  RewriterBase &builder;
  Location loc;
  FusedOp op;
  BlockSizes sizes;
  /// The op's, or its prescaled form.
  OnlineNormaliserAttrInterface normaliser;
  SmallVector<Value> origin;
  OpFoldResult liveQueries;
};
} // namespace

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
    auto extent = [](Value value, AffineMap map, unsigned dim) {
      unsigned position =
          *map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
      return cast<RankedTensorType>(value.getType()).getDimSize(position);
    };
    TargetFacts facts = getTargetFacts(op);
    BlockSizes sizes = chooseBlockSizes(
        facts, op.getComputeType(),
        extent(op.getQuery(), op.getQueryMap(), op.getQueryDim()),
        extent(op.getKey(), op.getKeyMap(), op.getKeyDim()),
        extent(op.getQuery(), op.getQueryMap(), op.getFeatureDim()),
        extent(op.getValue(), op.getValueMap(), op.getValueDim()));
    if (queryBlock > 0)
      sizes.queries =
          llvm::alignTo(queryBlock, facts.lanes(op.getComputeType()));
    if (keyBlock > 0)
      sizes.keys = keyBlock;
    return sizes;
  }

  LogicalResult tile(IRRewriter &rewriter, FusedOp op) {
    auto opts = remark::RemarkOpts::name("Tiled").category(category);
    if (std::optional<std::string> obstacle = findObstacle(op)) {
      remark::missed(op.getLoc(), opts) << "not tiled: " << *obstacle;
      return success();
    }
    BlockSizes sizes = chooseSizes(op);
    remark::passed(op.getLoc(), opts)
        << "blocks of " << std::to_string(sizes.queries) << " queries and "
        << std::to_string(sizes.keys) << " keys";
    rewriter.setInsertionPoint(op);
    if (runtimeChecks)
      buildRuntimeChecks(rewriter, op);
    SmallVector<OpFoldResult> tileSizes(op.getNumBatch(),
                                        rewriter.getIndexAttr(1));
    tileSizes.push_back(rewriter.getIndexAttr(sizes.queries));
    tileSizes.append(3, rewriter.getIndexAttr(0));
    scf::SCFTilingOptions options;
    options.setTileSizes(tileSizes);
    options.setLoopType(scf::SCFTilingOptions::LoopType::ForallOp);
    FailureOr<scf::SCFTilingResult> tiled = scf::tileUsingSCF(
        rewriter, cast<TilingInterface>(op.getOperation()), options);
    if (failed(tiled)) {
      remark::missed(op.getLoc(), opts) << "not tiled: its maps have no tiles";
      return success();
    }
    rewriter.replaceOp(op, tiled->replacements);
    auto inner = cast<FusedOp>(tiled->tiledOps.front());
    rewriter.setInsertionPoint(inner);
    SmallVector<Value> results = BlockBuilder(rewriter, inner, sizes).build();
    rewriter.replaceOp(inner, results);
    ++numTiled;
    return success();
  }
};
} // namespace
