//===- BlockOps.cpp - attention.pack, online, finish and merge ------------===//
//
// Access and verification. Tiling over keys is in FusedTiling.cpp.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/IR/Readings.h"
#include "BlockChecks.h"
#include "Destinations.h"

using namespace mlir;
using namespace mlir::attention;

/// Checks a tile of partial sums.
static LogicalResult verifyAccumulator(Operation *op, Value tile) {
  Type c = getElementTypeOrSelf(tile);
  if (!c.isF32() && !c.isF64())
    return op->emitOpError("expected an accumulator of f32 or f64, found ")
           << tile.getType();
  return verifyTile(op, tile, "the accumulator", 2, c);
}

/// Checks that destinations are a state, as far as their number and the
/// accumulator.
static LogicalResult
verifyStateDestinations(DestinationStyleOpInterface op, ValueRange outs,
                        OnlineNormaliserAttrInterface normaliser,
                        ArrayAttr readings) {
  // The number of values does not depend on the type.
  FloatType any = Float32Type::get(op.getContext());
  if (failed(verifyDestinations(op, 1 + getStateSize(normaliser) +
                                        getNumReadingStates(readings, any))))
    return failure();
  return verifyAccumulator(op, outs.front());
}

//===----------------------------------------------------------------------===//
// PackOp
//===----------------------------------------------------------------------===//

