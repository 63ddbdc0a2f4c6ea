//===- ScoreRules.cpp - What all score functions share ------------------===//
//
// Result types, verification and reification that every score function has:
// queries [b…, i, d_q] and keys [b…, j, d_k] give scores [b…, i, j].
//
//===----------------------------------------------------------------------===//

#include "ScoreRules.h"

#include "Shapes.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

int64_t attention::getNumFeatures(Value matrix) {
  return cast<RankedTensorType>(matrix.getType()).getShape().back();
}

int64_t attention::getNumRows(Value matrix) {
  return cast<RankedTensorType>(matrix.getType()).getShape().drop_back().back();
}

LogicalResult attention::inferScoreType(MLIRContext *context,
                                        std::optional<Location> loc,
                                        Value query, Value key,
                                        SmallVectorImpl<Type> &types) {
  auto queryType = cast<RankedTensorType>(query.getType());
  auto keyType = cast<RankedTensorType>(key.getType());
  if (queryType.getRank() < 2 || keyType.getRank() < 2)
    return emitOptionalError(
        loc,
        "expected queries of shape [batch..., Nq, d_q] and "
        "keys of shape [batch..., Nkv, d_k], so of rank 2 "
        "or more, found ranks ",
        queryType.getRank(), " and ", keyType.getRank());
  SmallVector<int64_t> shape(queryType.getShape().drop_back());
  shape.push_back(getNumRows(key));
  types.push_back(RankedTensorType::get(
      shape, getComputeType(context, {queryType.getElementType(),
                                      keyType.getElementType()})));
  return success();
}

bool attention::isScoreType(TypeRange inferred, TypeRange actual) {
  return inferred.size() == 1 && actual.size() == 1 &&
         haveCompatibleShapes(inferred[0], actual[0]) &&
         (getElementTypeOrSelf(inferred[0]) ==
              getElementTypeOrSelf(actual[0]) ||
          getElementTypeOrSelf(actual[0]).isF64());
}

LogicalResult attention::verifyQueryAndKey(ScoreOpInterface op) {
  auto queryType = cast<RankedTensorType>(op.getQuery().getType());
  auto keyType = cast<RankedTensorType>(op.getKey().getType());
  if (failed(verifyBatchedMatrix(op, queryType, "queries", "Nq, d_q")) ||
      failed(verifyBatchedMatrix(op, keyType, "keys", "Nkv, d_k")))
    return failure();
  return verifyBatchDims(op, keyType, "keys", queryType, "the queries");
}

LogicalResult
attention::verifyParameter(Operation *op, Value parameter, StringRef name,
                           Type computeType, StringRef layout,
                           ArrayRef<std::pair<int64_t, StringRef>> extents) {
  auto type = cast<RankedTensorType>(parameter.getType());
  if (failed(verifyRank(op, type, name, extents.size(), layout)) ||
      failed(verifyExtends(op, type.getElementType(), name, computeType)))
    return failure();
  for (auto [dim, extent] : llvm::enumerate(extents))
    if (failed(verifyExtent(op, type, name, dim, extent.first, extent.second)))
      return failure();
  return success();
}

LogicalResult attention::reifyScores(ScoreOpInterface op, OpBuilder &builder,
                                     ReifiedRankedShapedTypeDims &shapes) {
  auto result = cast<OpResult>(op.getScores());
  unsigned rank = cast<RankedTensorType>(result.getType()).getRank();
  SmallVector<OpFoldResult> extents;
  for (unsigned dim = 0; dim < rank - 1; ++dim)
    extents.push_back(reifyExtent(builder, result, dim, op.getQuery(), dim));
  extents.push_back(
      reifyExtent(builder, result, rank - 1, op.getKey(), rank - 2));
  shapes.push_back(std::move(extents));
  return success();
}

Type attention::getScoreComputeType(ScoreOpInterface op) {
  return getElementTypeOrSelf(op.getScores().getType());
}
