//===- FusedBuilder.cpp - One operation of what was found -----------------===//
//
// Operands with their maps from (b…, i, j, d, e), destinations of extents that
// any of the operations states, and results in the place of theirs.
//
//===----------------------------------------------------------------------===//

#include "FusedBuilder.h"

#include "Attention/Dialect/Attention/Transforms/BatchDims.h"
#include "MappedExtents.h"
#include "ScoresInMemory.h"
#include "UnusedContext.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::attention;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

static int64_t getRank(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getRank();
}

/// (d0, …) -> the batch dimensions, then `others`, which count from the end of
/// the batch dimensions.
static AffineMap getPlainMap(MLIRContext *context, unsigned numBatch,
                             ArrayRef<unsigned> others) {
  auto targets = llvm::to_vector(llvm::seq<unsigned>(numBatch));
  for (unsigned dim : others)
    targets.push_back(numBatch + dim);
  return AffineMap::getMultiDimMapWithTargets(numBatch + 4, targets, context);
}

/// Whether the last batch dimensions are known to be the same at run time.
static bool haveEqualHeads(Value tensor, Value query) {
  unsigned head = getRank(tensor) - 3;
  FailureOr<bool> equal =
      ValueBoundsConstraintSet::areEqual({tensor, head}, {query, head});
  return succeeded(equal) && *equal;
}

/// Keys or values [b…, row, column] with their map; heads are repeated where
/// their number does not make a map.
static MappedValue mapBatch(OpBuilder &builder, Location loc, Value tensor,
                            Value query, unsigned row, unsigned column) {
  unsigned numBatch = getRank(query) - 2;
  if (numBatch > 0 && !haveEqualHeads(tensor, query))
    tensor = repeatUnknownHeads(builder, loc, tensor, query);
  return {tensor, getBatchedMap(tensor, query, numBatch + 4, numBatch + row,
                                numBatch + column)};
}

/// An operand of the normaliser over the trailing batch dimensions; extents of
/// 1 broadcast.
static MappedValue mapInitOperand(Value operand, Value query) {
  auto type = cast<RankedTensorType>(operand.getType());
  auto queryType = cast<RankedTensorType>(query.getType());
  unsigned numBatch = queryType.getRank() - 2;
  SmallVector<AffineExpr> results;
  for (int64_t position = 0; position < type.getRank(); ++position) {
    unsigned dim = numBatch - type.getRank() + position;
    bool broadcasts =
        type.getDimSize(position) == 1 && queryType.getDimSize(dim) != 1;
    results.push_back(broadcasts
                          ? getAffineConstantExpr(0, operand.getContext())
                          : getAffineDimExpr(dim, operand.getContext()));
  }
  return {operand, AffineMap::get(numBatch, 0, results, operand.getContext())};
}

/// A destination of `elementType`: the extents of the dimensions of `map`,
/// static where they are known, else those of the queries or the values; and
/// that of a list.
static MappedValue
buildDestination(OpBuilder &builder, Location loc, AffineMap map,
                 Type elementType, const MappedExtents &extents,
                 MappedValue query, MappedValue value,
                 std::optional<int64_t> listLength = std::nullopt) {
  SmallVector<OpFoldResult> sizes;
  for (AffineExpr result : map.getResults()) {
    unsigned dim = cast<AffineDimExpr>(result).getPosition();
    if (!ShapedType::isDynamic(extents[dim])) {
      sizes.push_back(builder.getIndexAttr(extents[dim]));
      continue;
    }
    const MappedValue &source =
        query.map.getResultPosition(result) ? query : value;
    sizes.push_back(tensor::getMixedSize(
        builder, loc, source.value, *source.map.getResultPosition(result)));
  }
  if (listLength)
    sizes.push_back(builder.getIndexAttr(*listLength));
  return {tensor::EmptyOp::create(builder, loc, sizes, elementType), map};
}

//===----------------------------------------------------------------------===//
// The operation
//===----------------------------------------------------------------------===//

