//===- KeyLoops.cpp - Loops over blocks of keys ---------------------------===//
//
// Where the visible keys are one range, and the full ones among them another,
// up to three loops in a row; else a loop over segments with those loops
// inside.
//
//===----------------------------------------------------------------------===//

#include "KeyLoops.h"

#include "BlockOperands.h"
#include "KeyBounds.h"
#include "MaskedSweep.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace mlir::attention;

/// A symbol of a set at a batch element, as an index.
static Value buildSymbol(OpBuilder &builder, Location loc, Value symbol,
                         ValueRange batch) {
  if (auto type = dyn_cast<RankedTensorType>(symbol.getType()))
    symbol = tensor::ExtractOp::create(builder, loc, symbol,
                                       batch.take_front(type.getRank()));
  if (symbol.getType().isIndex())
    return symbol;
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    symbol);
}

/// Whether the visible keys are one range and full ones one range among them.
static bool isOneRange(const KeyAnalysis &analysis) {
  if (analysis.visible.size() != 1)
    return false;
  const KeyFamily &visible = analysis.visible.front();
  if (visible.period != 0)
    return visible.fillsGaps;
  return llvm::all_of(analysis.notAll, [](const auto &members) {
    return members.size() == 1 &&
           llvm::all_of(members.front(), [](const KeyFamily &family) {
             if (family.period != 0)
               return false;
             bool isAfter = family.uppers.empty();
             bool isBefore = family.lowers.empty() && family.conditions.empty();
             return isAfter || isBefore;
           });
  });
}

namespace {
class KeyLoopBuilder {
public:
  KeyLoopBuilder(RewriterBase &rewriter, FusedOp op, const QueryBlock &queries,
                 int64_t numBlockKeys, const DataMasks &masks,
                 std::optional<KeyPart> part, BuildKeyBlock buildBlock)
      : builder(rewriter), loc(op.getLoc()), op(op), queries(queries),
        numBlockKeys(numBlockKeys), masks(masks), part(part),
        origin(op.getOrigin()), ops(builder, loc), buildBlock(buildBlock) {}

  SmallVector<Value> build(SmallVector<Value> state);

private:
  using State = SmallVector<Value>;
  using Sweep = KeySweep<IndexOps>;

  DestinationStyleOpInterface buildPrototype(MappedValue key,
                                             ArrayRef<ScoreChange> changes,
                                             ValueRange state);
  void restrictToPart(const KeyAnalysis &analysis);
  State buildRanges(const KeyAnalysis &analysis, State state);
  State buildFullRange(OpFoldResult begin, OpFoldResult end, bool isLast,
                       OpFoldResult &next, State state);
  State buildSegments(const KeyAnalysis &analysis, State state);

  /// for j = begin to end step keys: state = op(tile, keys [j, j + keys))
  /// with begin and end in global indices.
  SmallVector<Value> buildKeyLoop(DestinationStyleOpInterface prototype,
                                  OpFoldResult begin, OpFoldResult end,
                                  bool isStatic, SmallVector<Value> state) {
    if (isEqualConstantIntOrValue(begin, end))
      return state;
    begin = ops.sub(begin, firstKey);
    end = ops.sub(end, firstKey);
    auto toValue = [&](OpFoldResult value) { return ops.toValue(value); };
    OpBuilder::InsertionGuard guard(builder);
    auto loop = scf::ForOp::create(
        builder, loc, toValue(begin), toValue(end),
        toValue(builder.getIndexAttr(numBlockKeys)), state,
        [&](OpBuilder &, Location, Value j, ValueRange current) {
          OpFoldResult size = builder.getIndexAttr(numBlockKeys);
          if (!isStatic) {
            AffineExpr first, last;
            bindDims(builder.getContext(), first, last);
            AffineMap map = AffineMap::get(
                2, 0,
                {builder.getAffineConstantExpr(numBlockKeys), last - first},
                builder.getContext());
            size = affine::makeComposedFoldedAffineMin(builder, loc, map,
                                                       {j, end});
          }
          scf::YieldOp::create(builder, loc,
                               buildKeyTile(prototype, j, size, current));
        });
    return loop.getResults();
  }

