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

/// Leaves `op`, a batch element, a range of its keys. Its values are not read
/// and stay.
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
      blocks.buildFromBlock(inElement, [&](FusedOp block) {
        SmallVector<OpFoldResult> ofBlock(position);
        ofBlock.push_back(loop.getInductionVar());
        SmallVector<Value> state;
        for (Value all : states)
          state.push_back(
              StateSlice(rewriter, loc, all, ofBlock).extract(rewriter, loc));
        return SmallVector<Value>{
            BlockBuilder(rewriter, block, sizes, masks)
                .buildMass(state, scratch, loop.getRegionIterArg(0))};
      });
  assert(succeeded(next) && "as blocks of its queries have been made");
  scf::YieldOp::create(rewriter, loc, *next);
  return loop.getResult(0);
}

Value attention::buildColumnMass(RewriterBase &rewriter, FusedOp op,
                                 FusedOp rows, BlockSizes sizes,
                                 const MaskAnalysis &masks, ValueRange states) {
  Location loc = op.getLoc();
  IndexOps ops(rewriter, loc);
  unsigned keyDim = op.getKeyDim();
  unsigned number = op.getOuts().size() - 1;
  AffineMap map = op.getOutputMap(number);
  QueryBlocks blocks(rewriter, rows, sizes.queries);
  OpFoldResult numKeys = blocks.getExtent(keyDim);
  OpFoldResult numParts =
      buildNumKeyParts(rewriter, loc, numKeys,
                       {getTargetFacts(op).parallelism, /*isFixed=*/false});
  SmallVector<OpFoldResult> numbers;
  for (unsigned dim = 0; dim < op.getNumBatch(); ++dim)
    numbers.push_back(blocks.getExtent(dim));
  numbers.push_back(numParts);
  auto loop = scf::ForallOp::create(rewriter, loc, numbers,
                                    ValueRange(op.getOuts()[number]),
                                    /*mapping=*/std::nullopt);
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(loop.getTerminator());
  SmallVector<OpFoldResult> position =
      getAsOpFoldResult(loop.getInductionVars());
  KeyRange keys =
      buildPartOfKeys(rewriter, loc, {ops.constant(0), numKeys},
                      {position.pop_back_val(), numParts}, sizes.keys);
  OpFoldResult numPartKeys = ops.sub(keys.end, keys.begin);

  SmallVector<OpFoldResult> offsets, extents;
  for (AffineExpr result : map.getResults()) {
    unsigned dim = cast<AffineDimExpr>(result).getPosition();
    offsets.push_back(dim == keyDim ? keys.begin : position[dim]);
    extents.push_back(dim == keyDim ? numPartKeys : ops.constant(1));
  }
  SmallVector<OpFoldResult> strides(offsets.size(), ops.constant(1));
  Value all = loop.getRegionIterArgs().front();
  Value part = tensor::ExtractSliceOp::create(rewriter, loc, all, offsets,
                                              extents, strides);
  Value zero = arith::ConstantOp::create(
      rewriter, loc, rewriter.getFloatAttr(op.getComputeType(), 0.0));
  Value mass = buildRow(rewriter, loc, part, map, keyDim);
  mass = linalg::FillOp::create(rewriter, loc, zero, mass).getResult(0);
  FailureOr<SmallVector<Value>> sums =
      blocks.buildFromBatchElement(position, [&](FusedOp element) {
        restrictKeys(rewriter, element, keys.begin, numPartKeys);
        return SmallVector<Value>{buildBlocks(rewriter, element, sizes, masks,
                                              states, position, mass)};
      });
  assert(succeeded(sums) && "as blocks of its queries have been made");
  part = buildInsertion(rewriter, loc, sums->front(), part);
  rewriter.setInsertionPointToStart(loop.getTerminator().getBody());
  tensor::ParallelInsertSliceOp::create(rewriter, loc, part, all, offsets,
                                        extents, strides);
  return loop.getResult(0);
}
