//===- FusedOp.cpp - attention.fused --------------------------------------===//
//
// Access and verification. Results are in FusedResults.cpp, tiling is in
// FusedTiling.cpp.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Destinations.h"
#include "ScoreChanges.h"
#include "Shapes.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

void FusedOp::build(OpBuilder &builder, OperationState &state,
                    MappedValue query, MappedValue key, MappedValue value,
                    ValueRange parameters, Value scale,
                    ArrayRef<ScoreChange> changes,
                    OnlineNormaliserAttrInterface normaliser,
                    ArrayRef<MappedValue> initOperands, ValueRange origin,
                    ArrayRef<MappedValue> outs, bool lse, bool weights,
                    ArrayRef<Attribute> readings, bool columnMass) {
  ScoreChangeParts parts = splitScoreChanges(builder.getContext(), changes);
  auto values = [](ArrayRef<MappedValue> operands) {
    return llvm::map_to_vector(operands, [](auto &o) { return o.value; });
  };
  auto maps = [&](ArrayRef<MappedValue> operands) {
    return builder.getAffineMapArrayAttr(
        llvm::map_to_vector(operands, [](auto &o) { return o.map; }));
  };
  SmallVector<Value> outValues = values(outs);
  SmallVector<Type> types;
  for (Value out : outValues)
    if (isa<RankedTensorType>(out.getType()))
      types.push_back(out.getType());
  build(builder, state, types, query.value, key.value, value.value, parameters,
        scale, parts.symbols, parts.tensors, values(initOperands), origin,
        outValues, AffineMapAttr::get(query.map), AffineMapAttr::get(key.map),
        AffineMapAttr::get(value.map), maps(outs),
        initOperands.empty() ? ArrayAttr() : maps(initOperands), parts.changes,
        parts.sets, normaliser, lse ? builder.getUnitAttr() : UnitAttr(),
        weights ? builder.getUnitAttr() : UnitAttr(),
        builder.getArrayAttr(readings),
        columnMass ? builder.getUnitAttr() : UnitAttr(), parts.regions.size());
  auto regions = ArrayRef(state.regions).take_back(parts.regions.size());
  for (auto [source, target] : llvm::zip_equal(parts.regions, regions)) {
    IRMapping mapping;
    source->cloneInto(target.get(), mapping);
  }
}

void FusedOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                          MLIRContext *) {
  populateFoldCastsPattern(patterns, getOperationName());
  populateDropUnusedResultsPattern(patterns);
}

FloatType FusedOp::getComputeType() {
  return attention::getComputeType(getContext(),
                                   {getElementTypeOrSelf(getQuery()),
                                    getElementTypeOrSelf(getKey()),
                                    getElementTypeOrSelf(getValue())});
}

AffineMap FusedOp::getOutputMap(unsigned index) {
  return cast<AffineMapAttr>(getOutputMaps()[index]).getValue();
}

AffineMap FusedOp::getInitMap(unsigned index) {
  return cast<AffineMapAttr>((*getInitMaps())[index]).getValue();
}

/// Whether `expr` is the quotient of one of the first `numDims` dimensions by a
/// positive constant.
static bool isQuotient(AffineExpr expr, unsigned numDims) {
  auto quotient = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!quotient || expr.getKind() != AffineExprKind::FloorDiv)
    return false;
  auto divisor = dyn_cast<AffineConstantExpr>(quotient.getRHS());
  auto dim = dyn_cast<AffineDimExpr>(quotient.getLHS());
  return divisor && divisor.getValue() > 0 && dim &&
         dim.getPosition() < numDims;
}

