//===- DataMasks.cpp - Masks that only run time knows, by block -----------===//
//
// What a region loads at the queries or at the keys of a block is reduced to
// its least and greatest first, a number of loads that grows with the rows; a
// block of pairs then costs a few comparisons. Boolean tensors are read as a
// whole.
//
//===----------------------------------------------------------------------===//

#include "DataMasks.h"

#include "RegionIntervals.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
class DataMaskBuilder {
public:
  DataMaskBuilder(OpBuilder &builder, FusedOp op, BlockSizes sizes)
      : builder(builder), loc(op.getLoc()), op(op), sizes(sizes),
        numBatch(op.getNumBatch()) {}

  DataMasks build();

private:
  /// Computes numbers of an element of the iteration space of blocks.
  using Body = function_ref<SmallVector<Value>(ValueRange blocks)>;

  /// What a load gives in the blocks of queries or of keys.
  struct LoadBounds {
    Value bounds;
    SmallVector<bool> dependsOn;
  };

  AffineExpr dim(unsigned position) {
    return builder.getAffineDimExpr(position);
  }
  OpFoldResult apply(AffineExpr expr, ArrayRef<OpFoldResult> operands) {
    return affine::makeComposedFoldedAffineApply(builder, loc, expr, operands);
  }
  Value toValue(OpFoldResult value) {
    return getValueOrCreateConstantIndexOp(builder, loc, value);
  }
  void findExtents();
  SmallVector<bool> getDependences(Value value, Region &region);
  Interval buildInterval(unsigned dim, Value block);
  Value buildTable(ArrayRef<bool> dependsOn, Type type, int64_t numValues,
                   Body body);
  void buildLoadBounds(Region &region);
  void bindArguments(IntervalEvaluator &evaluator, Region &region,
                     ArrayRef<bool> dependsOn, ValueRange blocks);
  MaybeInterval readBounds(Operation *load, ValueRange blocks);
  void addWhere(unsigned index, Region &region);
  void addKeep(unsigned index, const ScoreChange &change);
  SmallVector<Value> buildClass(Interval interval);

  OpBuilder &builder;
  Location loc;
  FusedOp op;
  BlockSizes sizes;
  unsigned numBatch;
  DataMasks result;
  /// Of the iteration space (b…, i, j).
  SmallVector<OpFoldResult> firsts, extents;
  DenseMap<Operation *, LoadBounds> loads;
};
} // namespace

/// The index of the first pair, and the extents.
void DataMaskBuilder::findExtents() {
  for (unsigned d = 0; d < numBatch + 2; ++d)
    firsts.push_back(op.getOrigin().empty()
                         ? OpFoldResult(builder.getIndexAttr(0))
                         : OpFoldResult(op.getOrigin()[d]));
  SmallVector<Range> domain =
      cast<TilingInterface>(op.getOperation()).getIterationDomain(builder);
  for (unsigned d = 0; d < numBatch + 2; ++d)
    extents.push_back(domain[d].size);
}

/// Which dimensions (b…, i, j) a value in a region of them depends on.
SmallVector<bool> DataMaskBuilder::getDependences(Value value, Region &region) {
  SmallVector<bool> result(numBatch + 2, false);
  SmallVector<Value> worklist = {value};
  DenseSet<Value> seen;
  while (!worklist.empty()) {
    Value current = worklist.pop_back_val();
    if (!seen.insert(current).second)
      continue;
    if (auto argument = dyn_cast<BlockArgument>(current)) {
      if (argument.getOwner()->getParent() == &region)
        result[argument.getArgNumber()] = true;
    } else if (current.getDefiningOp()->getParentRegion() == &region) {
      llvm::append_range(worklist, current.getDefiningOp()->getOperands());
    }
  }
  return result;
}

/// The indices of a block along a dimension, within the extent.
Interval DataMaskBuilder::buildInterval(unsigned d, Value block) {
  int64_t size = d == numBatch ? sizes.queries : d > numBatch ? sizes.keys : 1;
  OpFoldResult offset = apply(dim(0) * size, {OpFoldResult(block)});
  OpFoldResult end = affine::makeComposedFoldedAffineMin(
      builder, loc,
      AffineMap::get(2, 0, {dim(0) + size, dim(1)}, builder.getContext()),
      {offset, extents[d]});
  auto toNumber = [&](AffineExpr expr, OpFoldResult local) -> Value {
    return arith::IndexCastOp::create(builder, loc, builder.getI64Type(),
                                      toValue(apply(expr, {firsts[d], local})));
  };
  return {toNumber(dim(0) + dim(1), offset),
          toNumber(dim(0) + dim(1) - 1, end)};
}