/// Builds the pair body of `score` into `combine`, unless it is the product of
/// a query's and a key's element, which needs no region.
static void buildCombine(OpBuilder &builder, ScoreOpInterface score,
                         Region &combine) {
  OpBuilder::InsertionGuard guard(builder);
  Location loc = score->getLoc();
  Type computeType = getElementTypeOrSelf(score.getScores());
  unsigned numArguments = 2 + score.getPairParameters().size();
  SmallVector<Type> types(numArguments, computeType);
  SmallVector<Location> locations(numArguments, loc);
  Block *block = builder.createBlock(&combine, combine.end(), types, locations);
  ValueRange arguments = block->getArguments();
  YieldOp::create(builder, loc,
                  score.buildPair(builder, loc, arguments[0], arguments[1],
                                  arguments.drop_front(2)));

  auto product = dyn_cast<arith::MulFOp>(block->front());
  bool isProduct =
      numArguments == 2 && product &&
      product->getNextNode() == &block->back() &&
      ((product.getLhs() == arguments[0] && product.getRhs() == arguments[1]) ||
       (product.getLhs() == arguments[1] && product.getRhs() == arguments[0]));
  if (isProduct && cast<YieldOp>(block->back()).getValue() == product)
    block->erase();
}

/// f64 if one of the tensors is, else f32.
static Type getComputeType(ValueRange tensors) {
  Builder builder(tensors.front().getContext());
  bool isWide = llvm::any_of(tensors.getTypes(), [](Type type) {
    return getElementTypeOrSelf(type).isF64();
  });
  return isWide ? builder.getF64Type() : builder.getF32Type();
}

/// The static extents that any of the fused operations' types states.
static MappedExtents getExtents(FusableAttention &found, unsigned numBatch) {
  MLIRContext *context = found.normaliser.getContext();
  MappedExtents extents(numBatch + 4);
  if (found.score)
    extents.add(found.score.getQuery().getType(),
                getPlainMap(context, numBatch, {0}));
  AffineMap pairs = getPlainMap(context, numBatch, {0, 1});
  extents.add(found.scores.getType(), pairs);
  extents.add(found.normaliser.getScores().getType(), pairs);
  extents.add(found.normaliser.getWeights().getType(), pairs);
  if (found.context)
    extents.add(found.context.getOutput().getType(),
                getPlainMap(context, numBatch, {0, 3}));
  if (found.lse)
    extents.add(found.lse.getType(), getPlainMap(context, numBatch, {0}));
  for (Operation *reading : found.readings)
    for (Type type : reading->getResultTypes())
      extents.add(type, getPlainMap(context, numBatch, {0}));
  for (ColumnMassOp mass : found.columnMasses)
    extents.add(mass.getMass().getType(), getPlainMap(context, numBatch, {1}));
  return extents;
}

/// Puts the results of `fused` in the place of what it was made of.
static void replaceResults(RewriterBase &rewriter, FusableAttention &found,
                           FusedOp fused) {
  SmallVector<FusedResult> results = fused.getFusedResults();
  auto replace = [&](Value old, FusedResultKind kind,
                     Attribute reading = Attribute(), unsigned number = 0) {
    auto isMeant = [&](const FusedResult &result) {
      return result.kind == kind && result.reading == reading &&
             result.number == number;
    };
    Value result =
        fused->getResult(llvm::find_if(results, isMeant) - results.begin());
    if (old.getType() != result.getType())
      result = tensor::CastOp::create(rewriter, fused.getLoc(), old.getType(),
                                      result);
    rewriter.replaceAllUsesWith(old, result);
  };
  for (RowReadingOpInterface op : found.readings) {
    for (OpResult old : op->getResults())
      replace(old, FusedResultKind::Reading, op.getRowReading(),
              old.getResultNumber());
    rewriter.eraseOp(op);
  }
  for (ColumnMassOp op : found.columnMasses) {
    replace(op.getMass(), FusedResultKind::ColumnMass);
    rewriter.eraseOp(op);
  }
  if (found.lse)
    replace(found.lse, FusedResultKind::Lse);
  if (found.context) {
    replace(found.context.getOutput(), FusedResultKind::Context);
    rewriter.eraseOp(found.context);
  }
  if (found.weights)
    replace(found.weights, FusedResultKind::Weights);
  rewriter.eraseOp(found.normaliser);
  for (ScoreChangeOpInterface change : llvm::reverse(found.changes))
    rewriter.eraseOp(change);
  if (found.score)
    rewriter.eraseOp(found.score);
}

namespace {
/// What scores are computed from.
struct ScoreOperands {
  Value query;
  /// Without a map where that depends on the queries' extents.
  MappedValue key;
  ValueRange parameters = {};
  /// Null for none.
  Value scale = {};
};
} // namespace