/// Checks that `map` has `rank` results: of the iteration space, each of
/// `required` once, the batch dimensions plainly or divided, and nothing else.
static LogicalResult verifyMap(FusedOp op, AffineMap map, int64_t rank,
                               StringRef name, ArrayRef<unsigned> required,
                               bool isOutput) {
  unsigned numBatch = op.getNumBatch();
  if (map.getNumDims() != numBatch + 4 || map.getNumSymbols() != 0)
    return op.emitOpError("expected the map of ")
           << name << " to take " << numBatch + 4
           << " dimensions (batch..., i, j, d, e), found "
           << AffineMapAttr::get(map);
  if (map.getNumResults() != rank)
    return op.emitOpError("expected the map of ")
           << name << " to have " << rank << " results, found "
           << AffineMapAttr::get(map);
  llvm::SmallDenseSet<unsigned> found;
  for (AffineExpr result : map.getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(result)) {
      unsigned position = dim.getPosition();
      bool allowed =
          position < numBatch || llvm::is_contained(required, position);
      if (allowed && found.insert(position).second)
        continue;
    } else if (!isOutput && (result == 0 || isQuotient(result, numBatch))) {
      continue;
    }
    return op.emitOpError("expected the results of the map of ")
           << name << " to be "
           << (isOutput ? "all dimensions of the result, each once"
                        : "distinct dimensions of the operand, quotients of a "
                          "batch dimension by a positive constant, or 0")
           << ", found " << AffineMapAttr::get(map);
  }
  bool isComplete =
      llvm::all_of(required, [&](unsigned dim) { return found.contains(dim); });
  for (unsigned dim = 0; isOutput && dim < numBatch; ++dim)
    isComplete &= found.contains(dim);
  if (!isComplete)
    return op.emitOpError("expected the map of ")
           << name << " to have all dimensions that it varies in, found "
           << AffineMapAttr::get(map);
  return success();
}

/// Checks that extents which several operands have in common may agree.
static LogicalResult verifyExtents(FusedOp op) {
  SmallVector<int64_t> extents(op.getNumBatch() + 4, ShapedType::kDynamic);
  auto check = [&](Value value, AffineMap map) -> LogicalResult {
    auto type = cast<ShapedType>(value.getType());
    for (auto [position, result] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(result);
      if (!dim)
        continue;
      int64_t &extent = extents[dim.getPosition()];
      int64_t found = type.getDimSize(position);
      if (!mayBeEqual(extent, found))
        return op.emitOpError("expected operands to agree on the extent of "
                              "dimension ")
               << dim.getPosition() << ", found " << extent << " and " << found;
      if (ShapedType::isDynamic(extent))
        extent = found;
    }
    return success();
  };
  for (auto [index, out] : llvm::enumerate(op.getOuts()))
    if (failed(check(out, op.getOutputMap(index))))
      return failure();
  if (failed(check(op.getQuery(), op.getQueryMap())) ||
      failed(check(op.getKey(), op.getKeyMap())) ||
      failed(check(op.getValue(), op.getValueMap())))
    return failure();
  for (Value parameter : op.getParameters()) {
    auto type = cast<ShapedType>(parameter.getType());
    if (type.getRank() != 1 ||
        !mayBeEqual(type.getDimSize(0), extents[op.getFeatureDim()]))
      return op.emitOpError("expected parameters with an element a feature, "
                            "found ")
             << type;
  }
  return success();
}