/// A tensor [b…, blocks of queries, blocks of keys, numValues], of extent 1
/// where `dependsOn` does not say otherwise: in parallel over the first of its
/// dimensions but the last.
Value DataMaskBuilder::buildTable(ArrayRef<bool> dependsOn, Type type,
                                  int64_t numValues, Body body) {
  SmallVector<OpFoldResult> shape;
  for (auto [d, depends] : llvm::enumerate(dependsOn)) {
    OpFoldResult size = builder.getIndexAttr(1);
    if (depends) {
      int64_t block = d == numBatch  ? sizes.queries
                      : d > numBatch ? sizes.keys
                                     : 1;
      // One at least: who looks beyond the last finds something to read.
      size = affine::makeComposedFoldedAffineMax(
          builder, loc,
          AffineMap::get(
              1, 0, {dim(0).ceilDiv(block), builder.getAffineConstantExpr(1)},
              builder.getContext()),
          {extents[d]});
    }
    shape.push_back(size);
  }
  unsigned numDims = shape.size(), last = numDims - 1;
  shape.push_back(builder.getIndexAttr(numValues));
  Value table = tensor::EmptyOp::create(builder, loc, shape, type);

  ArrayRef<OpFoldResult> parallel = ArrayRef(shape).take_front(last);
  auto forall = scf::ForallOp::create(builder, loc, parallel, ValueRange(table),
                                      /*mapping=*/std::nullopt);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(forall.getBody());
  SmallVector<OpFoldResult> offsets =
      getAsOpFoldResult(forall.getInductionVars());
  SmallVector<OpFoldResult> rowSizes(last, builder.getIndexAttr(1));
  offsets.append(2, builder.getIndexAttr(0));
  rowSizes.append({shape[last], shape.back()});
  SmallVector<OpFoldResult> strides(shape.size(), builder.getIndexAttr(1));
  auto rowType = RankedTensorType::get(
      {getConstantIntValue(shape[last]).value_or(ShapedType::kDynamic),
       numValues},
      type);
  Value row = tensor::ExtractSliceOp::create(builder, loc, rowType,
                                             forall.getRegionIterArgs().front(),
                                             offsets, rowSizes, strides);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto loop = scf::ForOp::create(
      builder, loc, zero, toValue(shape[last]), one, row,
      [&](OpBuilder &, Location, Value block, ValueRange current) {
        SmallVector<Value> blocks(forall.getInductionVars());
        blocks.push_back(block);
        Value filled = current.front();
        for (auto [position, value] : llvm::enumerate(body(blocks))) {
          Value at = arith::ConstantIndexOp::create(builder, loc, position);
          filled = tensor::InsertOp::create(builder, loc, value, filled,
                                            ValueRange{block, at});
        }
        scf::YieldOp::create(builder, loc, filled);
      });
  builder.setInsertionPointToStart(forall.getTerminator().getBody());
  tensor::ParallelInsertSliceOp::create(builder, loc, loop.getResult(0),
                                        forall.getRegionIterArgs().front(),
                                        offsets, rowSizes, strides);
  return forall.getResult(0);
}

/// Binds the arguments of a region to what they are in a block. Those that
/// nothing depends on are left out.
void DataMaskBuilder::bindArguments(IntervalEvaluator &evaluator,
                                    Region &region, ArrayRef<bool> dependsOn,
                                    ValueRange blocks) {
  for (auto [d, depends] : llvm::enumerate(dependsOn))
    if (depends)
      evaluator.bind(region.getArgument(d), buildInterval(d, blocks[d]));
}

/// The bounds of a load at a block, from its table.
MaybeInterval DataMaskBuilder::readBounds(Operation *load, ValueRange blocks) {
  auto found = loads.find(load);
  if (found == loads.end())
    return std::nullopt;
  SmallVector<Value> position;
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  for (auto [depends, block] : llvm::zip(found->second.dependsOn, blocks))
    position.push_back(depends ? block : zero);
  auto read = [&](int64_t index) -> Value {
    SmallVector<Value> at(position);
    at.push_back(arith::ConstantIndexOp::create(builder, loc, index));
    return tensor::ExtractOp::create(builder, loc, found->second.bounds, at);
  };
  return Interval{read(0), read(1)};
}

