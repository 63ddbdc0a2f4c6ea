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
                           const DataMasks &masks)
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
  return buildResults(buildState(buildInitialState(), std::nullopt));
}

SmallVector<Value> BlockBuilder::buildPartialState(KeyPart part,
                                                   ValueRange outs) {
  SmallVector<Value> state;
  for (auto [scalar, out] : llvm::zip_equal(buildInitialElements({}), outs))
    state.push_back(
        linalg::FillOp::create(builder, loc, scalar, out).getResult(0));
  return buildState(state, part);
}

SmallVector<Value> BlockBuilder::buildFromStates(ValueRange states) {
  SmallVector<Value> state = buildInitialState();
  auto merge = MergeOp::create(builder, loc, ValueRange(state).getTypes(),
                               states.front(), states.drop_front(), state,
                               normaliser, op.getReadings());
  return buildResults(llvm::to_vector_of<Value>(merge.getResults()));
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

SmallVector<Value> BlockBuilder::buildState(ValueRange initialState,
                                            std::optional<KeyPart> part) {
  MappedValue query = buildMatrix(builder, loc, op.getQuery(), op.getQueryMap(),
                                  op.getQueryDim(), op.getFeatureDim());
  Value packScale = buildPackScale();
  Value scratch = buildScratch(
      builder, loc, op.getComputeType(),
      {getExtent(builder, loc, query, 1), builder.getIndexAttr(sizes.queries)});
  Value tile = PackOp::create(builder, loc, TypeRange(scratch.getType()),
                              query.value, packScale, scratch, query.map)
                   .getResult(0);
  QueryBlock queries{tile, op.isDot() ? Value() : op.getScale(), normaliser,
                     getExtent(builder, loc, query, 0)};
  return buildKeyLoops(builder, op, queries, sizes.keys, masks, part,
                       initialState);
}

SmallVector<Value> BlockBuilder::buildResults(ArrayRef<Value> state) {
  MappedValue context =
      buildMatrix(builder, loc, op.getOuts()[0], op.getOutputMap(0),
                  op.getQueryDim(), op.getValueDim());
  SmallVector<Value> outs = {context.value}, wholes = {op.getOuts()[0]};
  for (auto [number, result] : llvm::enumerate(op.getFusedResults()))
    if (result.kind == FusedResultKind::Lse ||
        result.kind == FusedResultKind::Reading) {
      wholes.push_back(op.getOuts()[number]);
      outs.push_back(buildRow(builder, loc, wholes.back(),
                              op.getOutputMap(number), op.getQueryDim()));
    }
  auto finish = FinishOp::create(builder, loc, ValueRange(outs).getTypes(),
                                 state.front(), state.drop_front(), outs,
                                 normaliser, op.getReadings(), context.map);
  SmallVector<Value> results;
  for (auto [out, result] : llvm::zip_equal(wholes, finish.getResults()))
    results.push_back(buildInsertion(builder, loc, result, out));
  return results;
}