/// Checks the destinations and their maps.
static LogicalResult verifyResults(FusedOp op) {
  for (Attribute attribute : op.getReadings()) {
    auto reading = cast<RowReadingAttrInterface>(attribute);
    if (!reading.isCompatible(op.getNormaliser()))
      return op.emitOpError("expected a reading of weights of the normaliser ")
             << op.getNormaliser() << ", found " << reading;
  }
  SmallVector<FusedResult> results = op.getFusedResults();
  if (failed(verifyDestinations(op, results.size())))
    return failure();
  if (op.getOutputMaps().size() != results.size())
    return op.emitOpError("expected ")
           << results.size() << " maps of results, found "
           << op.getOutputMaps().size();
  for (auto [index, result] : llvm::enumerate(results)) {
    auto type = cast<ShapedType>(op.getOuts()[index].getType());
    std::string name = result.getName();
    Type elementType = type.getElementType();
    if (!result.elementType && !isa<FloatType>(elementType))
      return op.emitOpError("expected ")
             << name << " of a float type, found " << type;
    if (result.elementType && elementType != result.elementType)
      return op.emitOpError("expected ")
             << name << " of "
             << (result.elementType == op.getComputeType() ? "the compute type "
                                                           : "type ")
             << result.elementType << ", found " << type;
    int64_t rank = type.getRank();
    if (result.listLength) {
      if (rank == 0 || !mayBeEqual(type.getShape().back(), *result.listLength))
        return op.emitOpError("expected the last dimension of ")
               << name << " to be that of its list, " << *result.listLength
               << ", found " << type;
      --rank;
    }
    if (failed(verifyMap(op, op.getOutputMap(index), rank, name, result.dims,
                         /*isOutput=*/true)))
      return failure();
  }
  return success();
}

LogicalResult FusedOp::verify() {
  if (getQueryMap().getNumDims() < 4)
    return emitOpError("expected the map of query to take dimensions "
                       "(batch..., i, j, d, e), found ")
           << getQueryMapAttr();
  unsigned i = getQueryDim(), j = getKeyDim(), d = getFeatureDim(),
           e = getValueDim();
  Type c = getComputeType();
  if (failed(verifyResults(*this)))
    return failure();
  auto verifyOperand = [&](Value operand, AffineMap map, StringRef name,
                           ArrayRef<unsigned> required) {
    return verifyMap(*this, map, cast<ShapedType>(operand.getType()).getRank(),
                     name, required, /*isOutput=*/false);
  };
  if (failed(verifyOperand(getQuery(), getQueryMap(), "query", {i, d})) ||
      failed(verifyOperand(getKey(), getKeyMap(), "key", {j, d})) ||
      failed(verifyOperand(getValue(), getValueMap(), "value", {j, e})) ||
      failed(verifyExtents(*this)))
    return failure();
  if (getScale() && getScale().getType() != c)
    return emitOpError("expected the scale to have the compute type ")
           << c << ", found " << getScale().getType();
  if (!getOrigin().empty() && getOrigin().size() != getNumBatch() + 2)
    return emitOpError("expected an origin of ")
           << getNumBatch() + 2 << " indices (batch..., i, j), found "
           << getOrigin().size();
  size_t numInits = getInitMaps() ? getInitMaps()->size() : 0;
  if (numInits != getInitOperands().size())
    return emitOpError("expected a map for each init operand, found ")
           << numInits << " for " << getInitOperands().size();
  for (auto [index, operand] : llvm::enumerate(getInitOperands())) {
    AffineMap map = getInitMap(index);
    auto type = cast<ShapedType>(operand.getType());
    if (type.getElementType() != c)
      return emitOpError("expected init operands of the compute type ")
             << c << ", found " << type;
    if (map.getNumDims() != getNumBatch() || map.getNumSymbols() != 0 ||
        map.getNumResults() != type.getRank() ||
        !llvm::all_of(map.getResults(), [&](AffineExpr result) {
          return isa<AffineDimExpr>(result) || result == 0 ||
                 isQuotient(result, getNumBatch());
        }))
      return emitOpError("expected a map from the ")
             << getNumBatch() << " batch dimensions, or their quotients by "
             << "positive constants, or 0, to the indices of " << type
             << ", found " << AffineMapAttr::get(map);
  }
  if (getLse() && !getNormaliser().hasState())
    return emitOpError("expected a normaliser with a state, as there is a "
                       "log-sum-exp, found ")
           << getNormaliser();
  return verifyScoreChanges(*this, getChanges(), getChangeSets(), getSymbols(),
                            getChangeTensors(), getChangeRegions(),
                            getNumBatch() + 2, c);
}
