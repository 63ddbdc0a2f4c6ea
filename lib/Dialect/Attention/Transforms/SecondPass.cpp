//===- SecondPass.cpp - What needs the state of all keys ------------------===//
//
// A thread has some of the keys. Of the mass it adds block of queries after
// block of queries, so that the order of a sum depends on neither threads nor
// parts. Nothing is kept but the state that each block of queries ended with.
//
//===----------------------------------------------------------------------===//

#include "SecondPass.h"

#include "Attention/Target/TargetFacts.h"
#include "BlockBuilder.h"
#include "BlockOperands.h"
#include "KeyBounds.h"
#include "QueryBlocks.h"
#include "SplitKeys.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::attention;

FusedOp attention::buildRows(RewriterBase &rewriter, FusedOp op,
                             bool withWeights) {
  SmallVector<MappedValue> inits, outs;
  for (auto [index, init] : llvm::enumerate(op.getInitOperands()))
    inits.push_back({init, op.getInitMap(index)});
  for (auto [index, result] : llvm::enumerate(op.getFusedResults()))
    if (result.kind != FusedResultKind::ColumnMass &&
        (result.kind != FusedResultKind::Weights || withWeights))
      outs.push_back({op.getOuts()[index], op.getOutputMap(index)});
  auto rows = FusedOp::create(
      rewriter, op.getLoc(), {op.getQuery(), op.getQueryMap()},
      {op.getKey(), op.getKeyMap()}, {op.getValue(), op.getValueMap()},
      op.getParameters(), op.getScale(), op.getScoreChanges(),
      op.getNormaliser(), inits, op.getOrigin(), outs, op.getLse(), withWeights,
      op.getReadings().getValue(), /*columnMass=*/false);
  IRMapping mapping;
  op.getCombine().cloneInto(&rows.getCombine(), mapping);
  rows->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  return rows;
}

scf::ForallOp attention::keepStates(RewriterBase &rewriter, scf::ForallOp loop,
                                    ArrayRef<OpFoldResult> numbers,
                                    int64_t numBlockQueries, ValueRange state) {
  Location loc = loop.getLoc();
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(loop);
  SmallVector<Value> outs(loop.getOutputs());
  for (Value value : state) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<OpFoldResult> extents(numbers);
    for (int64_t extent : type.getShape())
      extents.push_back(rewriter.getIndexAttr(extent));
    outs.push_back(buildScratch(rewriter, loc, type.getElementType(), extents));
  }
  // The same loop with more results.
  auto wider = scf::ForallOp::create(
      rewriter, loc, loop.getMixedLowerBound(), loop.getMixedUpperBound(),
      loop.getMixedStep(), outs, loop.getMapping());
  rewriter.eraseOp(wider.getTerminator());
  rewriter.mergeBlocks(loop.getBody(), wider.getBody(),
                       wider.getBody()->getArguments().drop_back(state.size()));
  rewriter.replaceOp(loop, wider.getResults().drop_back(state.size()));

  rewriter.setInsertionPoint(wider.getTerminator());
  SmallVector<OpFoldResult> position =
      buildBlockPosition(rewriter, wider, numBlockQueries);
  ArrayRef<BlockArgument> states =
      wider.getRegionIterArgs().take_back(state.size());
  SmallVector<StateSlice> slices;
  for (Value all : states)
    slices.emplace_back(rewriter, loc, all, position);
  rewriter.setInsertionPointToEnd(wider.getTerminator().getBody());
  for (auto [slice, value] : llvm::zip_equal(slices, state))
    slice.insert(rewriter, loc, value);
  return wider;
}

/// Leaves `op`, which has an origin, a range of its keys. Its values are not
/// read and stay.
static void restrictKeys(OpBuilder &builder, FusedOp op, OpFoldResult offset,
                         OpFoldResult size) {
  Location loc = op.getLoc();
  Value key = op.getKey();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, key);
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  unsigned position = *op.getKeyMap().getResultPosition(
      builder.getAffineDimExpr(op.getKeyDim()));
  offsets[position] = offset;
  sizes[position] = size;
  op.getKeyMutable().assign(tensor::ExtractSliceOp::create(
      builder, loc, key, offsets, sizes, strides));
  OpOperand &first = op.getOriginMutable()[op.getNumBatch() + 1];
  first.set(builder.createOrFold<arith::AddIOp>(
      loc, first.get(), getValueOrCreateConstantIndexOp(builder, loc, offset)));
}

/// The states of a block of queries.
static SmallVector<Value> buildStates(OpBuilder &builder, Location loc,
                                      ValueRange states,
                                      ArrayRef<OpFoldResult> position) {
  return llvm::map_to_vector(states, [&](Value all) {
    return StateSlice(builder, loc, all, position).extract(builder, loc);
  });
}