/// The operands of the score function of `found`, or of scores of 0, which are
/// read from memory then: also if that is what the types ask for.
static ScoreOperands buildScoreOperands(RewriterBase &rewriter,
                                        FusableAttention &found) {
  Location loc = found.normaliser.getLoc();
  Type computeType = getElementTypeOrSelf(found.scores);
  if (found.score) {
    Operation *before = found.position->getPrevNode();
    ScoreOperands operands = {found.score.buildQueryPart(rewriter),
                              {found.score.buildKeyPart(rewriter), AffineMap()},
                              found.score.getPairParameters()};
    SmallVector<Value> read = {operands.query, operands.key.value};
    if (found.context)
      read.push_back(found.context.getValue());
    // Values that nobody uses are of the compute type, and no obstacle to f64.
    if (computeType == getComputeType(read) ||
        (!found.context && computeType.isF64())) {
      operands.scale = found.score.buildScale(rewriter);
      return operands;
    }
    while (found.position->getPrevNode() != before)
      rewriter.eraseOp(found.position->getPrevNode());
    found.whyInMemory = llvm::formatv("they are {0}, which neither queries nor "
                                      "keys nor values are",
                                      computeType);
    found.score = nullptr;
  }
  ZeroScores zero = buildZeroScores(rewriter, loc, found.scores);
  return {zero.query.value, zero.key};
}

FusedOp attention::buildFused(RewriterBase &rewriter, FusableAttention &found) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(found.position);
  Location loc =
      found.context ? found.context.getLoc() : found.normaliser.getLoc();
  Type computeType = getElementTypeOrSelf(found.scores);
  ScoreOperands operands = buildScoreOperands(rewriter, found);

  unsigned numBatch = getRank(found.scores) - 2;
  enum { I, J, D, E };
  auto plain = [&](ArrayRef<unsigned> others) {
    return getPlainMap(rewriter.getContext(), numBatch, others);
  };
  MappedExtents extents = getExtents(found, numBatch);
  MappedValue query = {operands.query, plain({I, D})};
  extents.add(query);
  query.value = extents.refine(rewriter, loc, query);
  MappedValue key = operands.key;
  if (!key.map)
    key = mapBatch(rewriter, loc, key.value, query.value, J, D);
  extents.add(key);
  MappedValue value;
  if (found.context) {
    value =
        mapBatch(rewriter, loc, found.context.getValue(), query.value, J, E);
    extents.add(value);
    value.value = extents.refine(rewriter, loc, value);
  }
  query.value = extents.refine(rewriter, loc, query);
  key.value = extents.refine(rewriter, loc, key);
  if (!found.context) {
    value = buildZeroValues(rewriter, loc, key, numBatch, computeType);
    extents.add(value);
  }

  auto destination = [&](ArrayRef<unsigned> others, Type elementType,
                         std::optional<int64_t> listLength = std::nullopt) {
    return buildDestination(rewriter, loc, plain(others), elementType, extents,
                            query, value, listLength);
  };
  Value context = found.context ? found.context.getOutput() : value.value;
  SmallVector<MappedValue> outs = {
      destination({I, E}, getElementTypeOrSelf(context))};
  if (found.lse)
    outs.push_back(destination({I}, computeType));
  if (found.weights)
    outs.push_back(destination({I, J}, computeType));
  llvm::SetVector<Attribute> readings;
  for (RowReadingOpInterface op : found.readings)
    readings.insert(op.getRowReading());
  for (Attribute attribute : readings) {
    auto reading = cast<RowReadingAttrInterface>(attribute);
    for (Type type : reading.getResultTypes(cast<FloatType>(computeType)))
      outs.push_back(destination({I}, type, reading.getListLength()));
  }
  if (!found.columnMasses.empty())
    outs.push_back(destination({J}, computeType));
  auto inits = llvm::map_to_vector(
      found.normaliser.getInitOperands(),
      [&](Value operand) { return mapInitOperand(operand, query.value); });

  auto fused = FusedOp::create(
      rewriter, loc, query, key, value, operands.parameters, operands.scale,
      found.getScoreChanges(), found.online, inits, /*origin=*/ValueRange(),
      outs, /*lse=*/found.lse != Value(),
      /*weights=*/found.weights != Value(), readings.getArrayRef(),
      /*columnMass=*/!found.columnMasses.empty());
  if (found.score)
    buildCombine(rewriter, found.score, fused.getCombine());
  replaceResults(rewriter, found, fused);
  return fused;
}
