//===- QueryBlocks.cpp - Blocks of queries, and what is kept of them ------===//
//
// For loops that are built by hand, where tileUsingSCF has none.
//
//===----------------------------------------------------------------------===//

#include "QueryBlocks.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::attention;

QueryBlocks::QueryBlocks(RewriterBase &rewriter, FusedOp op,
                         int64_t numBlockQueries)
    : builder(rewriter), loc(op.getLoc()), op(op),
      numBlockQueries(numBlockQueries),
      extents(llvm::map_to_vector(op.getIterationDomain(rewriter),
                                  [](Range range) { return range.size; })) {}

SmallVector<OpFoldResult> QueryBlocks::buildNumbers() {
  SmallVector<OpFoldResult> numbers =
      llvm::to_vector(ArrayRef(extents).take_front(op.getNumBatch()));
  AffineExpr queries = builder.getAffineDimExpr(0);
  numbers.push_back(affine::makeComposedFoldedAffineApply(
      builder, loc, queries.ceilDiv(numBlockQueries),
      extents[op.getQueryDim()]));
  return numbers;
}

QueryBlocks::Tile QueryBlocks::buildTile(ArrayRef<OpFoldResult> position) {
  Tile tile = {
      SmallVector<OpFoldResult>(extents.size(), builder.getIndexAttr(0)),
      extents};
  unsigned queryDim = op.getQueryDim();
  for (unsigned dim = 0; dim < op.getNumBatch(); ++dim) {
    tile.offsets[dim] = position[dim];
    tile.sizes[dim] = builder.getIndexAttr(1);
  }
  if (position.size() <= queryDim)
    return tile;
  AffineExpr a, b;
  bindDims(builder.getContext(), a, b);
  OpFoldResult offset = affine::makeComposedFoldedAffineApply(
      builder, loc, a * numBlockQueries, position[queryDim]);
  tile.offsets[queryDim] = offset;
  std::optional<int64_t> numQueries = getConstantIntValue(extents[queryDim]);
  if (numQueries && *numQueries % numBlockQueries == 0) {
    tile.sizes[queryDim] = builder.getIndexAttr(numBlockQueries);
  } else if (!numQueries || *numQueries > numBlockQueries) {
    AffineMap atMost = AffineMap::get(
        2, 0, {builder.getAffineConstantExpr(numBlockQueries), a - b},
        builder.getContext());
    tile.sizes[queryDim] = affine::makeComposedFoldedAffineMin(
        builder, loc, atMost, {extents[queryDim], offset});
  }
  return tile;
}

FailureOr<SmallVector<Value>>
QueryBlocks::buildFrom(ArrayRef<OpFoldResult> position, BuildFromTile build) {
  auto [offsets, sizes] = buildTile(position);
  FailureOr<TilingResult> tile =
      op.getTiledImplementation(builder, offsets, sizes);
  if (failed(tile))
    return failure();
  auto tiled = cast<FusedOp>(tile->tiledOps.front());
  SmallVector<Value> values = build(tiled);
  builder.eraseOp(tiled);
  // Those of what was not read.
  for (Operation *slice : llvm::reverse(tile->generatedSlices))
    if (slice->use_empty())
      builder.eraseOp(slice);
  return values;
}

SmallVector<OpFoldResult>
attention::buildBlockPosition(OpBuilder &builder, scf::ForallOp loop,
                              int64_t numBlockQueries) {
  SmallVector<OpFoldResult> position =
      getAsOpFoldResult(loop.getInductionVars());
  position.back() = affine::makeComposedFoldedAffineApply(
      builder, loop.getLoc(),
      builder.getAffineDimExpr(0).floorDiv(numBlockQueries), position.back());
  return position;
}

StateSlice::StateSlice(OpBuilder &builder, Location loc, Value states,
                       ArrayRef<OpFoldResult> position, OpFoldResult extent)
    : states(states), offsets(position),
      sizes(tensor::getMixedSizes(builder, loc, states)),
      strides(sizes.size(), builder.getIndexAttr(1)) {
  offsets.resize(sizes.size(), builder.getIndexAttr(0));
  std::fill_n(sizes.begin(), position.size(), builder.getIndexAttr(1));
  if (extent)
    sizes[position.size()] = extent;
  auto stateType = cast<RankedTensorType>(states.getType());
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(ArrayRef(sizes).drop_front(position.size()),
                             dynamic, shape);
  type = RankedTensorType::get(shape, stateType.getElementType());
}

Value StateSlice::extract(OpBuilder &builder, Location loc) const {
  return tensor::ExtractSliceOp::create(builder, loc, type, states, offsets,
                                        sizes, strides);
}

void StateSlice::insert(OpBuilder &builder, Location loc, Value state) const {
  tensor::ParallelInsertSliceOp::create(builder, loc, state, states, offsets,
                                        sizes, strides);
}
