//===- BlockBuilder.cpp - A block of queries on the block level -----------===//
//
// Queries and state are in the kernel's layout from the start, so that every
// extent but the last block of keys' is static inside.
//
//===----------------------------------------------------------------------===//

#include "BlockBuilder.h"

#include "Attention/Dialect/Attention/IR/Readings.h"
#include "BlockOperands.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace mlir::attention;

BlockBuilder::BlockBuilder(RewriterBase &rewriter, FusedOp op, BlockSizes sizes,
                           const MaskAnalysis &masks)
    : builder(rewriter), loc(op.getLoc()), op(op), sizes(sizes), masks(masks),
      normaliser(op.getNormaliser()) {
  bool seesScores =
      llvm::any_of(op.getScoreChanges(), [](const ScoreChange &change) {
        return change.kind == ScoreChangeKind::Bias ||
               change.kind == ScoreChangeKind::Modify;
      });
  // Equal scores need not be equal after a factor has been rounded into them.
  for (auto reading : op.getReadings().getAsRange<RowReadingAttrInterface>())
    seesScores |= reading.isSelective();
  if (!op.isDot() || seesScores)
    return;
  auto [factor, prescaled] = normaliser.getPrescaled();
  packFactor = factor;
  normaliser = cast<OnlineNormaliserAttrInterface>(prescaled);
}

Value BlockBuilder::buildPackScale() {
  Value scale = op.isDot() ? op.getScale() : Value();
  if (packFactor == 1.0)
    return scale;
  Value constant = arith::ConstantOp::create(
      builder, loc, builder.getFloatAttr(op.getComputeType(), packFactor));
  return scale ? builder.createOrFold<arith::MulFOp>(loc, scale, constant)
               : constant;
}

SmallVector<Value> BlockBuilder::build() {
  QueryBlock queries = buildQueryBlock(buildTileScratch());
  return buildResults(queries,
                      buildState(queries, buildInitialState(), std::nullopt));
}

SmallVector<Value> BlockBuilder::buildPartialState(KeyPart part,
                                                   ValueRange outs) {
  SmallVector<Value> state;
  for (auto [scalar, out] : llvm::zip_equal(buildInitialElements({}), outs))
    state.push_back(
        linalg::FillOp::create(builder, loc, scalar, out).getResult(0));
  return buildState(buildQueryBlock(buildTileScratch()), state, part);
}

SmallVector<Value> BlockBuilder::buildFromStates(ValueRange states) {
  SmallVector<Value> state = buildInitialState();
  auto merge = MergeOp::create(builder, loc, ValueRange(state).getTypes(),
                               states.front(), states.drop_front(), state,
                               normaliser, op.getReadings());
  SmallVector<Value> merged(merge.getResults());
  assert(!op.getWeights() && "as they are built in parts too");
  return buildResults(QueryBlock(), merged);
}

SmallVector<Value> BlockBuilder::buildInitialElements(ValueRange initElements) {
  return buildStateBeforeKeys(builder, loc, normaliser, op.getReadings(),
                              op.getComputeType(), initElements);
}

SmallVector<Value> BlockBuilder::buildInitialState() {
  MappedValue context =
      buildMatrix(builder, loc, op.getOuts()[0], op.getOutputMap(0),
                  op.getQueryDim(), op.getValueDim());
  SmallVector<StateShape> shapes =
      getStateShapes(op, getExtent(builder, loc, context, 1),
                     builder.getIndexAttr(sizes.queries));
  SmallVector<Value> initElements, state;
  for (Value operand : op.getInitOperands())
    initElements.push_back(buildElement(builder, loc, operand));
  for (auto [scalar, shape] :
       llvm::zip_equal(buildInitialElements(initElements), shapes)) {
    Value scratch =
        buildScratch(builder, loc, shape.elementType, shape.extents);
    state.push_back(
        linalg::FillOp::create(builder, loc, scalar, scratch).getResult(0));
  }
  return state;
}

Value BlockBuilder::buildTileScratch() {
  MappedValue query = buildMatrix(builder, loc, op.getQuery(), op.getQueryMap(),
                                  op.getQueryDim(), op.getFeatureDim());
  return buildScratch(
      builder, loc, op.getComputeType(),
      {getExtent(builder, loc, query, 1), builder.getIndexAttr(sizes.queries)});
}

