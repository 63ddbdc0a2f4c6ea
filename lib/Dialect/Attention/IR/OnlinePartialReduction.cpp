//===- OnlinePartialReduction.cpp - Keys of a block in parts --------------===//
//
// PartialReductionOpInterface: each part of the keys has a state of its own,
// element p of states with a dimension more, and attention.merge brings the
// op's destinations up to date with them.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/Readings.h"
#include "FusedTiling.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::attention;

/// The states of no key: of as many parts as there are to be.
FailureOr<SmallVector<Value>>
OnlineOp::generateInitialTensorForPartialReduction(
    OpBuilder &builder, Location loc, ArrayRef<OpFoldResult> sizes,
    const SetVector<unsigned> &) {
  // What init operands say is in the destinations already.
  SmallVector<Value> scalars = buildStateBeforeKeys(
      builder, loc, getNormaliser(), getReadings(), getComputeType(), {});
  SmallVector<Value> states;
  for (auto [out, scalar] : llvm::zip_equal(getOuts(), scalars)) {
    SmallVector<OpFoldResult> extents = {sizes.front()};
    llvm::append_range(extents, tensor::getMixedSizes(builder, loc, out));
    Value empty =
        tensor::EmptyOp::create(builder, loc, extents, scalar.getType());
    states.push_back(
        linalg::FillOp::create(builder, loc, scalar, empty).getResult(0));
  }
  return states;
}

/// The keys [offset, offset + size), into the state at `splitIvs` of `init`.
FailureOr<TilingResult> OnlineOp::tileToPartialReduction(
    OpBuilder &builder, Location loc, ReductionTilingStrategy strategy,
    ValueRange init, ArrayRef<OpFoldResult> offsets,
    ArrayRef<OpFoldResult> sizes, const SetVector<unsigned> &,
    ArrayRef<OpFoldResult> splitIvs) {
  // The other strategy puts each key of a tile into a part of its own: that is
  // not this op.
  if (strategy != ReductionTilingStrategy::PartialReductionOuterParallel)
    return failure();
  SmallVector<Value> outs;
  SmallVector<Operation *> slices;
  for (Value states : init) {
    auto type = cast<RankedTensorType>(states.getType());
    SmallVector<OpFoldResult> starts(type.getRank(), builder.getIndexAttr(0));
    SmallVector<OpFoldResult> extents =
        tensor::getMixedSizes(builder, loc, states);
    SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
    starts.front() = splitIvs.front();
    extents.front() = builder.getIndexAttr(1);
    auto stateType = RankedTensorType::get(type.getShape().drop_front(),
                                           type.getElementType());
    auto slice = tensor::ExtractSliceOp::create(builder, loc, stateType, states,
                                                starts, extents, strides);
    outs.push_back(slice);
    slices.push_back(slice);
  }
  TilingResult tile =
      buildKeyTile(builder, *this, offsets.front(), sizes.front(), outs);
  llvm::append_range(tile.generatedSlices, slices);
  return tile;
}

LogicalResult OnlineOp::getPartialResultTilePosition(
    OpBuilder &builder, unsigned resultNumber, ReductionTilingStrategy strategy,
    ArrayRef<OpFoldResult>, ArrayRef<OpFoldResult>, const SetVector<unsigned> &,
    ArrayRef<OpFoldResult> splitIvs, SmallVector<OpFoldResult> &resultOffsets,
    SmallVector<OpFoldResult> &resultSizes) {
  if (strategy != ReductionTilingStrategy::PartialReductionOuterParallel)
    return failure();
  resultSizes = {builder.getIndexAttr(1)};
  llvm::append_range(
      resultSizes,
      tensor::getMixedSizes(builder, getLoc(), getOuts()[resultNumber]));
  resultOffsets.assign(resultSizes.size(), builder.getIndexAttr(0));
  resultOffsets.front() = splitIvs.front();
  return success();
}

FailureOr<MergeResult> OnlineOp::mergeReductions(OpBuilder &builder,
                                                 Location loc,
                                                 ValueRange states,
                                                 const SetVector<unsigned> &) {
  auto merge = MergeOp::create(builder, loc, getResultTypes(), states.front(),
                               states.drop_front(), getOuts(), getNormaliser(),
                               getReadings());
  return MergeResult{{merge}, SmallVector<Value>(merge->getResults())};
}
