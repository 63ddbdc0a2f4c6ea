//===- MappedExtents.cpp - Static extents of iteration dimensions ---------===//
//
// What the types of operands say of the iteration space together.
//
//===----------------------------------------------------------------------===//

#include "MappedExtents.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::attention;

void MappedExtents::add(Type type, AffineMap map) {
  auto shapedType = cast<ShapedType>(type);
  for (auto [position, result] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (dim && !shapedType.isDynamicDim(position))
      extents[dim.getPosition()] = shapedType.getDimSize(position);
  }
}

Value MappedExtents::refine(OpBuilder &builder, Location loc,
                            MappedValue operand) const {
  auto type = cast<RankedTensorType>(operand.value.getType());
  SmallVector<int64_t> shape(type.getShape());
  for (auto [position, result] : llvm::enumerate(operand.map.getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(result);
        dim && ShapedType::isDynamic(shape[position]))
      shape[position] = extents[dim.getPosition()];
  RankedTensorType refined = type.clone(shape);
  if (refined == type)
    return operand.value;
  return tensor::CastOp::create(builder, loc, refined, operand.value);
}
