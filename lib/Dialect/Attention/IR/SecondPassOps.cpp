//===- SecondPassOps.cpp - attention.weights and mass ---------------------===//
//
// Access and verification. Tiling over keys is in FusedTiling.cpp.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "BlockChecks.h"
#include "Destinations.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::attention;

/// Builds a WeightsOp or MassOp; `maps` is the map of `out`, if it has one.
template <typename OpTy, typename... Maps>
static void buildSecondPass(OpBuilder &builder, OperationState &state,
                            const BlockScores &scores,
                            OnlineNormaliserAttrInterface normaliser,
                            ValueRange finalState, Value first, Value out,
                            Maps... maps) {
  ScoreChangeParts parts =
      splitScoreChanges(builder.getContext(), scores.changes);
  SmallVector<Type> types;
  if (isa<TensorType>(out.getType()))
    types.push_back(out.getType());
  OpTy::build(builder, state, types, scores.query, scores.key.value,
              scores.parameters, scores.scale, parts.symbols, parts.tensors,
              finalState, scores.origin, scores.live, first, out,
              AffineMapAttr::get(scores.key.map), parts.changes, parts.sets,
              normaliser, maps..., parts.regions.size());
  cloneRegions(*scores.combine, parts.regions, state);
}

void WeightsOp::build(OpBuilder &builder, OperationState &state,
                      const BlockScores &scores,
                      OnlineNormaliserAttrInterface normaliser,
                      ValueRange finalState, Value first, MappedValue weights) {
  buildSecondPass<WeightsOp>(builder, state, scores, normaliser, finalState,
                             first, weights.value,
                             AffineMapAttr::get(weights.map));
}

void MassOp::build(OpBuilder &builder, OperationState &state,
                   const BlockScores &scores,
                   OnlineNormaliserAttrInterface normaliser,
                   ValueRange finalState, Value first, Value mass) {
  buildSecondPass<MassOp>(builder, state, scores, normaliser, finalState, first,
                          mass);
}

/// Checks that a block's keys are among those of the destination, as far as
/// their indices are constants.
static LogicalResult verifyKeysFit(Operation *op, Value first, int64_t numKeys,
                                   int64_t numAllKeys) {
  std::optional<int64_t> begin = getConstantIntValue(first);
  if (!begin)
    return success();
  if (*begin < 0)
    return op->emitOpError("expected the first key not to be negative, found ")
           << *begin;
  int64_t end = *begin + (ShapedType::isDynamic(numKeys) ? 0 : numKeys);
  if (ShapedType::isDynamic(numAllKeys) || end <= numAllKeys)
    return success();
  return op->emitOpError("expected the destination to have the block's keys, "
                         "up to ")
         << end << ", found " << numAllKeys << " keys";
}

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
  return verifyKeysFit(*this, getFirst(), getExtent(getKey(), getKeyMap(), 0),
                       getExtent(weights, getOutputMap(), 1));
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
  return verifyKeysFit(*this, getFirst(), getExtent(getKey(), getKeyMap(), 0),
                       type.getDimSize(0));
}
