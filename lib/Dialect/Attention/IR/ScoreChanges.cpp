//===- ScoreChanges.cpp - Lists of score changes --------------------------===//
//
// Access to what operations hold as attributes, operands and regions side by
// side, and its verification.
//
//===----------------------------------------------------------------------===//

#include "ScoreChanges.h"

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Shapes.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

SmallVector<SmallVector<MaskSet>>
attention::collectMaskSets(ArrayAttr sets, ValueRange symbols) {
  SmallVector<SmallVector<MaskSet>> unions;
  for (Attribute members : sets) {
    SmallVector<MaskSet> &bound = unions.emplace_back();
    for (Attribute member : cast<ArrayAttr>(members)) {
      IntegerSet set = cast<IntegerSetAttr>(member).getValue();
      bound.push_back(
          {set, llvm::to_vector(symbols.take_front(set.getNumSymbols()))});
      symbols = symbols.drop_front(set.getNumSymbols());
    }
  }
  return unions;
}

Value attention::buildChangeElement(OpBuilder &builder, Location loc,
                                    const ScoreChange &change,
                                    ValueRange indices) {
  SmallVector<Value> position;
  for (AffineExpr result : change.map.getResults())
    position.push_back(affine::expandAffineExpr(builder, loc, result, indices,
                                                /*symbolValues=*/{}));
  return tensor::ExtractOp::create(builder, loc, change.tensor, position);
}

Value attention::cloneScalarRegion(OpBuilder &builder, Region &region,
                                   ValueRange arguments) {
  Block &body = region.front();
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return mapping.lookupOrDefault(cast<YieldOp>(body.back()).getValue());
}

/// The number of symbols of an intersection of unions.
static size_t getNumSymbols(ArrayAttr sets) {
  size_t count = 0;
  for (Attribute members : sets)
    for (Attribute member : cast<ArrayAttr>(members))
      count += cast<IntegerSetAttr>(member).getValue().getNumSymbols();
  return count;
}

SmallVector<ScoreChange>
attention::collectScoreChanges(ArrayAttr changes, ArrayAttr sets,
                               ValueRange symbols, ValueRange tensors,
                               MutableArrayRef<Region> regions) {
  SmallVector<ScoreChange> result;
  const auto *nextSets = sets.begin();
  for (auto change : changes.getAsRange<ScoreChangeAttr>()) {
    ScoreChange &step = result.emplace_back();
    step.kind = change.getKind();
    switch (change.getKind()) {
    case ScoreChangeKind::Sets: {
      auto list = cast<ArrayAttr>(*nextSets++);
      step.sets = collectMaskSets(list, symbols);
      symbols = symbols.drop_front(getNumSymbols(list));
      break;
    }
    case ScoreChangeKind::Keep:
    case ScoreChangeKind::Bias:
      step.tensor = tensors.front();
      step.map = change.getMap().getValue();
      tensors = tensors.drop_front();
      break;
    case ScoreChangeKind::Where:
    case ScoreChangeKind::Modify:
      step.region = &regions.front();
      regions = regions.drop_front();
      break;
    }
  }
  return result;
}

/// The sets of one change as an attribute; appends what their symbols are bound
/// to.
static Attribute splitMaskSets(MLIRContext *context,
                               ArrayRef<SmallVector<MaskSet>> sets,
                               SmallVectorImpl<Value> &symbols) {
  SmallVector<Attribute> unions;
  for (ArrayRef<MaskSet> members : sets) {
    SmallVector<Attribute> attributes;
    for (const MaskSet &member : members) {
      attributes.push_back(IntegerSetAttr::get(member.set));
      llvm::append_range(symbols, member.symbols);
    }
    unions.push_back(ArrayAttr::get(context, attributes));
  }
  return ArrayAttr::get(context, unions);
}

ScoreChangeParts attention::splitScoreChanges(MLIRContext *context,
                                              ArrayRef<ScoreChange> changes) {
  ScoreChangeParts parts;
  SmallVector<Attribute> steps, sets;
  for (const ScoreChange &change : changes) {
    AffineMapAttr map;
    switch (change.kind) {
    case ScoreChangeKind::Sets:
      sets.push_back(splitMaskSets(context, change.sets, parts.symbols));
      break;
    case ScoreChangeKind::Keep:
    case ScoreChangeKind::Bias:
      parts.tensors.push_back(change.tensor);
      map = AffineMapAttr::get(change.map);
      break;
    case ScoreChangeKind::Where:
    case ScoreChangeKind::Modify:
      parts.regions.push_back(change.region);
      break;
    }
    steps.push_back(ScoreChangeAttr::get(context, change.kind, map));
  }
  parts.changes = ArrayAttr::get(context, steps);
  parts.sets = ArrayAttr::get(context, sets);
  return parts;
}

LogicalResult attention::verifyDivisors(Operation *op, IntegerSet set) {
  std::optional<int64_t> wrong;
  set.walkExprs([&](AffineExpr expr) {
    auto quotient = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!quotient || expr.getKind() == AffineExprKind::Add ||
        expr.getKind() == AffineExprKind::Mul)
      return;
    auto divisor = dyn_cast<AffineConstantExpr>(quotient.getRHS());
    if (divisor && divisor.getValue() <= 0)
      wrong = divisor.getValue();
  });
  if (!wrong)
    return success();
  return op->emitOpError("expected divisors and moduli in sets to be positive, "
                         "found ")
         << *wrong;
}