QueryBlock BlockBuilder::buildQueryBlock(Value tile) {
  MappedValue query = buildMatrix(builder, loc, op.getQuery(), op.getQueryMap(),
                                  op.getQueryDim(), op.getFeatureDim());
  Value packScale = buildPackScale();
  Value packed = PackOp::create(builder, loc, TypeRange(tile.getType()),
                                query.value, packScale, tile, query.map)
                     .getResult(0);
  return {packed, op.isDot() ? Value() : op.getScale(),
          getExtent(builder, loc, query, 0)};
}

SmallVector<Value> BlockBuilder::buildState(const QueryBlock &queries,
                                            ValueRange initialState,
                                            std::optional<KeyPart> part) {
  MappedValue value = buildMatrix(builder, loc, op.getValue(), op.getValueMap(),
                                  op.getKeyDim(), op.getValueDim());
  auto buildOnline = [&](const BlockScores &scores, ValueRange state) {
    return cast<DestinationStyleOpInterface>(
        OnlineOp::create(builder, loc, scores.query, scores.key, value,
                         scores.parameters, scores.scale, *scores.combine,
                         scores.changes, normaliser, op.getReadings(),
                         scores.origin, scores.live, state)
            .getOperation());
  };
  return buildKeyLoops(builder, op, queries, sizes.keys, masks, part,
                       initialState, buildOnline);
}

Value BlockBuilder::buildWeights(MappedValue weights, ValueRange state) {
  return buildWeights(buildQueryBlock(buildTileScratch()), weights, state);
}

Value BlockBuilder::buildWeights(const QueryBlock &queries, MappedValue out,
                                 ValueRange state) {
  MappedValue weights = buildMatrix(builder, loc, out.value, out.map,
                                    op.getQueryDim(), op.getKeyDim());
  Value initial = weights.value;
  if (masks.leavesKeysOut) {
    Value zero = arith::ConstantOp::create(
        builder, loc, builder.getFloatAttr(op.getComputeType(), 0.0));
    initial = linalg::FillOp::create(builder, loc, zero, initial).getResult(0);
  }
  Value first = arith::ConstantIndexOp::create(builder, loc, 0);
  auto buildBlock = [&](const BlockScores &scores, ValueRange current) {
    return cast<DestinationStyleOpInterface>(
        WeightsOp::create(builder, loc, scores, normaliser, state, first,
                          MappedValue{current.front(), weights.map})
            .getOperation());
  };
  Value result = buildKeyLoops(builder, op, queries, sizes.keys, masks,
                               std::nullopt, initial, buildBlock)
                     .front();
  return buildInsertion(builder, loc, result, out.value, out.map,
                        {op.getQueryDim(), op.getKeyDim()});
}

Value BlockBuilder::buildMass(ValueRange state, Value tile, Value mass) {
  Value first = arith::ConstantIndexOp::create(builder, loc, 0);
  auto buildBlock = [&](const BlockScores &scores, ValueRange current) {
    return cast<DestinationStyleOpInterface>(
        MassOp::create(builder, loc, scores, normaliser, state, first,
                       current.front())
            .getOperation());
  };
  return buildKeyLoops(builder, op, buildQueryBlock(tile), sizes.keys, masks,
                       std::nullopt, mass, buildBlock)
      .front();
}

SmallVector<Value> BlockBuilder::buildResults(const QueryBlock &queries,
                                              ArrayRef<Value> state) {
  finalState =
      llvm::to_vector(state.drop_front().take_front(getStateSize(normaliser)));
  MappedValue context =
      buildMatrix(builder, loc, op.getOuts()[0], op.getOutputMap(0),
                  op.getQueryDim(), op.getValueDim());
  SmallVector<Value> outs = {context.value};
  for (auto [number, result] : llvm::enumerate(op.getFusedResults()))
    if (result.kind == FusedResultKind::Lse ||
        result.kind == FusedResultKind::Reading)
      outs.push_back(buildRow(builder, loc, op.getOuts()[number],
                              op.getOutputMap(number), op.getQueryDim()));
  auto finish = FinishOp::create(builder, loc, ValueRange(outs).getTypes(),
                                 state.front(), state.drop_front(), outs,
                                 normaliser, op.getReadings(), context.map);
  SmallVector<Value> results;
  ValueRange finished = finish.getResults();
  for (auto [number, result] : llvm::enumerate(op.getFusedResults())) {
    if (result.kind == FusedResultKind::Weights) {
      results.push_back(
          buildWeights(queries, {op.getOuts()[number], op.getOutputMap(number)},
                       finalState));
      continue;
    }
    results.push_back(buildInsertion(
        builder, loc, finished.front(), op.getOuts()[number],
        op.getOutputMap(number), {op.getQueryDim(), op.getValueDim()}));
    finished = finished.drop_front();
  }
  return results;
}