  /// The tile of `prototype` on keys [j, j + size), which updates `state`.
  SmallVector<Value> buildKeyTile(DestinationStyleOpInterface prototype,
                                  Value j, OpFoldResult size,
                                  ValueRange state) {
    prototype.getDpsInitsMutable().assign(state);
    auto tiling = cast<TilingInterface>(prototype.getOperation());
    // A tile of keys is always possible.
    Operation *tile =
        tiling.getTiledImplementation(builder, {j}, {size})->tiledOps.front();
    ValueRange inits = cast<DestinationStyleOpInterface>(tile).getDpsInits();
    SmallVector<Value> next;
    for (OpResult result : tile->getResults()) {
      unsigned number = result.getResultNumber();
      if (inits[number] == state[number]) {
        next.push_back(result);
        continue;
      }
      SmallVector<OpFoldResult> offsets, sizes;
      LogicalResult found = tiling.getResultTilePosition(
          builder, number, {j}, {size}, offsets, sizes);
      assert(succeeded(found) && "as there is a tile");
      (void)found;
      SmallVector<OpFoldResult> strides(offsets.size(),
                                        builder.getIndexAttr(1));
      next.push_back(tensor::InsertSliceOp::create(
          builder, loc, result, state[number], offsets, sizes, strides));
    }
    return next;
  }

  RewriterBase &builder;
  Location loc;
  FusedOp op;
  const QueryBlock &queries;
  int64_t numBlockKeys;
  const DataMasks &masks;
  std::optional<KeyPart> part;
  SmallVector<Value> origin;
  IndexOps ops;
  /// Global index of the first key there is.
  OpFoldResult firstKey;
  /// Global indices of the keys to visit: all of them, or a part.
  OpFoldResult beginKey, endKey;
  /// A block of full keys and one of others, before tiling.
  DestinationStyleOpInterface fullBlock, partialBlock;
  BuildKeyBlock buildBlock;
};
} // namespace

DestinationStyleOpInterface
KeyLoopBuilder::buildPrototype(MappedValue key, ArrayRef<ScoreChange> changes,
                               ValueRange state) {
  Value live =
      getValueOrCreateConstantIndexOp(builder, loc, queries.numQueries);
  return buildBlock({queries.tile, key, &op.getCombine(), op.getParameters(),
                     queries.scale, llvm::to_vector(changes), origin, live},
                    state);
}

SmallVector<Value> KeyLoopBuilder::build(SmallVector<Value> state) {
  MappedValue key = buildMatrix(builder, loc, op.getKey(), op.getKeyMap(),
                                op.getKeyDim(), op.getFeatureDim());
  unsigned numBatch = op.getNumBatch();
  ValueRange batch = ValueRange(origin).take_front(numBatch);
  SmallVector<ScoreChange> changes = op.getScoreChanges();
  for (ScoreChange &change : changes)
    for (auto &members : change.sets)
      for (MaskSet &member : members)
        for (Value &symbol : member.symbols)
          symbol = buildSymbol(builder, loc, symbol, batch);

  // Full blocks need no mask that says of the block that it keeps all.
  SmallVector<ScoreChange> unclassed;
  for (auto [index, change] : llvm::enumerate(changes))
    if (llvm::none_of(masks.masks, [&, position = index](const auto &mask) {
          return mask.change == position;
        }))
      unclassed.push_back(change);
  ChangesAnalysis analysis = analyzeScoreChanges(
      builder.getContext(), numBatch, unclassed,
      {cast<ShapedType>(queries.tile.getType()).getShape().back(),
       numBlockKeys});
  for (const std::string &reason : analysis.keys.reasons)
    remark::missed(
        loc, remark::RemarkOpts::name("KeyRange").category("attention-tile"))
        << "a mask's keys are not all told apart: " << reason;
  SmallVector<OpFoldResult> dims = getAsOpFoldResult(batch);
  dims.push_back(origin[numBatch]);
  dims.push_back(queries.numQueries);
  ops.bind(dims, getAsOpFoldResult(analysis.symbols), analysis.keys.terms);
  firstKey = getAsOpFoldResult(origin[numBatch + 1]);
  beginKey = firstKey;
  endKey = ops.add(firstKey, getExtent(builder, loc, key, 0));
  if (part)
    restrictToPart(analysis.keys);

  fullBlock = buildPrototype(key, analysis.undecided, state);
  partialBlock = buildPrototype(key, changes, state);
  state = masks.masks.empty() && isOneRange(analysis.keys)
              ? buildRanges(analysis.keys, state)
              : buildSegments(analysis.keys, state);
  builder.eraseOp(fullBlock);
  builder.eraseOp(partialBlock);
  return state;
}