/// for positions and parts of the keys, in parallel:
///   out[position, keys] = build(tile at the position, out[position, keys])
///
/// with result `number` of `op` as out; positions are batch elements or blocks
/// of queries, of `rows`, as many as `numbers` has in each dimension.
static Value buildPartLoop(
    RewriterBase &rewriter, FusedOp op, unsigned number, FusedOp rows,
    BlockSizes sizes, SmallVector<OpFoldResult> numbers, OpFoldResult numParts,
    function_ref<Value(FusedOp, ArrayRef<OpFoldResult>, Value)> build) {
  Location loc = op.getLoc();
  IndexOps ops(rewriter, loc);
  unsigned keyDim = op.getKeyDim();
  QueryBlocks blocks(rewriter, rows, sizes.queries);
  numbers.push_back(numParts);
  auto loop = scf::ForallOp::create(rewriter, loc, numbers,
                                    ValueRange(op.getOuts()[number]),
                                    /*mapping=*/std::nullopt);
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(loop.getTerminator());
  SmallVector<OpFoldResult> position =
      getAsOpFoldResult(loop.getInductionVars());
  KeyRange keys = buildPartOfKeys(
      rewriter, loc, {ops.constant(0), blocks.getExtent(keyDim)},
      {position.pop_back_val(), numParts}, sizes.keys);

  QueryBlocks::Tile tile = blocks.buildTile(position);
  tile.offsets[keyDim] = keys.begin;
  tile.sizes[keyDim] = ops.sub(keys.end, keys.begin);
  SmallVector<OpFoldResult> offsets, extents;
  LogicalResult found = op.getResultTilePosition(rewriter, number, tile.offsets,
                                                 tile.sizes, offsets, extents);
  assert(succeeded(found) && "as maps of results have tiles");
  (void)found;
  SmallVector<OpFoldResult> strides(offsets.size(), ops.constant(1));
  Value all = loop.getRegionIterArgs().front();
  Value out = tensor::ExtractSliceOp::create(rewriter, loc, all, offsets,
                                             extents, strides);
  FailureOr<SmallVector<Value>> part =
      blocks.buildFrom(position, [&](FusedOp tiled) {
        restrictKeys(rewriter, tiled, tile.offsets[keyDim], tile.sizes[keyDim]);
        return SmallVector<Value>{build(tiled, position, out)};
      });
  assert(succeeded(part) && "as blocks of its queries have been made");
  rewriter.setInsertionPointToStart(loop.getTerminator().getBody());
  tensor::ParallelInsertSliceOp::create(rewriter, loc, part->front(), all,
                                        offsets, extents, strides);
  return loop.getResult(0);
}

/// for blocks of queries: mass += weights of the block, over the queries
///
/// `op` is a batch element and a range of its keys, whose mass is `mass`;
/// `position` is where its states are.
static Value buildBlocks(RewriterBase &rewriter, FusedOp op, BlockSizes sizes,
                         const MaskAnalysis &masks, ValueRange states,
                         ArrayRef<OpFoldResult> position, Value mass) {
  Location loc = op.getLoc();
  IndexOps ops(rewriter, loc);
  QueryBlocks blocks(rewriter, op, sizes.queries);
  // One for all blocks: the stack has room for one.
  Value scratch = BlockBuilder(rewriter, op, sizes, masks).buildTileScratch();
  auto loop = scf::ForOp::create(rewriter, loc, ops.toValue(ops.constant(0)),
                                 ops.toValue(blocks.buildNumbers().back()),
                                 ops.toValue(ops.constant(1)), mass);
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(loop.getBody());
  SmallVector<OpFoldResult> inElement(op.getNumBatch(), ops.constant(0));
  inElement.push_back(loop.getInductionVar());
  FailureOr<SmallVector<Value>> next =
      blocks.buildFrom(inElement, [&](FusedOp block) {
        SmallVector<OpFoldResult> ofBlock(position);
        ofBlock.push_back(loop.getInductionVar());
        SmallVector<Value> state = buildStates(rewriter, loc, states, ofBlock);
        return SmallVector<Value>{
            BlockBuilder(rewriter, block, sizes, masks)
                .buildMass(state, scratch, loop.getRegionIterArg(0))};
      });
  assert(succeeded(next) && "as blocks of its queries have been made");
  scf::YieldOp::create(rewriter, loc, *next);
  return loop.getResult(0);
}

Value attention::buildColumnMass(RewriterBase &rewriter, FusedOp op,
                                 unsigned number, FusedOp rows,
                                 BlockSizes sizes, const MaskAnalysis &masks,
                                 ValueRange states) {
  Location loc = op.getLoc();
  QueryBlocks blocks(rewriter, rows, sizes.queries);
  OpFoldResult numParts =
      buildNumKeyParts(rewriter, loc, blocks.getExtent(op.getKeyDim()),
                       {getTargetFacts(op).parallelism, /*isFixed=*/false});
  SmallVector<OpFoldResult> numbers;
  for (unsigned dim = 0; dim < op.getNumBatch(); ++dim)
    numbers.push_back(blocks.getExtent(dim));
  auto build = [&](FusedOp element, ArrayRef<OpFoldResult> position,
                   Value part) {
    Value zero = arith::ConstantOp::create(
        rewriter, loc, rewriter.getFloatAttr(op.getComputeType(), 0.0));
    Value mass =
        buildRow(rewriter, loc, part, op.getOutputMap(number), op.getKeyDim());
    mass = linalg::FillOp::create(rewriter, loc, zero, mass).getResult(0);
    mass = buildBlocks(rewriter, element, sizes, masks, states, position, mass);
    return buildInsertion(rewriter, loc, mass, part, op.getOutputMap(number),
                          op.getKeyDim());
  };
  return buildPartLoop(rewriter, op, number, rows, sizes, numbers, numParts,
                       build);
}

Value attention::buildWeightsInParts(RewriterBase &rewriter, FusedOp op,
                                     unsigned number, FusedOp rows,
                                     BlockSizes sizes,
                                     const MaskAnalysis &masks,
                                     ValueRange states, OpFoldResult numParts) {
  auto build = [&](FusedOp block, ArrayRef<OpFoldResult> position, Value part) {
    return BlockBuilder(rewriter, block, sizes, masks)
        .buildWeights({part, op.getOutputMap(number)},
                      buildStates(rewriter, op.getLoc(), states, position));
  };
  QueryBlocks blocks(rewriter, rows, sizes.queries);
  return buildPartLoop(rewriter, op, number, rows, sizes, blocks.buildNumbers(),
                       numParts, build);
}
