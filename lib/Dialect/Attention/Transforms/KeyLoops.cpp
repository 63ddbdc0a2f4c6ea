//===- KeyLoops.cpp - Loops over blocks of keys ---------------------------===//
//
// Where the visible keys are one range, and the full ones among them another,
// up to three loops in a row; else a loop over segments with those loops
// inside.
//
//===----------------------------------------------------------------------===//

#include "KeyLoops.h"

#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "BlockOperands.h"
#include "KeyBounds.h"
#include "MaskedSweep.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::attention;

KeyRange attention::buildPartOfKeys(OpBuilder &builder, Location loc,
                                    KeyRange keys, KeyPart part,
                                    int64_t numBlockKeys) {
  IndexOps ops(builder, loc);
  Value block = ops.toValue(ops.constant(numBlockKeys));
  auto multiply = [&](OpFoldResult a, Value b) {
    return builder.createOrFold<arith::MulIOp>(loc, ops.toValue(a), b);
  };
  Value numKeys = ops.toValue(ops.sub(keys.end, keys.begin));
  Value numBlocks = builder.createOrFold<arith::CeilDivUIOp>(
      loc, numKeys, multiply(part.count, block));
  Value numPartKeys = multiply(numBlocks, block);
  OpFoldResult offset = multiply(part.index, numPartKeys);
  OpFoldResult begin = ops.min(ops.add(keys.begin, offset), keys.end);
  return {begin, ops.min(ops.add(begin, numPartKeys), keys.end)};
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
                 int64_t numBlockKeys, const MaskAnalysis &masks,
                 std::optional<KeyPart> part, BuildKeyBlock buildBlock)
      : builder(rewriter), loc(op.getLoc()), op(op), queries(queries),
        numBlockKeys(numBlockKeys), masks(masks), part(part),
        origin(op.getOrigin()), ops(builder, loc), buildBlock(buildBlock) {}

  SmallVector<Value> build(SmallVector<Value> state);

private:
  using State = SmallVector<Value>;
  using Sweep = KeySweep<IndexOps>;

  DestinationStyleOpInterface buildPrototype(MappedValue key,
                                             SmallVector<ScoreChange> changes,
                                             ValueRange state);
  void restrictToPart(const KeyAnalysis &analysis);
  State buildRanges(const KeyAnalysis &analysis, State state);
  State buildFullRange(OpFoldResult begin, OpFoldResult end, bool isLast,
                       OpFoldResult &next, State state);
  State buildSegments(const KeyAnalysis &analysis, State state);

  /// What a symbol is bound to in this batch element, as an index.
  Value bindSymbol(Value symbol) {
    Value &bound = boundSymbols[symbol];
    if (!bound)
      bound = buildSymbol(builder, loc, symbol,
                          ValueRange(origin).take_front(op.getNumBatch()));
    return bound;
  }

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
    // A tile of keys is always possible, and has all of the state.
    return tiling.getTiledImplementation(builder, {j}, {size})->tiledValues;
  }

  RewriterBase &builder;
  Location loc;
  FusedOp op;
  const QueryBlock &queries;
  int64_t numBlockKeys;
  const MaskAnalysis &masks;
  std::optional<KeyPart> part;
  SmallVector<Value> origin;
  IndexOps ops;
  /// Global index of the first key there is.
  OpFoldResult firstKey;
  /// Global indices of the keys to visit: all of them, or a part.
  OpFoldResult beginKey, endKey;
  /// A block of full keys and one of others, before tiling.
  DestinationStyleOpInterface fullBlock, partialBlock;
  DenseMap<Value, Value> boundSymbols;
  BuildKeyBlock buildBlock;
};
} // namespace

DestinationStyleOpInterface KeyLoopBuilder::buildPrototype(
    MappedValue key, SmallVector<ScoreChange> changes, ValueRange state) {
  for (ScoreChange &change : changes)
    for (auto &members : change.sets)
      for (MaskSet &member : members)
        for (Value &symbol : member.symbols)
          symbol = bindSymbol(symbol);
  Value live =
      getValueOrCreateConstantIndexOp(builder, loc, queries.numQueries);
  return buildBlock({queries.tile, key, &op.getCombine(), op.getParameters(),
                     queries.scale, std::move(changes), origin, live},
                    state);
}

SmallVector<Value> KeyLoopBuilder::build(SmallVector<Value> state) {
  MappedValue key = buildMatrix(builder, loc, op.getKey(), op.getKeyMap(),
                                op.getKeyDim(), op.getFeatureDim());
  unsigned numBatch = op.getNumBatch();
  ValueRange batch = ValueRange(origin).take_front(numBatch);
  const KeyAnalysis &analysis = masks.sets.keys;
  SmallVector<OpFoldResult> dims = getAsOpFoldResult(batch);
  dims.push_back(origin[numBatch]);
  dims.push_back(queries.numQueries);
  SmallVector<OpFoldResult> symbols;
  for (Value symbol : masks.sets.symbols)
    symbols.push_back(getAsOpFoldResult(bindSymbol(symbol)));
  ops.bind(dims, symbols, analysis.terms);
  firstKey = getAsOpFoldResult(origin[numBatch + 1]);
  beginKey = firstKey;
  endKey = ops.add(firstKey, getExtent(builder, loc, key, 0));
  if (part)
    restrictToPart(analysis);

  fullBlock = buildPrototype(key, masks.sets.undecided, state);
  partialBlock = buildPrototype(key, op.getScoreChanges(), state);
  if (masks.data.masks.empty() && isOneRange(analysis))
    state = buildRanges(analysis, state);
  else
    state = buildSegments(analysis, state);
  builder.eraseOp(fullBlock);
  builder.eraseOp(partialBlock);
  return state;
}

/// Leaves what the part has of the keys from the first that is visible to the
/// last.
void KeyLoopBuilder::restrictToPart(const KeyAnalysis &analysis) {
  if (analysis.visible.size() == 1) {
    Sweep sweep(ops, analysis, beginKey, endKey);
    const Sweep::Run &visible = sweep.getVisible().front();
    OpFoldResult end = ops.add(visible.last, ops.constant(1));
    beginKey = visible.first;
    endKey = ops.max(beginKey, end);
  }
  KeyRange keys =
      buildPartOfKeys(builder, loc, {beginKey, endKey}, *part, numBlockKeys);
  beginKey = keys.begin;
  endKey = keys.end;
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
  MaskedSweep sweep(builder, ops, analysis, beginKey, endKey, masks.data,
                    origin);
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
                         const MaskAnalysis &masks, std::optional<KeyPart> part,
                         ValueRange state, BuildKeyBlock buildBlock) {
  return KeyLoopBuilder(rewriter, op, queries, numBlockKeys, masks, part,
                        buildBlock)
      .build(llvm::to_vector(state));
}
