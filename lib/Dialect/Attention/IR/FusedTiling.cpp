//===- FusedTiling.cpp - TilingInterface of fused and of blocks -----------===//
//
// A tile of fused attention is fused attention on slices whose origin has
// moved; a tile of a block is a block of fewer keys. What is indexed globally
// (sets, regions, mask and bias tensors) stays as it is.
//
//===----------------------------------------------------------------------===//

#include "FusedTiling.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Destinations.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::attention;

/// The extent of the dimension of `value` that `dim` is mapped to.
static OpFoldResult getExtent(OpBuilder &builder, Location loc, Value value,
                              AffineMap map, unsigned dim) {
  unsigned position =
      *map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
  return tensor::getMixedSize(builder, loc, value, position);
}

static OpFoldResult add(OpBuilder &builder, Location loc, OpFoldResult a,
                        OpFoldResult b) {
  AffineExpr x, y;
  bindDims(builder.getContext(), x, y);
  return affine::makeComposedFoldedAffineApply(builder, loc, x + y, {a, b});
}

/// Whether a range is all of dimension `position` of `value`: a slice of it
/// would not fold away where the extent is dynamic.
static bool isWhole(OpFoldResult offset, OpFoldResult size, Value value,
                    unsigned position) {
  if (!isZeroInteger(offset))
    return false;
  int64_t extent = cast<ShapedType>(value.getType()).getDimSize(position);
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return *constant == extent;
  return isa<Value>(size) && cast<Value>(size).getDefiningOp<tensor::DimOp>();
}

/// Where a tile of the iteration space lies in an operand with this map; of
/// dimensions behind those of the map, all. Quotients need a tile of 1:
/// elsewhere the tile would need another map.
static LogicalResult getSlice(OpBuilder &builder, Location loc, Value value,
                              AffineMap map, ArrayRef<OpFoldResult> offsets,
                              ArrayRef<OpFoldResult> sizes,
                              SmallVectorImpl<OpFoldResult> &sliceOffsets,
                              SmallVectorImpl<OpFoldResult> &sliceSizes) {
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  for (auto [position, result] : llvm::enumerate(map.getResults())) {
    if (auto dim = dyn_cast<AffineDimExpr>(result)) {
      sliceOffsets.push_back(offsets[dim.getPosition()]);
      sliceSizes.push_back(sizes[dim.getPosition()]);
    } else if (auto quotient = dyn_cast<AffineBinaryOpExpr>(result)) {
      unsigned dim = cast<AffineDimExpr>(quotient.getLHS()).getPosition();
      if (isOneInteger(sizes[dim])) {
        sliceOffsets.push_back(affine::makeComposedFoldedAffineApply(
            builder, loc, AffineMap::get(map.getNumDims(), 0, result),
            offsets));
        sliceSizes.push_back(one);
      } else if (isZeroInteger(offsets[dim])) {
        sliceOffsets.push_back(zero);
        sliceSizes.push_back(
            tensor::getMixedSize(builder, loc, value, position));
      } else {
        return failure();
      }
    } else {
      sliceOffsets.push_back(zero);
      sliceSizes.push_back(one);
    }
  }
  int64_t rank = cast<ShapedType>(value.getType()).getRank();
  for (int64_t position = map.getNumResults(); position < rank; ++position) {
    sliceOffsets.push_back(zero);
    sliceSizes.push_back(tensor::getMixedSize(builder, loc, value, position));
  }
  return success();
}

/// The slice of an operand for a tile, or the operand where that is all of it.
static FailureOr<Value> buildSlice(OpBuilder &builder, Location loc,
                                   Value value, AffineMap map,
                                   ArrayRef<OpFoldResult> offsets,
                                   ArrayRef<OpFoldResult> sizes,
                                   SmallVectorImpl<Operation *> &slices) {
  SmallVector<OpFoldResult> sliceOffsets, sliceSizes;
  if (failed(getSlice(builder, loc, value, map, offsets, sizes, sliceOffsets,
                      sliceSizes)))
    return failure();
  bool whole = true;
  for (unsigned position = 0; position < sliceSizes.size(); ++position)
    whole &=
        isWhole(sliceOffsets[position], sliceSizes[position], value, position);
  if (whole)
    return value;
  SmallVector<OpFoldResult> strides(sliceSizes.size(), builder.getIndexAttr(1));
  auto slice = tensor::ExtractSliceOp::create(builder, loc, value, sliceOffsets,
                                              sliceSizes, strides);
  slices.push_back(slice);
  return slice.getResult();
}