/// Leaves what the part has of the keys. All parts have as many, whole blocks,
/// of those from the first that is visible to the last.
void KeyLoopBuilder::restrictToPart(const KeyAnalysis &analysis) {
  if (analysis.visible.size() == 1) {
    Sweep sweep(ops, analysis, beginKey, endKey);
    const Sweep::Run &visible = sweep.getVisible().front();
    OpFoldResult end = ops.add(visible.last, ops.constant(1));
    beginKey = visible.first;
    endKey = ops.max(beginKey, end);
  }
  Value begin = ops.toValue(beginKey), end = ops.toValue(endKey);
  Value index = ops.toValue(part->index), count = ops.toValue(part->count);
  Value block = arith::ConstantIndexOp::create(builder, loc, numBlockKeys);
  Value numPartKeys = arith::MulIOp::create(builder, loc, count, block);
  Value numKeys = arith::SubIOp::create(builder, loc, end, begin);
  numPartKeys = arith::CeilDivUIOp::create(builder, loc, numKeys, numPartKeys);
  numPartKeys = arith::MulIOp::create(builder, loc, numPartKeys, block);
  Value offset = arith::MulIOp::create(builder, loc, index, numPartKeys);
  beginKey = ops.min(ops.add(beginKey, offset), endKey);
  endKey = ops.min(ops.add(beginKey, numPartKeys), endKey);
}

/// Blocks of static size; what is left is for the next range, or is the last,
/// shorter block.
SmallVector<Value> KeyLoopBuilder::buildFullRange(OpFoldResult begin,
                                                  OpFoldResult end, bool isLast,
                                                  OpFoldResult &next,
                                                  State state) {
  OpFoldResult size =
      ops.mul(ops.floorDiv(ops.sub(end, begin), numBlockKeys), numBlockKeys);
  next = ops.add(begin, size);
  state = buildKeyLoop(fullBlock, begin, next, /*isStatic=*/true, state);
  if (isLast)
    state = buildKeyLoop(fullBlock, next, end, /*isStatic=*/false, state);
  return state;
}

