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
                                Value whole) {
  auto type = cast<RankedTensorType>(whole.getType());
  if (type == part.getType())
    return part;
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
