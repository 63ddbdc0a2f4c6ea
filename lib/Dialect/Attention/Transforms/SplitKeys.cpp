//===- SplitKeys.cpp - Keys read in parts at the same time ----------------===//
//
// By hand and not by tileUsingSCF, which takes parallel and partial reduction
// loops apart only: nested loops would leave most threads without work.
//
//===----------------------------------------------------------------------===//

#include "SplitKeys.h"

#include "Attention/Dialect/Attention/Transforms/KeyParts.h"
#include "BlockBuilder.h"
#include "BlockOperands.h"
#include "QueryBlocks.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::attention;

/// The static extent of a dimension of the iteration space, if it is known.
static int64_t getStaticExtent(Value value, AffineMap map, unsigned dim) {
  unsigned position =
      *map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
  return cast<RankedTensorType>(value.getType()).getDimSize(position);
}

static int64_t getNumKeys(FusedOp op) {
  return getStaticExtent(op.getKey(), op.getKeyMap(), op.getKeyDim());
}

KeySplit attention::chooseKeySplit(const TargetFacts &facts, FusedOp op,
                                   BlockSizes sizes) {
  int64_t numItems = 1;
  for (unsigned dim = 0; dim <= op.getQueryDim(); ++dim) {
    int64_t extent = getStaticExtent(op.getOuts()[0], op.getOutputMap(0), dim);
    if (ShapedType::isDynamic(extent))
      return {};
    if (dim == op.getQueryDim())
      extent = llvm::divideCeil(extent, sizes.queries);
    numItems *= extent;
  }
  int64_t most = chooseMostKeyParts(facts, numItems);
  int64_t numKeys = getNumKeys(op);
  if (ShapedType::isDynamic(numKeys))
    return {most, /*isFixed=*/false};
  return {chooseKeyParts(numKeys, most), /*isFixed=*/true};
}

/// At run time, chooseKeyParts.
OpFoldResult attention::buildNumKeyParts(OpBuilder &builder, Location loc,
                                         OpFoldResult numKeys, KeySplit split) {
  if (split.isFixed)
    return builder.getIndexAttr(split.most);
  AffineExpr keys = builder.getAffineDimExpr(0);
  AffineMap atMost = AffineMap::get(
      1, 0,
      {keys.floorDiv(minPartKeys), builder.getAffineConstantExpr(split.most)},
      builder.getContext());
  OpFoldResult parts =
      affine::makeComposedFoldedAffineMin(builder, loc, atMost, {numKeys});
  AffineMap atLeast = AffineMap::get(
      1, 0, {keys, builder.getAffineConstantExpr(1)}, builder.getContext());
  return affine::makeComposedFoldedAffineMax(builder, loc, atLeast, {parts});
}

SmallVector<Value>
attention::buildStatesOfBlock(OpBuilder &builder, Location loc,
                              const PartialStates &partial,
                              ArrayRef<OpFoldResult> position) {
  SmallVector<Value> result;
  for (Value states : partial.states)
    result.push_back(
        StateSlice(builder, loc, states, position, partial.numParts)
            .extract(builder, loc));
  return result;
}

/// Scratch for the values of a state at each of `numbers`.
static SmallVector<Value> buildScratchOfStates(OpBuilder &builder, FusedOp op,
                                               ArrayRef<OpFoldResult> numbers,
                                               OpFoldResult numValueFeatures,
                                               OpFoldResult lanes) {
  SmallVector<Value> scratch;
  for (const StateShape &shape : getStateShapes(op, numValueFeatures, lanes)) {
    SmallVector<OpFoldResult> extents(numbers);
    llvm::append_range(extents, shape.extents);
    scratch.push_back(
        buildScratch(builder, op.getLoc(), shape.elementType, extents));
  }
  return scratch;
}

FailureOr<PartialStates>
attention::buildPartialStates(RewriterBase &rewriter, FusedOp op,
                              BlockSizes sizes, const MaskAnalysis &masks,
                              KeySplit split) {
  Location loc = op.getLoc();
  QueryBlocks blocks(rewriter, op, sizes.queries);
  OpFoldResult numParts =
      buildNumKeyParts(rewriter, loc, blocks.getExtent(op.getKeyDim()), split);
  SmallVector<OpFoldResult> numbers = blocks.buildNumbers();
  numbers.push_back(rewriter.getIndexAttr(split.most));
  SmallVector<Value> scratch = buildScratchOfStates(
      rewriter, op, numbers, blocks.getExtent(op.getValueDim()),
      rewriter.getIndexAttr(sizes.queries));
  numbers.back() = numParts;

  auto loop = scf::ForallOp::create(rewriter, loc, numbers, scratch,
                                    /*mapping=*/std::nullopt);
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(loop.getTerminator());
  SmallVector<OpFoldResult> position =
      getAsOpFoldResult(loop.getInductionVars());
  SmallVector<StateSlice> slices;
  FailureOr<SmallVector<Value>> state =
      blocks.buildFrom(ArrayRef(position).drop_back(), [&](FusedOp block) {
        SmallVector<Value> outs;
        for (Value states : loop.getRegionIterArgs()) {
          slices.emplace_back(rewriter, loc, states, position);
          outs.push_back(slices.back().extract(rewriter, loc));
        }
        return BlockBuilder(rewriter, block, sizes, masks)
            .buildPartialState({position.back(), numParts}, outs);
      });
  if (failed(state)) {
    rewriter.eraseOp(loop);
    return failure();
  }
  rewriter.setInsertionPointToStart(loop.getTerminator().getBody());
  for (auto [slice, value] : llvm::zip_equal(slices, *state))
    slice.insert(rewriter, loc, value);
  return PartialStates{llvm::to_vector_of<Value>(loop.getResults()), numParts};
}