//===----------------------------------------------------------------------===//
// FusedOp
//===----------------------------------------------------------------------===//

/// query, key, value, parameters, scale, symbols, change tensors, init
/// operands, origin: its place among the operand segments.
static constexpr unsigned originSegment = 8;

SmallVector<utils::IteratorType> FusedOp::getLoopIteratorTypes() {
  SmallVector<utils::IteratorType> types(getNumBatch() + 4,
                                         utils::IteratorType::parallel);
  types[getKeyDim()] = types[getFeatureDim()] = utils::IteratorType::reduction;
  if (getColumnMass())
    types[getQueryDim()] = utils::IteratorType::reduction;
  return types;
}

SmallVector<Range> FusedOp::getIterationDomain(OpBuilder &builder) {
  Location loc = getLoc();
  SmallVector<Range> ranges(getNumBatch() + 4,
                            {builder.getIndexAttr(0), builder.getIndexAttr(1),
                             builder.getIndexAttr(1)});
  for (unsigned dim = 0; dim < ranges.size(); ++dim) {
    if (dim == getKeyDim())
      ranges[dim].size = getExtent(builder, loc, getKey(), getKeyMap(), dim);
    else if (dim == getFeatureDim())
      ranges[dim].size =
          getExtent(builder, loc, getQuery(), getQueryMap(), dim);
    else
      ranges[dim].size =
          getExtent(builder, loc, getOuts()[0], getOutputMap(0), dim);
  }
  return ranges;
}

FailureOr<TilingResult>
FusedOp::getTiledImplementation(OpBuilder &builder,
                                ArrayRef<OpFoldResult> offsets,
                                ArrayRef<OpFoldResult> sizes) {
  Location loc = getLoc();
  // Features are summed before anything else, and keys are normalised: a tile
  // of them is not this op.
  if (!isZeroInteger(offsets[getKeyDim()]) ||
      !isZeroInteger(offsets[getFeatureDim()]))
    return failure();
  // A tile of queries is, but for sums over them.
  unsigned position = *getOutputMap(0).getResultPosition(
      builder.getAffineDimExpr(getQueryDim()));
  if (getColumnMass() && !isWhole(offsets[getQueryDim()], sizes[getQueryDim()],
                                  getOuts()[0], position))
    return failure();
  SmallVector<Operation *> slices;
  SmallVector<OpFoldResult> allOffsets(offsets), allSizes(sizes);
  allSizes[getKeyDim()] =
      getExtent(builder, loc, getKey(), getKeyMap(), getKeyDim());
  allSizes[getFeatureDim()] =
      getExtent(builder, loc, getQuery(), getQueryMap(), getFeatureDim());
  auto slice = [&](Value value, AffineMap map) {
    return buildSlice(builder, loc, value, map, allOffsets, allSizes, slices);
  };
  FailureOr<Value> query = slice(getQuery(), getQueryMap());
  FailureOr<Value> key = slice(getKey(), getKeyMap());
  FailureOr<Value> value = slice(getValue(), getValueMap());
  if (failed(query) || failed(key) || failed(value))
    return failure();

  unsigned numBatch = getNumBatch();
  SmallVector<Value> operands = {*query, *key, *value};
  llvm::append_range(operands, getParameters());
  if (getScale())
    operands.push_back(getScale());
  // Symbols and init operands of one value a batch element, and whatever is
  // indexed globally, stay whole; init operands are sliced like the others.
  llvm::append_range(operands, getSymbols());
  llvm::append_range(operands, getChangeTensors());
  for (auto [index, operand] : llvm::enumerate(getInitOperands())) {
    FailureOr<Value> init =
        buildSlice(builder, loc, operand, getInitMap(index),
                   ArrayRef(allOffsets).take_front(numBatch),
                   ArrayRef(allSizes).take_front(numBatch), slices);
    if (failed(init))
      return failure();
    operands.push_back(*init);
  }
  SmallVector<Value> origin;
  for (unsigned dim = 0; dim < numBatch + 2; ++dim) {
    OpFoldResult position = allOffsets[dim];
    if (!getOrigin().empty())
      position = add(builder, loc, getOrigin()[dim], position);
    origin.push_back(getValueOrCreateConstantIndexOp(builder, loc, position));
  }
  llvm::append_range(operands, origin);
  for (auto [index, out] : llvm::enumerate(getOuts())) {
    FailureOr<Value> tile = slice(out, getOutputMap(index));
    if (failed(tile))
      return failure();
    operands.push_back(*tile);
  }
  auto tiled =
      cast<FusedOp>(cloneOnOperands(builder, *this, operands).getOperation());
  // There may have been none.
  tiled.getProperties().operandSegmentSizes[originSegment] = origin.size();
  return TilingResult{{tiled}, SmallVector<Value>(tiled->getResults()), slices};
}

