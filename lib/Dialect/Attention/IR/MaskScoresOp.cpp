//===- MaskScoresOp.cpp - attention.mask_scores ---------------------------===//
//
// Verification of sets, tensors and the region, and access to them.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "ScoreChanges.h"
#include "Shapes.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

//===----------------------------------------------------------------------===//
// Access
//===----------------------------------------------------------------------===//

SmallVector<SmallVector<MaskSet>> MaskScoresOp::getMaskSets() {
  return collectMaskSets(getSets(), getSymbols());
}

SmallVector<ScoreChange> MaskScoresOp::getScoreChanges() {
  SmallVector<ScoreChange> changes;
  if (!getSets().empty())
    changes.push_back({ScoreChangeKind::Sets, getMaskSets()});
  if (getKeep())
    changes.push_back(
        {ScoreChangeKind::Keep, {}, getKeep(), getKeepIndexingMap()});
  if (!getWhere().empty())
    changes.push_back({ScoreChangeKind::Where, {}, {}, {}, &getWhere()});
  if (getBias())
    changes.push_back(
        {ScoreChangeKind::Bias, {}, getBias(), getBiasIndexingMap()});
  return changes;
}

/// (d0, …) -> (d0, …), but 0 for dimensions of static extent 1 that broadcast.
static AffineMap getBroadcastMap(RankedTensorType type,
                                 RankedTensorType scoresType) {
  MLIRContext *context = type.getContext();
  SmallVector<AffineExpr> results;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    results.push_back(size == 1 && scoresType.getDimSize(dim) != 1
                          ? getAffineConstantExpr(0, context)
                          : getAffineDimExpr(dim, context));
  return AffineMap::get(scoresType.getRank(), 0, results, context);
}

static AffineMap getIndexingMap(Value tensor, std::optional<AffineMap> map,
                                Value scores) {
  if (!tensor)
    return AffineMap();
  if (map)
    return *map;
  return getBroadcastMap(cast<RankedTensorType>(tensor.getType()),
                         cast<RankedTensorType>(scores.getType()));
}

AffineMap MaskScoresOp::getKeepIndexingMap() {
  return getIndexingMap(getKeep(), getKeepMap(), getScores());
}