/// Tables for the loads that depend on the query or on the key, not on both.
void DataMaskBuilder::buildLoadBounds(Region &region) {
  auto none = [](Operation *) -> MaybeInterval { return std::nullopt; };
  for (auto load : region.getOps<tensor::ExtractOp>()) {
    SmallVector<bool> dependsOn = getDependences(load.getResult(), region);
    Type type = load.getType();
    if ((dependsOn[numBatch] && dependsOn[numBatch + 1]) ||
        !(type.isIndex() || type.isSignlessInteger()) ||
        (type.isSignlessInteger() && type.getIntOrFloatBitWidth() > 64))
      continue;
    IntervalEvaluator test(builder, loc, &region, none);
    if (!llvm::all_of(load.getIndices(),
                      [&](Value index) { return test.countsPairs(index); }))
      continue;
    Value bounds =
        buildTable(dependsOn, builder.getI64Type(), /*numValues=*/2,
                   [&](ValueRange blocks) {
                     IntervalEvaluator evaluator(builder, loc, &region, none);
                     bindArguments(evaluator, region, dependsOn, blocks);
                     Interval interval = *evaluator.evaluate(load.getResult());
                     return SmallVector<Value>{interval.least, interval.most};
                   });
    loads[load] = {bounds, dependsOn};
  }
}

/// 0 for no, 2 for all, 1 for what may be some.
SmallVector<Value> DataMaskBuilder::buildClass(Interval interval) {
  Value sum =
      arith::AddIOp::create(builder, loc, interval.least, interval.most);
  return {arith::TruncIOp::create(builder, loc, builder.getI8Type(), sum)};
}

void DataMaskBuilder::addWhere(unsigned index, Region &region) {
  Value kept = region.front().back().getOperand(0);
  SmallVector<bool> dependsOn = getDependences(kept, region);
  buildLoadBounds(region);
  bool isKnown = true;
  Value classes = buildTable(
      dependsOn, builder.getI8Type(), /*numValues=*/1, [&](ValueRange blocks) {
        IntervalEvaluator evaluator(
            builder, loc, &region,
            [&](Operation *load) { return readBounds(load, blocks); });
        bindArguments(evaluator, region, dependsOn, blocks);
        MaybeInterval interval = evaluator.evaluate(kept);
        isKnown = interval.has_value();
        if (!isKnown)
          interval = Interval{evaluator.constant(0), evaluator.constant(1)};
        return buildClass(*interval);
      });
  // What was built for nothing has no use and goes.
  if (isKnown)
    result.masks.push_back({index, classes, dependsOn});
}

void DataMaskBuilder::addKeep(unsigned index, const ScoreChange &change) {
  SmallVector<bool> dependsOn(numBatch + 2, false);
  for (AffineExpr expr : change.map.getResults())
    expr.walk([&](AffineExpr part) {
      if (auto position = dyn_cast<AffineDimExpr>(part))
        dependsOn[position.getPosition()] = true;
    });
  // Elements that one batch element reads are not worth reading twice.
  bool isShared = !dependsOn[numBatch] || !dependsOn[numBatch + 1];
  for (unsigned d = 0; d < numBatch; ++d)
    isShared |= !dependsOn[d] && getConstantIntValue(extents[d]) != 1;
  if (!isShared)
    return;
  auto none = [](Operation *) -> MaybeInterval { return std::nullopt; };
  Value classes = buildTable(
      dependsOn, builder.getI8Type(), /*numValues=*/1, [&](ValueRange blocks) {
        IntervalEvaluator evaluator(builder, loc, /*region=*/nullptr, none);
        SmallVector<Interval> indices;
        for (AffineExpr expr : change.map.getResults()) {
          // A dimension, a quotient of one, or 0.
          int64_t divisor = 1;
          if (auto quotient = dyn_cast<AffineBinaryOpExpr>(expr)) {
            divisor = cast<AffineConstantExpr>(quotient.getRHS()).getValue();
            expr = quotient.getLHS();
          }
          auto position = dyn_cast<AffineDimExpr>(expr);
          if (!position) {
            indices.push_back({evaluator.constant(0), evaluator.constant(0)});
            continue;
          }
          Interval interval = buildInterval(position.getPosition(),
                                            blocks[position.getPosition()]);
          Value by = evaluator.constant(divisor);
          auto divide = [&](Value value) {
            return builder.createOrFold<arith::DivUIOp>(loc, value, by);
          };
          // Nowhere beyond the tensor, even where there are no pairs.
          indices.push_back({divide(interval.least), divide(interval.most)});
        }
        return buildClass(evaluator.evaluateElements(change.tensor, indices));
      });
  result.masks.push_back({index, classes, dependsOn});
}

DataMasks DataMaskBuilder::build() {
  findExtents();
  result.firsts = firsts;
  result.sizes = sizes;
  for (auto [index, change] : llvm::enumerate(op.getScoreChanges())) {
    if (change.kind == ScoreChangeKind::Where)
      addWhere(index, *change.region);
    else if (change.kind == ScoreChangeKind::Keep)
      addKeep(index, change);
  }
  return result;
}

DataMasks attention::buildDataMasks(OpBuilder &builder, FusedOp op,
                                    BlockSizes sizes) {
  return DataMaskBuilder(builder, op, sizes).build();
}