LogicalResult PackOp::verify() {
  if (failed(verifyDestinations(*this, 1)))
    return failure();
  Type c = getElementTypeOrSelf(getOuts()[0]);
  if (!c.isF32() && !c.isF64())
    return emitOpError("expected a tile of f32 or f64, found ")
           << getOuts()[0].getType();
  if (failed(verifyMatrixMap(*this, getQueryMap(), "query", getQuery())) ||
      failed(verifyTile(*this, getOuts()[0], "the tile", 2, c)) ||
      failed(
          verifyExtends(*this, getElementTypeOrSelf(getQuery()), "query", c)) ||
      failed(verifyAgree(
          *this, "features", getExtent(getQuery(), getQueryMap(), 1),
          cast<ShapedType>(getOuts()[0].getType()).getDimSize(0))) ||
      failed(verifyRowsFit(*this, getExtent(getQuery(), getQueryMap(), 0),
                           getOuts()[0])))
    return failure();
  if (getScale() && getScale().getType() != c)
    return emitOpError("expected the scale to have the compute type ")
           << c << ", found " << getScale().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// OnlineOp
//===----------------------------------------------------------------------===//

void OnlineOp::build(OpBuilder &builder, OperationState &state, Value query,
                     MappedValue key, MappedValue value, ValueRange parameters,
                     Value scale, Region &combine,
                     ArrayRef<ScoreChange> changes,
                     OnlineNormaliserAttrInterface normaliser,
                     ArrayAttr readings, ValueRange origin, Value live,
                     ValueRange outs) {
  ScoreChangeParts parts = splitScoreChanges(builder.getContext(), changes);
  SmallVector<Type> types;
  for (Value out : outs)
    if (isa<TensorType>(out.getType()))
      types.push_back(out.getType());
  build(builder, state, types, query, key.value, value.value, parameters, scale,
        parts.symbols, parts.tensors, origin, live, outs,
        AffineMapAttr::get(key.map), AffineMapAttr::get(value.map),
        parts.changes, parts.sets, normaliser, readings, parts.regions.size());
  cloneRegions(combine, parts.regions, state);
}

LogicalResult OnlineOp::verify() {
  if (failed(verifyStateDestinations(*this, getOuts(), getNormaliser(),
                                     getReadings())))
    return failure();
  Type c = getElementTypeOrSelf(getOuts()[0]);
  if (failed(verifyBlockScores(*this, c)) ||
      failed(verifyLanes(*this, getQuery(), getOuts()[0])) ||
      failed(verifyState(*this, getOuts().drop_front(), getNormaliser(),
                         getReadings(), getOuts()[0])))
    return failure();
  if (failed(verifyMatrixMap(*this, getValueMap(), "value", getValue())) ||
      failed(
          verifyExtends(*this, getElementTypeOrSelf(getValue()), "value", c)) ||
      failed(verifyAgree(*this, "keys", getExtent(getKey(), getKeyMap(), 0),
                         getExtent(getValue(), getValueMap(), 0))))
    return failure();
  return verifyAgree(*this, "value features",
                     cast<ShapedType>(getOuts()[0].getType()).getDimSize(0),
                     getExtent(getValue(), getValueMap(), 1));
}

//===----------------------------------------------------------------------===//
// FinishOp
//===----------------------------------------------------------------------===//

/// Checks that a reading's results are [rows, slots] or [rows].
static LogicalResult verifyReadingResults(FinishOp op) {
  FloatType c = op.getComputeType();
  int64_t numRows = getExtent(op.getOuts()[0], op.getOutputMap(), 0);
  for (auto [reading, values] :
       getReadingResults(op.getReadings(), c, op.getOuts())) {
    SmallVector<int64_t> shape = {numRows};
    if (std::optional<int64_t> length = reading.getListLength())
      shape.push_back(*length);
    for (auto [value, type] :
         llvm::zip_equal(values, reading.getResultTypes(c))) {
      auto found = cast<ShapedType>(value.getType());
      auto expected = RankedTensorType::get(shape, type);
      bool fits = found.getElementType() == type &&
                  succeeded(verifyCompatibleShape(found, expected)) &&
                  (shape.size() == 1 || !found.isDynamicDim(1));
      if (!fits)
        return op->emitOpError("expected results of ")
               << reading << " like " << expected << ", found " << found;
    }
  }
  return success();
}

FloatType FinishOp::getComputeType() {
  return cast<FloatType>(getElementTypeOrSelf(getAccumulator()));
}

bool FinishOp::hasLse() {
  return getOuts().size() ==
         2 + getNumReadingResults(getReadings(), getComputeType());
}

LogicalResult FinishOp::verify() {
  if (failed(verifyAccumulator(*this, getAccumulator())))
    return failure();
  FloatType c = getComputeType();
  bool hasState = getNormaliser().hasState();
  unsigned numResults = getNumReadingResults(getReadings(), c);
  if (failed(verifyDestinations(*this, 1 + hasLse() + numResults)))
    return failure();
  unsigned stateSize =
      getStateSize(getNormaliser()) + getNumReadingStates(getReadings(), c);
  if (getState().size() != stateSize)
    return emitOpError("expected the state of the normaliser, ")
           << stateSize << " values, found " << getState().size();
  if (failed(verifyMatrixMap(*this, getOutputMap(), "the context",
                             getOuts()[0])) ||
      failed(verifyRowsFit(*this, getExtent(getOuts()[0], getOutputMap(), 0),
                           getAccumulator())) ||
      failed(verifyState(*this, getState(), getNormaliser(), getReadings(),
                         getAccumulator())))
    return failure();
  if (hasLse()) {
    auto type = cast<ShapedType>(getOuts()[1].getType());
    if (!hasState || type.getRank() != 1 || type.getElementType() != c)
      return emitOpError("expected a log-sum-exp [rows] of ")
             << c << " only with a state, found " << type;
    if (failed(verifyAgree(*this, "rows", type.getDimSize(0),
                           getExtent(getOuts()[0], getOutputMap(), 0))))
      return failure();
  }
  if (failed(verifyReadingResults(*this)))
    return failure();
  return verifyAgree(*this, "value features",
                     cast<ShapedType>(getAccumulator().getType()).getDimSize(0),
                     getExtent(getOuts()[0], getOutputMap(), 1));
}

//===----------------------------------------------------------------------===//
// MergeOp
//===----------------------------------------------------------------------===//

/// Checks that partial states are states with a dimension of parts in front.
static LogicalResult verifyPartialStates(Operation *op, Value states,
                                         Value state) {
  auto type = cast<ShapedType>(states.getType());
  auto stateType = cast<ShapedType>(state.getType());
  if (type.getElementType() == stateType.getElementType() &&
      type.getRank() == stateType.getRank() + 1 &&
      type.getShape().back() == stateType.getShape().back() &&
      llvm::all_of(
          llvm::zip(type.getShape().drop_front(), stateType.getShape()),
          [](auto extents) {
            return mayBeEqual(std::get<0>(extents), std::get<1>(extents));
          }))
    return success();
  return op->emitOpError("expected partial states to be ")
         << stateType << " with a dimension of parts in front, found " << type;
}

FloatType MergeOp::getComputeType() {
  return cast<FloatType>(getElementTypeOrSelf(getOuts()[0]));
}

LogicalResult MergeOp::verify() {
  if (failed(verifyStateDestinations(*this, getOuts(), getNormaliser(),
                                     getReadings())) ||
      failed(verifyState(*this, getOuts().drop_front(), getNormaliser(),
                         getReadings(), getOuts()[0])))
    return failure();
  if (getStates().size() + 1 != getOuts().size())
    return emitOpError("expected partial states for each destination, found ")
           << getStates().size() + 1 << " for " << getOuts().size();
  SmallVector<Value> states = {getAccumulators()};
  llvm::append_range(states, getStates());
  int64_t numParts =
      cast<ShapedType>(getAccumulators().getType()).getDimSize(0);
  for (auto [partial, out] : llvm::zip_equal(states, getOuts()))
    if (failed(verifyPartialStates(*this, partial, out)) ||
        failed(verifyAgree(*this, "parts", numParts,
                           cast<ShapedType>(partial.getType()).getDimSize(0))))
      return failure();
  return success();
}
