//===- ContextOp.cpp - attention.context ----------------------------------===//
//
// Types and verification of the weighted sum of values.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Shapes.h"

using namespace mlir;
using namespace mlir::attention;

LogicalResult ContextOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  auto weightsType = cast<RankedTensorType>(adaptor.getWeights().getType());
  auto valueType = cast<RankedTensorType>(adaptor.getValue().getType());
  if (weightsType.getRank() < 2 || valueType.getRank() < 2)
    return emitOptionalError(
        loc,
        "expected weights of shape [batch..., Nq, Nkv] and "
        "values of shape [batch..., Nkv, d_v], so of rank "
        "2 or more, found ranks ",
        weightsType.getRank(), " and ", valueType.getRank());
  SmallVector<int64_t> shape(weightsType.getShape().drop_back());
  shape.push_back(valueType.getShape().back());
  types.push_back(RankedTensorType::get(shape, valueType.getElementType()));
  return success();
}

/// The element type is the user's to choose.
bool ContextOp::isCompatibleReturnTypes(TypeRange l, TypeRange r) {
  return l.size() == 1 && r.size() == 1 && haveCompatibleShapes(l[0], r[0]);
}

LogicalResult ContextOp::verify() {
  auto weightsType = cast<RankedTensorType>(getWeights().getType());
  auto valueType = cast<RankedTensorType>(getValue().getType());
  if (failed(verifyBatchedMatrix(*this, weightsType, "weights", "Nq, Nkv")) ||
      failed(verifyBatchedMatrix(*this, valueType, "values", "Nkv, d_v")) ||
      failed(verifyBatchDims(*this, valueType, "values", weightsType,
                             "the weights")) ||
      failed(verifyExtent(*this, valueType, "values", valueType.getRank() - 2,
                          weightsType.getShape().back(),
                          "the number of keys in the weights")))
    return failure();
  if (valueType.getElementType().isF64() &&
      !weightsType.getElementType().isF64())
    return emitOpError(
               "expected weights of the compute type f64, as values are "
               "f64 (ask the score for an f64 result), found ")
           << weightsType.getElementType();
  return success();
}

LogicalResult
ContextOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  auto result = cast<OpResult>(getOutput());
  unsigned last = cast<RankedTensorType>(result.getType()).getRank() - 1;
  SmallVector<OpFoldResult> extents;
  for (unsigned dim = 0; dim < last; ++dim)
    extents.push_back(reifyExtent(builder, result, dim, getWeights(), dim));
  extents.push_back(reifyExtent(builder, result, last, getValue(), last));
  shapes.push_back(std::move(extents));
  return success();
}

Speculation::Speculatability ContextOp::getSpeculatability() {
  return getTensorOpSpeculatability(*this);
}
