//===- ColumnMass.cpp - How much each key is read -------------------------===//
//
// A thread has some of the keys and adds to them block of queries after block
// of queries: the order of a sum depends on neither threads nor parts, and
// nothing is kept but the state that each block of queries ended with.
//
//===----------------------------------------------------------------------===//

#include "ColumnMass.h"

#include "Attention/Target/TargetFacts.h"
#include "BlockBuilder.h"
#include "BlockOperands.h"
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

FusedOp attention::buildWithoutColumnMass(RewriterBase &rewriter, FusedOp op) {
  SmallVector<MappedValue> inits, outs;
  for (auto [index, init] : llvm::enumerate(op.getInitOperands()))
    inits.push_back({init, op.getInitMap(index)});
  for (auto [index, out] : llvm::enumerate(op.getOuts().drop_back()))
    outs.push_back({out, op.getOutputMap(index)});
  auto rows = FusedOp::create(
      rewriter, op.getLoc(), {op.getQuery(), op.getQueryMap()},
      {op.getKey(), op.getKeyMap()}, {op.getValue(), op.getValueMap()},
      op.getParameters(), op.getScale(), op.getScoreChanges(),
      op.getNormaliser(), inits, op.getOrigin(), outs, op.getLse(),
      op.getWeights(), op.getReadings().getValue(), /*columnMass=*/false);
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

namespace {
/// A part of the keys: `size` of them from `offset` on.
struct KeyRange {
  OpFoldResult offset, size;
};
} // namespace

/// How many keys a part has, but for those at the end: whole blocks.
static Value buildNumPartKeys(OpBuilder &builder, Location loc,
                              OpFoldResult numKeys, OpFoldResult numParts,
                              int64_t numBlockKeys) {
  auto toValue = [&](OpFoldResult value) {
    return getValueOrCreateConstantIndexOp(builder, loc, value);
  };
  Value block = toValue(builder.getIndexAttr(numBlockKeys));
  Value all =
      builder.createOrFold<arith::MulIOp>(loc, toValue(numParts), block);
  Value blocks =
      builder.createOrFold<arith::CeilDivUIOp>(loc, toValue(numKeys), all);
  return builder.createOrFold<arith::MulIOp>(loc, blocks, block);
}

static KeyRange buildKeyRange(OpBuilder &builder, Location loc,
                              OpFoldResult part, Value numPartKeys,
                              OpFoldResult numKeys) {
  auto toValue = [&](OpFoldResult value) {
    return getValueOrCreateConstantIndexOp(builder, loc, value);
  };
  Value all = toValue(numKeys);
  Value offset =
      builder.createOrFold<arith::MulIOp>(loc, toValue(part), numPartKeys);
  offset = builder.createOrFold<arith::MinUIOp>(loc, offset, all);
  Value rest = builder.createOrFold<arith::SubIOp>(loc, all, offset);
  Value size = builder.createOrFold<arith::MinUIOp>(loc, rest, numPartKeys);
  return {getAsOpFoldResult(offset), getAsOpFoldResult(size)};
}

/// Leaves `op`, a batch element, a range of its keys. Its values are not read
/// and stay.
static void restrictKeys(OpBuilder &builder, FusedOp op, KeyRange range) {
  Location loc = op.getLoc();
  Value key = op.getKey();
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, key);
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  unsigned position = *op.getKeyMap().getResultPosition(
      builder.getAffineDimExpr(op.getKeyDim()));
  offsets[position] = range.offset;
  sizes[position] = range.size;
  op.getKeyMutable().assign(tensor::ExtractSliceOp::create(
      builder, loc, key, offsets, sizes, strides));
  OpOperand &first = op.getOriginMutable()[op.getNumBatch() + 1];
  first.set(builder.createOrFold<arith::AddIOp>(
      loc, first.get(),
      getValueOrCreateConstantIndexOp(builder, loc, range.offset)));
}