/// Checks the sets of one change: unions, none empty, over `numDims`
/// dimensions.
static LogicalResult verifySets(Operation *op, ArrayAttr sets,
                                unsigned numDims) {
  for (Attribute members : sets) {
    if (cast<ArrayAttr>(members).empty())
      return op->emitOpError("expected at least one set in each union");
    for (Attribute member : cast<ArrayAttr>(members)) {
      IntegerSet set = cast<IntegerSetAttr>(member).getValue();
      if (set.getNumDims() != numDims)
        return op->emitOpError("expected sets over ")
               << numDims << " dimensions (batch..., i, j), found one over "
               << set.getNumDims();
      if (failed(verifyDivisors(op, set)))
        return failure();
    }
  }
  return success();
}

LogicalResult attention::verifyScoreChanges(Operation *op, ArrayAttr changes,
                                            ArrayAttr sets, ValueRange symbols,
                                            ValueRange tensors,
                                            RegionRange regions,
                                            unsigned numDims,
                                            Type computeType) {
  size_t numSets = 0, numSymbols = 0, numTensors = 0, numRegions = 0;
  for (auto change : changes.getAsRange<ScoreChangeAttr>()) {
    bool hasTensor = change.getKind() == ScoreChangeKind::Keep ||
                     change.getKind() == ScoreChangeKind::Bias;
    if (change.getMap() && !hasTensor)
      return op->emitOpError("expected a map only for keep and bias, found one "
                             "for ")
             << stringifyScoreChangeKind(change.getKind());
    switch (change.getKind()) {
    case ScoreChangeKind::Sets:
      ++numSets;
      break;
    case ScoreChangeKind::Keep:
    case ScoreChangeKind::Bias:
      ++numTensors;
      if (!change.getMap() ||
          change.getMap().getValue().getNumDims() != numDims ||
          change.getMap().getValue().getNumSymbols() != 0)
        return op->emitOpError("expected a map from ")
               << numDims << " dimensions (batch..., i, j) for "
               << stringifyScoreChangeKind(change.getKind());
      break;
    case ScoreChangeKind::Where:
    case ScoreChangeKind::Modify:
      ++numRegions;
      break;
    }
  }
  for (Attribute list : sets) {
    if (failed(verifySets(op, cast<ArrayAttr>(list), numDims)))
      return failure();
    numSymbols += getNumSymbols(cast<ArrayAttr>(list));
  }
  if (sets.size() != numSets || symbols.size() != numSymbols ||
      tensors.size() != numTensors || regions.size() != numRegions)
    return op->emitOpError("expected ")
           << numSets << " lists of sets, " << numSymbols << " symbols, "
           << numTensors << " tensors and " << numRegions
           << " regions for its changes, found " << sets.size() << ", "
           << symbols.size() << ", " << tensors.size() << " and "
           << regions.size();
  for (Value symbol : symbols) {
    auto type = dyn_cast<ShapedType>(symbol.getType());
    if (type && type.getRank() > static_cast<int64_t>(numDims) - 2)
      return op->emitOpError(
                 "expected a set's symbol to be a scalar or to have "
                 "at most the ")
             << numDims - 2 << " batch dimensions, found " << type;
  }
  for (auto change : changes.getAsRange<ScoreChangeAttr>()) {
    bool isKeep = change.getKind() == ScoreChangeKind::Keep;
    if (!isKeep && change.getKind() != ScoreChangeKind::Bias)
      continue;
    auto type = cast<ShapedType>(tensors.front().getType());
    tensors = tensors.drop_front();
    if (change.getMap().getValue().getNumResults() !=
        static_cast<unsigned>(type.getRank()))
      return op->emitOpError("expected the map of ")
             << stringifyScoreChangeKind(change.getKind()) << " to have "
             << type.getRank() << " results, found " << change.getMap();
    if (type.getElementType().isInteger(1) != isKeep)
      return op->emitOpError("expected ")
             << stringifyScoreChangeKind(change.getKind())
             << (isKeep ? " of i1" : " of a float type") << ", found " << type;
    if (!isKeep &&
        failed(verifyExtends(op, type.getElementType(), "bias", computeType)))
      return failure();
  }
  return success();
}

LogicalResult attention::verifyScoreRegions(
    Operation *op, ArrayAttr changes, Region &combine, unsigned numParameters,
    MutableArrayRef<Region> regions, unsigned numDims, Type computeType) {
  SmallVector<Type> pairTypes(2 + numParameters, computeType);
  if (!combine.empty()) {
    if (failed(verifyScalarRegion(op, combine, "combine", pairTypes,
                                  "a query's, a key's and the parameters' "
                                  "elements",
                                  computeType)))
      return failure();
  } else if (numParameters != 0) {
    return op->emitOpError("expected parameters only with a combine region");
  }
  SmallVector<Type> modifyTypes(1 + numDims, IndexType::get(op->getContext()));
  modifyTypes[0] = computeType;
  ArrayRef<Type> whereTypes = ArrayRef(modifyTypes).drop_front();
  for (auto change : changes.getAsRange<ScoreChangeAttr>()) {
    LogicalResult valid = success();
    if (change.getKind() == ScoreChangeKind::Modify)
      valid = verifyScalarRegion(op, regions.front(), "modify", modifyTypes,
                                 "a score and its indices", computeType);
    else if (change.getKind() == ScoreChangeKind::Where)
      valid = verifyScalarRegion(op, regions.front(), "where", whereTypes,
                                 "the indices of a score",
                                 IntegerType::get(op->getContext(), 1));
    else
      continue;
    if (failed(valid))
      return failure();
    regions = regions.drop_front();
  }
  return success();
}
