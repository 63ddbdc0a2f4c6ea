//===- BlockOperands.cpp - Operands of one block of queries ---------------===//
//
// Slices that drop the dimensions of one element.
//
//===----------------------------------------------------------------------===//

#include "BlockOperands.h"

#include "Attention/Dialect/Attention/IR/Readings.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::attention;

OpFoldResult attention::getExtent(OpBuilder &builder, Location loc,
                                  MappedValue matrix, unsigned dim) {
  unsigned position = *matrix.map.getResultPosition(
      getAffineDimExpr(dim, matrix.map.getContext()));
  return tensor::getMixedSize(builder, loc, matrix.value, position);
}

/// Where a matrix or row is made of `dims` of `map`, and of what a tensor has
/// beyond its results: the tensor's dimensions that each of its own stands for,
/// if a slice would not do. Where extents turn out to be 1, upstream's folding
/// takes a slice to drop the first of them, which is wrong where one that stays
/// comes before another and that before one that goes.
static std::optional<SmallVector<ReassociationIndices>>
findGroups(RankedTensorType type, AffineMap map, ArrayRef<unsigned> dims) {
  auto stays = [&](unsigned position) {
    if (position >= map.getNumResults())
      return true;
    auto dim = dyn_cast<AffineDimExpr>(map.getResult(position));
    return dim && llvm::is_contained(dims, dim.getPosition());
  };
  bool mayBeOne = false, isFollowed = false, isAmbiguous = false;
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices before;
  for (auto [dim, extent] : llvm::enumerate(type.getShape())) {
    if (!stays(dim)) {
      if (extent != 1)
        return std::nullopt;
      isAmbiguous |= isFollowed;
      (groups.empty() ? before : groups.back()).push_back(dim);
      continue;
    }
    isFollowed |= mayBeOne;
    mayBeOne |= extent == 1 || ShapedType::isDynamic(extent);
    groups.emplace_back(std::exchange(before, {})).push_back(dim);
  }
  if (!isAmbiguous)
    return std::nullopt;
  return groups;
}

MappedValue attention::buildMatrix(OpBuilder &builder, Location loc,
                                   Value operand, AffineMap map, unsigned row,
                                   unsigned column) {
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
  if (auto groups = findGroups(type, map, {row, column}))
    return {tensor::CollapseShapeOp::create(builder, loc, matrixType, operand,
                                            *groups),
            matrixMap};
  return {tensor::ExtractSliceOp::create(builder, loc, matrixType, operand,
                                         offsets, sizes, strides),
          matrixMap};
}

Value attention::buildRow(OpBuilder &builder, Location loc, Value operand,
                          AffineMap map, unsigned row) {
  auto type = cast<RankedTensorType>(operand.getType());
  SmallVector<int64_t> shape = {type.getDimSize(
      *map.getResultPosition(getAffineDimExpr(row, map.getContext())))};
  llvm::append_range(shape, type.getShape().drop_front(map.getNumResults()));
  if (type.getRank() == static_cast<int64_t>(shape.size()))
    return operand;
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
  auto rowType = RankedTensorType::get(shape, type.getElementType());
  return tensor::ExtractSliceOp::create(
      builder, loc, rowType, operand, offsets,
      tensor::getMixedSizes(builder, loc, operand), strides);
}

Value attention::buildInsertion(OpBuilder &builder, Location loc, Value part,
                                Value whole, AffineMap map,
                                ArrayRef<unsigned> dims) {
  auto type = cast<RankedTensorType>(whole.getType());
  if (type == part.getType())
    return part;
  if (auto groups = findGroups(type, map, dims))
    return tensor::ExpandShapeOp::create(
        builder, loc, type, part, *groups,
        tensor::getMixedSizes(builder, loc, whole));
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
  return tensor::InsertSliceOp::create(
      builder, loc, part, whole, offsets,
      tensor::getMixedSizes(builder, loc, whole), strides);
}

Value attention::buildElement(OpBuilder &builder, Location loc, Value operand) {
  int64_t rank = cast<RankedTensorType>(operand.getType()).getRank();
  SmallVector<Value> zeros(rank,
                           arith::ConstantIndexOp::create(builder, loc, 0));
  return tensor::ExtractOp::create(builder, loc, operand, zeros);
}

Value attention::buildScratch(OpBuilder &builder, Location loc,
                              Type elementType, ArrayRef<OpFoldResult> sizes) {
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  return bufferization::AllocTensorOp::create(
      builder, loc, RankedTensorType::get(shape, elementType), dynamic);
}

SmallVector<StateShape> attention::getStateShapes(FusedOp op,
                                                  OpFoldResult numValueFeatures,
                                                  OpFoldResult lanes) {
  FloatType c = op.getComputeType();
  SmallVector<StateShape> shapes = {{c, {numValueFeatures, lanes}}};
  for (unsigned i = 0; i < getStateSize(op.getNormaliser()); ++i)
    shapes.push_back({c, {lanes}});
  for (auto reading : op.getReadings().getAsRange<RowReadingAttrInterface>()) {
    OpFoldResult numSlots = IntegerAttr::get(IndexType::get(op.getContext()),
                                             reading.getNumSlots());
    for (Type type : reading.getStateTypes(c))
      shapes.push_back({type, {numSlots, lanes}});
  }
  return shapes;
}