/// for blocks of queries: mass += weights of the block, over the queries
///
/// `op` is a batch element and a range of its keys, whose mass is `mass`;
/// `position` is where its states are.
static FailureOr<Value> buildBlocks(RewriterBase &rewriter, FusedOp op,
                                    BlockSizes sizes, const DataMasks &masks,
                                    ValueRange states,
                                    ArrayRef<OpFoldResult> position,
                                    Value mass) {
  Location loc = op.getLoc();
  auto toValue = [&](OpFoldResult value) {
    return getValueOrCreateConstantIndexOp(rewriter, loc, value);
  };
  QueryBlocks blocks(rewriter, op, sizes.queries);
  // One for all blocks: the stack has room for one.
  Value scratch = BlockBuilder(rewriter, op, sizes, masks).buildTileScratch();
  OpFoldResult zero = rewriter.getIndexAttr(0), one = rewriter.getIndexAttr(1);
  auto loop = scf::ForOp::create(rewriter, loc, toValue(zero),
                                 toValue(blocks.buildNumbers().back()),
                                 toValue(one), mass);
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(loop.getBody());
  SmallVector<OpFoldResult> inElement(op.getNumBatch(), zero);
  inElement.push_back(loop.getInductionVar());
  FailureOr<TilingResult> tile = blocks.buildTile(inElement);
  if (failed(tile))
    return failure();
  auto block = cast<FusedOp>(tile->tiledOps.front());
  rewriter.setInsertionPoint(block);
  SmallVector<OpFoldResult> ofBlock(position);
  ofBlock.push_back(loop.getInductionVar());
  SmallVector<Value> state;
  for (Value all : states)
    state.push_back(
        StateSlice(rewriter, loc, all, ofBlock).extract(rewriter, loc));
  Value next = BlockBuilder(rewriter, block, sizes, masks)
                   .buildMass(state, scratch, loop.getRegionIterArg(0));
  scf::YieldOp::create(rewriter, loc, next);
  rewriter.eraseOp(block);
  eraseUnused(rewriter, tile->generatedSlices);
  return loop.getResult(0);
}

Value attention::buildColumnMass(RewriterBase &rewriter, FusedOp op,
                                 FusedOp rows, BlockSizes sizes,
                                 const DataMasks &masks, ValueRange states) {
  Location loc = op.getLoc();
  unsigned keyDim = op.getKeyDim(), numBatch = op.getNumBatch();
  unsigned number = op.getOuts().size() - 1;
  AffineMap map = op.getOutputMap(number);
  QueryBlocks blocks(rewriter, rows, sizes.queries);
  OpFoldResult numKeys = blocks.getExtent(keyDim);
  OpFoldResult numParts =
      buildNumKeyParts(rewriter, loc, numKeys,
                       {getTargetFacts(op).parallelism, /*isFixed=*/false});
  Value numPartKeys =
      buildNumPartKeys(rewriter, loc, numKeys, numParts, sizes.keys);
  SmallVector<OpFoldResult> numbers;
  for (unsigned dim = 0; dim < numBatch; ++dim)
    numbers.push_back(blocks.getExtent(dim));
  numbers.push_back(numParts);
  auto loop = scf::ForallOp::create(rewriter, loc, numbers,
                                    ValueRange(op.getOuts()[number]),
                                    /*mapping=*/std::nullopt);
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(loop.getTerminator());
  SmallVector<OpFoldResult> position =
      getAsOpFoldResult(loop.getInductionVars());
  KeyRange range = buildKeyRange(rewriter, loc, position.pop_back_val(),
                                 numPartKeys, numKeys);
  FailureOr<TilingResult> tile = blocks.buildBatchElement(position);
  assert(succeeded(tile) && "as blocks of its queries have been made");
  auto element = cast<FusedOp>(tile->tiledOps.front());
  rewriter.setInsertionPoint(element);
  restrictKeys(rewriter, element, range);

  SmallVector<OpFoldResult> offsets, extents;
  for (AffineExpr result : map.getResults()) {
    unsigned dim = cast<AffineDimExpr>(result).getPosition();
    offsets.push_back(dim == keyDim ? range.offset : position[dim]);
    extents.push_back(dim == keyDim ? range.size : rewriter.getIndexAttr(1));
  }
  SmallVector<OpFoldResult> strides(offsets.size(), rewriter.getIndexAttr(1));
  Value all = loop.getRegionIterArgs().front();
  Value part = tensor::ExtractSliceOp::create(rewriter, loc, all, offsets,
                                              extents, strides);
  Value zero = arith::ConstantOp::create(
      rewriter, loc, rewriter.getFloatAttr(op.getComputeType(), 0.0));
  Value mass = buildRow(rewriter, loc, part, map, keyDim);
  mass = linalg::FillOp::create(rewriter, loc, zero, mass).getResult(0);
  FailureOr<Value> sums =
      buildBlocks(rewriter, element, sizes, masks, states, position, mass);
  assert(succeeded(sums) && "as blocks of its queries have been made");
  part = buildInsertion(rewriter, loc, *sums, part);
  rewriter.setInsertionPointToStart(loop.getTerminator().getBody());
  tensor::ParallelInsertSliceOp::create(rewriter, loc, part, all, offsets,
                                        extents, strides);
  rewriter.eraseOp(element);
  eraseUnused(rewriter, tile->generatedSlices);
  return loop.getResult(0);
}