/// Partial keys, full keys, partial keys; those on either side only where there
/// can be some.
SmallVector<Value> KeyLoopBuilder::buildRanges(const KeyAnalysis &analysis,
                                               State state) {
  Sweep sweep(ops, analysis, beginKey, endKey);
  const Sweep::Run &visible = sweep.getVisible().front();
  OpFoldResult begin = visible.first;
  OpFoldResult end = ops.add(visible.last, ops.constant(1));
  if (visible.fillsGaps)
    return buildKeyLoop(partialBlock, begin, end, /*isStatic=*/false, state);
  OpFoldResult fullBegin = begin, fullEnd = end;
  bool hasBefore = false, hasAfter = false;
  for (const auto &members : sweep.getNotAll())
    for (const Sweep::Run &run : members.front()) {
      if (run.isBefore) {
        hasBefore = true;
        fullBegin = ops.max(fullBegin, ops.add(run.last, ops.constant(1)));
      } else {
        hasAfter = true;
        fullEnd = ops.min(fullEnd, run.first);
      }
    }
  if (hasBefore) {
    fullBegin = ops.min(fullBegin, end);
    state =
        buildKeyLoop(partialBlock, begin, fullBegin, /*isStatic=*/false, state);
  }
  if (hasBefore || hasAfter)
    fullEnd = ops.max(fullEnd, fullBegin);
  OpFoldResult next;
  state = buildFullRange(fullBegin, fullEnd, !hasAfter, next, state);
  if (hasAfter)
    state = buildKeyLoop(partialBlock, next, end, /*isStatic=*/false, state);
  return state;
}

/// for a step from one change to the next:
///   if keys make a segment:
///     full blocks, or the shorter one left, or partial blocks
SmallVector<Value> KeyLoopBuilder::buildSegments(const KeyAnalysis &analysis,
                                                 State state) {
  MaskedSweep sweep(builder, ops, analysis, beginKey, endKey, masks, origin);
  auto toValue = [&](OpFoldResult value) { return ops.toValue(value); };
  OpFoldResult one = ops.constant(1);
  Value numSteps = toValue(ops.add(sweep.getNumSteps(), one));
  // The sweep's state and then the block's.
  Value first = toValue(beginKey), no = toValue(ops.boolean(false));
  SmallVector<Value> inits = {first, first, no, no};
  size_t numSwept = inits.size();
  llvm::append_range(inits, state);
  auto loop = scf::ForOp::create(builder, loc, toValue(ops.constant(0)),
                                 numSteps, toValue(one), inits);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  ValueRange swept = ValueRange(loop.getRegionIterArgs()).take_front(numSwept);
  state = State(ValueRange(loop.getRegionIterArgs()).drop_front(numSwept));
  SweepState<IndexOps> current{swept[0], swept[1], swept[2], swept[3]};
  SweepStep<IndexOps> step =
      makeStep(ops, sweep, current, endKey, numBlockKeys);

  OpFoldResult isFull = ops.conjunction(step.isDone, current.isFull);
  OpFoldResult isPartial =
      ops.conjunction(step.isDone, ops.negation(current.isFull));
  OpFoldResult isLast = ops.conjunction(isFull, ops.negation(step.joins));
  OpFoldResult fullEnd = ops.select(isFull, step.blocksEnd, current.begin);
  OpFoldResult lastEnd = ops.select(isLast, current.key, step.blocksEnd);
  OpFoldResult partialEnd = ops.select(isPartial, current.key, current.begin);
  state =
      buildKeyLoop(fullBlock, current.begin, fullEnd, /*isStatic=*/true, state);
  state = buildKeyLoop(fullBlock, step.blocksEnd, lastEnd, /*isStatic=*/false,
                       state);
  state = buildKeyLoop(partialBlock, current.begin, partialEnd,
                       /*isStatic=*/false, state);
  SmallVector<Value> yielded = {
      toValue(step.next.key), toValue(step.next.begin),
      toValue(step.next.isVisible), toValue(step.next.isFull)};
  llvm::append_range(yielded, state);
  scf::YieldOp::create(builder, loc, yielded);
  return State(ValueRange(loop.getResults()).drop_front(numSwept));
}

SmallVector<Value>
attention::buildKeyLoops(RewriterBase &rewriter, FusedOp op,
                         const QueryBlock &queries, int64_t numBlockKeys,
                         const DataMasks &masks, std::optional<KeyPart> part,
                         ValueRange state, BuildKeyBlock buildBlock) {
  return KeyLoopBuilder(rewriter, op, queries, numBlockKeys, masks, part,
                        buildBlock)
      .build(llvm::to_vector(state));
}