LogicalResult FusedOp::getResultTilePosition(
    OpBuilder &builder, unsigned resultNumber, ArrayRef<OpFoldResult> offsets,
    ArrayRef<OpFoldResult> sizes, SmallVector<OpFoldResult> &resultOffsets,
    SmallVector<OpFoldResult> &resultSizes) {
  return getSlice(builder, getLoc(), getOuts()[resultNumber],
                  getOutputMap(resultNumber), offsets, sizes, resultOffsets,
                  resultSizes);
}

//===----------------------------------------------------------------------===//
// Blocks of keys
//===----------------------------------------------------------------------===//

Range attention::getKeyRange(OpBuilder &builder, Location loc, Value key,
                             AffineMap map) {
  return {builder.getIndexAttr(0), getExtent(builder, loc, key, map, 0),
          builder.getIndexAttr(1)};
}

void attention::getWhole(OpBuilder &builder, Location loc, Value value,
                         SmallVectorImpl<OpFoldResult> &offsets,
                         SmallVectorImpl<OpFoldResult> &sizes) {
  llvm::append_range(sizes, tensor::getMixedSizes(builder, loc, value));
  offsets.assign(sizes.size(), builder.getIndexAttr(0));
}

/// `op` on `size` of its keys from `offset` on: slices of its matrices of keys,
/// by their maps, and moved `indices`, those that count from its first key.
static TilingResult
buildTile(OpBuilder &builder, DestinationStyleOpInterface op,
          ArrayRef<std::pair<OpOperand *, AffineMap>> matrices,
          ArrayRef<OpOperand *> indices, OpFoldResult offset, OpFoldResult size,
          ValueRange outs) {
  Location loc = op.getLoc();
  SmallVector<Operation *> slices;
  SmallVector<Value> operands = llvm::to_vector(op->getOperands());
  for (auto [matrix, map] : matrices) {
    OpFoldResult columns = getExtent(builder, loc, matrix->get(), map, 1);
    // Maps of matrices are permutations.
    operands[matrix->getOperandNumber()] =
        *buildSlice(builder, loc, matrix->get(), map,
                    {offset, builder.getIndexAttr(0)}, {size, columns}, slices);
  }
  for (OpOperand *index : indices)
    operands[index->getOperandNumber()] = getValueOrCreateConstantIndexOp(
        builder, loc, add(builder, loc, index->get(), offset));
  llvm::copy(outs, operands.end() - outs.size());
  Operation *tiled = cloneOnOperands(builder, op, operands);
  return TilingResult{{tiled}, SmallVector<Value>(tiled->getResults()), slices};
}

TilingResult attention::buildKeyTile(OpBuilder &builder, OnlineOp op,
                                     OpFoldResult offset, OpFoldResult size,
                                     ValueRange outs) {
  return buildTile(builder, op,
                   {{&op.getKeyMutable(), op.getKeyMap()},
                    {&op.getValueMutable(), op.getValueMap()}},
                   {&op.getOriginMutable()[op.getNumBatch() + 1]}, offset, size,
                   outs);
}

/// Of operations whose destination is indexed by keys too.
template <typename OpTy>
static TilingResult buildSecondPassTile(OpBuilder &builder, OpTy op,
                                        OpFoldResult offset, OpFoldResult size,
                                        ValueRange outs) {
  return buildTile(
      builder, op, {{&op.getKeyMutable(), op.getKeyMap()}},
      {&op.getOriginMutable()[op.getNumBatch() + 1], &op.getFirstMutable()},
      offset, size, outs);
}

TilingResult attention::buildKeyTile(OpBuilder &builder, WeightsOp op,
                                     OpFoldResult offset, OpFoldResult size,
                                     ValueRange outs) {
  return buildSecondPassTile(builder, op, offset, size, outs);
}

TilingResult attention::buildKeyTile(OpBuilder &builder, MassOp op,
                                     OpFoldResult offset, OpFoldResult size,
                                     ValueRange outs) {
  return buildSecondPassTile(builder, op, offset, size, outs);
}
