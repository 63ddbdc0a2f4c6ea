//===- BlockOps.cpp - attention.pack, online, finish and merge ------------===//
//
// Access and verification. Tiling over keys is in FusedTiling.cpp.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/IR/Readings.h"
#include "Destinations.h"
#include "ScoreChanges.h"
#include "Shapes.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

/// Checks a map that permutes two dimensions.
static LogicalResult verifyMatrixMap(Operation *op, AffineMap map,
                                     StringRef name, Value matrix) {
  if (map.getNumDims() == 2 && map.isPermutation() &&
      cast<ShapedType>(matrix.getType()).getRank() == 2)
    return success();
  return op->emitOpError("expected ")
         << name << " of rank 2 with a map that permutes two dimensions, found "
         << matrix.getType() << " and " << AffineMapAttr::get(map);
}

/// The extent of `value` in dimension `dim` of its map.
static int64_t getExtent(Value value, AffineMap map, unsigned dim) {
  unsigned position =
      *map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
  return cast<ShapedType>(value.getType()).getDimSize(position);
}

/// Checks that a tile is [rows, lanes] or [lanes] of the compute type, with
/// static lanes.
static LogicalResult verifyTile(Operation *op, Value tile, StringRef name,
                                unsigned rank, Type computeType) {
  auto type = cast<ShapedType>(tile.getType());
  if (type.getRank() == rank && !type.isDynamicDim(rank - 1) &&
      type.getElementType() == computeType)
    return success();
  return op->emitOpError("expected ")
         << name << " to be " << (rank == 2 ? "[rows, lanes]" : "[lanes]")
         << " of " << computeType << " with static lanes, found " << type;
}

/// Checks a tile of partial sums.
static LogicalResult verifyAccumulator(Operation *op, Value tile) {
  Type c = getElementTypeOrSelf(tile);
  if (!c.isF32() && !c.isF64())
    return op->emitOpError("expected an accumulator of f32 or f64, found ")
           << tile.getType();
  return verifyTile(op, tile, "the accumulator", 2, c);
}

/// Checks that two tiles have the same lanes.
static LogicalResult verifyLanes(Operation *op, Value a, Value b) {
  auto first = cast<ShapedType>(a.getType());
  auto second = cast<ShapedType>(b.getType());
  if (first.getShape().back() == second.getShape().back())
    return success();
  return op->emitOpError("expected tiles of the same lanes, found ")
         << first << " and " << second;
}

static LogicalResult verifyAgree(Operation *op, StringRef what, int64_t a,
                                 int64_t b) {
  if (mayBeEqual(a, b))
    return success();
  return op->emitOpError("expected operands to agree on the number of ")
         << what << ", found " << a << " and " << b;
}

/// Checks that each row of a matrix may have a lane of the tile.
static LogicalResult verifyRowsFit(Operation *op, int64_t numRows, Value tile) {
  int64_t numLanes = cast<ShapedType>(tile.getType()).getShape().back();
  if (ShapedType::isDynamic(numRows) || numRows <= numLanes)
    return success();
  return op->emitOpError("expected a lane for each row, found ")
         << numLanes << " lanes for " << numRows << " rows";
}

/// Checks that weights of a normaliser can be read so.
static LogicalResult verifyReadings(Operation *op, ArrayAttr readings,
                                    OnlineNormaliserAttrInterface normaliser) {
  for (auto reading : readings.getAsRange<RowReadingAttrInterface>())
    if (!reading.isCompatible(normaliser))
      return op->emitOpError("expected readings of the weights of ")
             << normaliser << ", found " << reading;
  return success();
}

