//===- SecondPassOps.cpp - attention.weights and mass ---------------------===//
//
// Access and verification. Tiling over keys is in FusedTiling.cpp.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "BlockChecks.h"
#include "Destinations.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

void WeightsOp::build(OpBuilder &builder, OperationState &state,
                      const BlockScores &scores,
                      OnlineNormaliserAttrInterface normaliser,
                      ValueRange finalState, MappedValue weights) {
  ScoreChangeParts parts =
      splitScoreChanges(builder.getContext(), scores.changes);
  SmallVector<Type> types;
  if (isa<TensorType>(weights.value.getType()))
    types.push_back(weights.value.getType());
  build(builder, state, types, scores.query, scores.key.value,
        scores.parameters, scores.scale, parts.symbols, parts.tensors,
        finalState, scores.origin, scores.live, weights.value,
        AffineMapAttr::get(scores.key.map), parts.changes, parts.sets,
        normaliser, AffineMapAttr::get(weights.map), parts.regions.size());
  cloneRegions(*scores.combine, parts.regions, state);
}

void MassOp::build(OpBuilder &builder, OperationState &state,
                   const BlockScores &scores,
                   OnlineNormaliserAttrInterface normaliser,
                   ValueRange finalState, Value mass) {
  ScoreChangeParts parts =
      splitScoreChanges(builder.getContext(), scores.changes);
  SmallVector<Type> types;
  if (isa<TensorType>(mass.getType()))
    types.push_back(mass.getType());
  build(builder, state, types, scores.query, scores.key.value,
        scores.parameters, scores.scale, parts.symbols, parts.tensors,
        finalState, scores.origin, scores.live, mass,
        AffineMapAttr::get(scores.key.map), parts.changes, parts.sets,
        normaliser, parts.regions.size());
  cloneRegions(*scores.combine, parts.regions, state);
}

void WeightsOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *) {
  populateFoldCastsPattern(patterns, getOperationName());
}

void MassOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                         MLIRContext *) {
  populateFoldCastsPattern(patterns, getOperationName());
}

SmallVector<ScoreChange> WeightsOp::getScoreChanges() {
  return collectScoreChanges(getChanges(), getChangeSets(), getSymbols(),
                             getChangeTensors(), getChangeRegions());
}

SmallVector<ScoreChange> MassOp::getScoreChanges() {
  return collectScoreChanges(getChanges(), getChangeSets(), getSymbols(),
                             getChangeTensors(), getChangeRegions());
}

FloatType WeightsOp::getComputeType() {
  return cast<FloatType>(getElementTypeOrSelf(getQuery()));
}

FloatType MassOp::getComputeType() {
  return cast<FloatType>(getElementTypeOrSelf(getQuery()));
}

BlockScores WeightsOp::getBlockScores() { return collectBlockScores(*this); }

BlockScores MassOp::getBlockScores() { return collectBlockScores(*this); }

LogicalResult WeightsOp::verify() {
  if (failed(verifyDestinations(*this, 1)))
    return failure();
  Value weights = getOuts()[0];
  Type c = getElementTypeOrSelf(weights);
  if (!c.isF32() && !c.isF64())
    return emitOpError("expected weights of f32 or f64, found ")
           << weights.getType();
  if (failed(verifyBlockScores(*this, c)) ||
      failed(verifyStateOf(*this, getNormaliser(), getState(), getQuery())) ||
      failed(verifyMatrixMap(*this, getOutputMap(), "the weights", weights)) ||
      failed(verifyRowsFit(*this, getExtent(weights, getOutputMap(), 0),
                           getQuery())))
    return failure();
  return verifyAgree(*this, "keys", getExtent(weights, getOutputMap(), 1),
                     getExtent(getKey(), getKeyMap(), 0));
}

LogicalResult MassOp::verify() {
  if (failed(verifyDestinations(*this, 1)))
    return failure();
  auto type = cast<ShapedType>(getOuts()[0].getType());
  Type c = type.getElementType();
  if (type.getRank() != 1 || (!c.isF32() && !c.isF64()))
    return emitOpError("expected a mass [keys] of f32 or f64, found ") << type;
  if (failed(verifyBlockScores(*this, c)) ||
      failed(verifyStateOf(*this, getNormaliser(), getState(), getQuery())))
    return failure();
  return verifyAgree(*this, "keys", type.getDimSize(0),
                     getExtent(getKey(), getKeyMap(), 0));
}

LogicalResult WeightsOp::verifyRegions() {
  return verifyScoreRegions(*this, getChanges(), getCombine(),
                            getParameters().size(), getChangeRegions(),
                            getOrigin().size(), getComputeType());
}

LogicalResult MassOp::verifyRegions() {
  return verifyScoreRegions(*this, getChanges(), getCombine(),
                            getParameters().size(), getChangeRegions(),
                            getOrigin().size(), getComputeType());
}