AffineMap MaskScoresOp::getBiasIndexingMap() {
  return getIndexingMap(getBias(), getBiasMap(), getScores());
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

static LogicalResult verifySymbol(MaskScoresOp op, Value symbol,
                                  RankedTensorType scoresType) {
  auto type = dyn_cast<RankedTensorType>(symbol.getType());
  if (!type)
    return success();
  if (type.getEncoding())
    return op.emitOpError("expected a set's symbol without a tensor encoding, "
                          "found ")
           << type;
  int64_t numBatch = scoresType.getRank() - 2;
  if (type.getRank() > numBatch)
    return op.emitOpError("expected a set's symbol to be a scalar or a tensor "
                          "over at most the ")
           << numBatch << " batch dimensions of the scores, found " << type;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (failed(verifyExtent(op, type, "a set's symbol", dim,
                            scoresType.getDimSize(dim),
                            "the scores' batch extent")))
      return failure();
  return success();
}

static LogicalResult verifySets(MaskScoresOp op, RankedTensorType scoresType) {
  size_t numSymbols = 0;
  for (Attribute members : op.getSets()) {
    if (cast<ArrayAttr>(members).empty())
      return op.emitOpError("expected at least one set in each union");
    for (Attribute member : cast<ArrayAttr>(members)) {
      IntegerSet set = cast<IntegerSetAttr>(member).getValue();
      if (set.getNumDims() != scoresType.getRank())
        return op.emitOpError("expected sets over the scores' ")
               << scoresType.getRank()
               << " dimensions (batch..., i, j), found one over "
               << set.getNumDims();
      if (failed(verifyDivisors(op, set)))
        return failure();
      numSymbols += set.getNumSymbols();
    }
  }
  if (op.getSymbols().size() != numSymbols)
    return op.emitOpError("expected ")
           << numSymbols << " values for the symbols of the sets, found "
           << op.getSymbols().size();
  for (Value symbol : op.getSymbols())
    if (failed(verifySymbol(op, symbol, scoresType)))
      return failure();
  return success();
}

/// Checks an explicit map: dimensions, quotients by positive constants, or 0,
/// each with the extent that it needs.
static LogicalResult verifyMap(MaskScoresOp op, AffineMap map,
                               RankedTensorType type, StringRef name,
                               RankedTensorType scoresType) {
  if (map.getNumDims() != scoresType.getRank() || map.getNumSymbols() != 0)
    return op.emitOpError("expected the map of ")
           << name << " to take the scores' " << scoresType.getRank()
           << " dimensions and no symbols, found " << AffineMapAttr::get(map);
  if (map.getNumResults() != type.getRank())
    return op.emitOpError("expected the map of ")
           << name << " to have " << type.getRank()
           << " results, the tensor's rank, found " << AffineMapAttr::get(map);
  for (auto [position, result] : llvm::enumerate(map.getResults())) {
    if (result == 0) {
      bool hasScores =
          scoresType.hasStaticShape() && scoresType.getNumElements() != 0;
      if (type.getDimSize(position) == 0 && hasScores)
        return op.emitOpError("expected dimension ")
               << position << " of " << name
               << " to have an element, as its map reads element 0, found 0";
      continue;
    }
    int64_t divisor = 1;
    AffineExpr dimension = result;
    if (auto quotient = dyn_cast<AffineBinaryOpExpr>(result);
        quotient && result.getKind() == AffineExprKind::FloorDiv)
      if (auto constant = dyn_cast<AffineConstantExpr>(quotient.getRHS())) {
        dimension = quotient.getLHS();
        divisor = constant.getValue();
      }
    auto dim = dyn_cast<AffineDimExpr>(dimension);
    if (!dim || divisor <= 0)
      return op.emitOpError("expected the results of the map of ")
             << name
             << " to be dimensions, quotients of a dimension by a positive "
                "constant, or 0, found "
             << AffineMapAttr::get(map);
    int64_t size = scoresType.getDimSize(dim.getPosition());
    int64_t needed =
        ShapedType::isDynamic(size) ? size : llvm::divideCeil(size, divisor);
    if (failed(verifyExtent(op, type, name, position, needed,
                            "what its map reads")))
      return failure();
  }
  return success();
}

static LogicalResult verifyMaskTensor(MaskScoresOp op, Value tensor,
                                      std::optional<AffineMap> map,
                                      StringRef name,
                                      RankedTensorType scoresType) {
  if (!tensor) {
    if (map)
      return op.emitOpError("expected a map only for a tensor that is there, "
                            "found one for ")
             << name;
    return success();
  }
  auto type = cast<RankedTensorType>(tensor.getType());
  if (map) {
    if (type.getEncoding())
      return op.emitOpError("expected ")
             << name << " without a tensor encoding, found " << type;
    return verifyMap(op, *map, type, name, scoresType);
  }
  if (failed(verifyRank(op, type, name, scoresType.getRank(),
                        "batch..., Nq, Nkv")))
    return failure();
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.getDimSize(dim) != 1 &&
        failed(verifyExtent(op, type, name, dim, scoresType.getDimSize(dim),
                            "the scores' extent or 1")))
      return failure();
  return success();
}

LogicalResult MaskScoresOp::verify() {
  auto type = cast<RankedTensorType>(getScores().getType());
  if (failed(verifyBatchedMatrix(*this, type, "scores", "Nq, Nkv")) ||
      failed(verifySets(*this, type)) ||
      failed(verifyMaskTensor(*this, getKeep(), getKeepMap(), "keep", type)) ||
      failed(verifyMaskTensor(*this, getBias(), getBiasMap(), "bias", type)))
    return failure();
  if (!getBias())
    return success();
  return verifyExtends(*this, getElementTypeOrSelf(getBias()), "bias",
                       type.getElementType());
}

LogicalResult MaskScoresOp::verifyRegions() {
  if (getWhere().empty())
    return success();
  auto type = cast<RankedTensorType>(getScores().getType());
  SmallVector<Type> argumentTypes(type.getRank(), IndexType::get(getContext()));
  return verifyScalarRegion(*this, getWhere(), "where", argumentTypes,
                            "the indices of a score",
                            IntegerType::get(getContext(), 1));
}

LogicalResult
MaskScoresOp::reifyResultShapes(OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(
      reifyLeadingExtents(builder, cast<OpResult>(getResult()), getScores()));
  return success();
}

Speculation::Speculatability MaskScoresOp::getSpeculatability() {
  return getTensorOpSpeculatability(*this);
}