/// Checks the values of a state beyond the accumulator: the normaliser's
/// [lanes], and those of the readings.
static LogicalResult verifyState(Operation *op, ValueRange state,
                                 OnlineNormaliserAttrInterface normaliser,
                                 ArrayAttr readings, Value accumulator) {
  auto c = cast<FloatType>(getElementTypeOrSelf(accumulator));
  if (failed(verifyReadings(op, readings, normaliser)))
    return failure();
  for (Value value : state.take_front(getStateSize(normaliser)))
    if (failed(verifyTile(op, value, "the state", 1, c)) ||
        failed(verifyLanes(op, accumulator, value)))
      return failure();
  int64_t numLanes = cast<ShapedType>(accumulator.getType()).getShape().back();
  for (auto [reading, values] : getReadingStates(readings, c, state))
    for (auto [value, type] :
         llvm::zip_equal(values, reading.getStateTypes(c))) {
      auto found = cast<ShapedType>(value.getType());
      auto expected =
          RankedTensorType::get({reading.getNumSlots(), numLanes}, type);
      if (found.getElementType() != type ||
          found.getShape() != expected.getShape())
        return op->emitOpError("expected the state of ")
               << reading << " to be like " << expected << ", found " << found;
    }
  return success();
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

/// Checks the state that a normaliser left in the lanes of `tile`.
static LogicalResult verifyStateOf(Operation *op,
                                   OnlineNormaliserAttrInterface normaliser,
                                   ValueRange state, Value tile) {
  if (state.size() != getStateSize(normaliser))
    return op->emitOpError("expected the state of the normaliser, ")
           << getStateSize(normaliser) << " values, found " << state.size();
  return verifyState(op, state, normaliser,
                     ArrayAttr::get(op->getContext(), {}), tile);
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
// Scores of a block
//===----------------------------------------------------------------------===//

FloatType BlockScores::getComputeType() const {
  return cast<FloatType>(getElementTypeOrSelf(query));
}

/// What an op that scores a block computes its scores from.
template <typename OpTy>
static BlockScores collectBlockScores(OpTy op) {
  return {op.getQuery(),    {op.getKey(), op.getKeyMap()},
          &op.getCombine(), op.getParameters(),
          op.getScale(),    op.getScoreChanges(),
          op.getOrigin(),   op.getLive()};
}

/// Copies the pair body and the regions of changes into those of an op that is
/// being built.
static void cloneRegions(Region &combine, ArrayRef<Region *> changes,
                         OperationState &state) {
  IRMapping mapping;
  combine.cloneInto(state.regions.front().get(), mapping);
  for (auto [source, target] :
       llvm::zip_equal(changes, llvm::drop_begin(state.regions)))
    source->cloneInto(target.get(), mapping);
}

/// Checks what an op that scores a block computes its scores from, for scores
/// of type `c`.
template <typename OpTy>
static LogicalResult verifyBlockScores(OpTy op, Type c) {
  if (failed(verifyTile(op, op.getQuery(), "the queries", 2, c)) ||
      failed(verifyMatrixMap(op, op.getKeyMap(), "key", op.getKey())) ||
      failed(verifyExtends(op, getElementTypeOrSelf(op.getKey()), "key", c)))
    return failure();
  int64_t numFeatures = cast<ShapedType>(op.getQuery().getType()).getDimSize(0);
  if (failed(verifyAgree(op, "features", numFeatures,
                         getExtent(op.getKey(), op.getKeyMap(), 1))))
    return failure();
  for (Value parameter : op.getParameters()) {
    auto type = cast<ShapedType>(parameter.getType());
    if (type.getRank() != 1 || !mayBeEqual(type.getDimSize(0), numFeatures))
      return op.emitOpError(
                 "expected parameters with an element a feature, found ")
             << type;
  }
  if (op.getOrigin().size() < 2)
    return op.emitOpError(
               "expected an origin of indices (batch..., i, j), found ")
           << op.getOrigin().size();
  if (op.getScale() && op.getScale().getType() != c)
    return op.emitOpError("expected the scale to have the compute type ")
           << c << ", found " << op.getScale().getType();
  return verifyScoreChanges(op, op.getChanges(), op.getChangeSets(),
                            op.getSymbols(), op.getChangeTensors(),
                            op.getChangeRegions(), op.getOrigin().size(), c);
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

void OnlineOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                           MLIRContext *) {
  populateFoldCastsPattern(patterns, getOperationName());
}

SmallVector<ScoreChange> OnlineOp::getScoreChanges() {
  return collectScoreChanges(getChanges(), getChangeSets(), getSymbols(),
                             getChangeTensors(), getChangeRegions());
}

FloatType OnlineOp::getComputeType() {
  return cast<FloatType>(getElementTypeOrSelf(getQuery()));
}

BlockScores OnlineOp::getBlockScores() { return collectBlockScores(*this); }

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

LogicalResult OnlineOp::verifyRegions() {
  return verifyScoreRegions(*this, getChanges(), getCombine(),
                            getParameters().size(), getChangeRegions(),
                            getOrigin().size(), getComputeType());
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

//===----------------------------------------------------------------------===//
// WeightsOp and MassOp
//===----------------------------------------------------------------------===//

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
