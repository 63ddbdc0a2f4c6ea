//===- KeyLoops.cpp - Loops over blocks of keys ---------------------------===//
//
// One loop, or two for full blocks and the rest, a range of keys.
//
//===----------------------------------------------------------------------===//

#include "KeyLoops.h"

#include "BlockOperands.h"
#include "KeyRanges.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

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

namespace {
class KeyLoopBuilder {
public:
  KeyLoopBuilder(RewriterBase &rewriter, FusedOp op, const QueryBlock &queries,
                 int64_t numBlockKeys, std::optional<KeyPart> part)
      : builder(rewriter), loc(op.getLoc()), op(op), queries(queries),
        numBlockKeys(numBlockKeys), part(part), origin(op.getOrigin()) {}

  SmallVector<Value> build(SmallVector<Value> state) {
    MappedValue key = buildMatrix(builder, loc, op.getKey(), op.getKeyMap(),
                                  op.getKeyDim(), op.getFeatureDim());
    MappedValue value =
        buildMatrix(builder, loc, op.getValue(), op.getValueMap(),
                    op.getKeyDim(), op.getValueDim());
    unsigned numBatch = op.getNumBatch();
    SmallVector<ScoreChange> changes = op.getScoreChanges();
    for (ScoreChange &change : changes)
      for (auto &members : change.sets)
        for (MaskSet &member : members)
          for (Value &symbol : member.symbols)
            symbol = buildSymbol(builder, loc, symbol,
                                 ValueRange(origin).take_front(numBatch));

    PairBlock block{getAsOpFoldResult(ValueRange(origin).take_front(numBatch)),
                    origin[numBatch], queries.numQueries, origin[numBatch + 1],
                    getExtent(builder, loc, key, 0)};
    KeyRanges ranges = computeKeyRanges(builder, loc, changes, block);
    if (part)
      restrictToPart(ranges.ranges);
    SmallVector<ScoreChange> undecided;
    for (auto [change, decided] : llvm::zip(changes, ranges.decided))
      if (!decided)
        undecided.push_back(change);

    Value live =
        getValueOrCreateConstantIndexOp(builder, loc, queries.numQueries);
    OpFoldResult nextBegin;
    for (auto [index, range] : llvm::enumerate(ranges.ranges)) {
      auto online = OnlineOp::create(
          builder, loc, queries.tile, key, value, op.getParameters(),
          queries.scale, op.getCombine(), range.full ? undecided : changes,
          queries.normaliser, origin, live, state);
      OpFoldResult begin = nextBegin ? nextBegin : range.begin;
      nextBegin = {};
      if (range.full) {
        // Blocks of static size; what is left goes with the next range, or is
        // the last, shorter block.
        AffineExpr a, b;
        bindDims(builder.getContext(), a, b);
        OpFoldResult end = affine::makeComposedFoldedAffineApply(
            builder, loc, a + (b - a).floorDiv(numBlockKeys) * numBlockKeys,
            {begin, range.end});
        state = buildKeyLoop(online, begin, end, /*isStatic=*/true, state);
        if (index + 1 < ranges.ranges.size())
          nextBegin = end;
        else
          state =
              buildKeyLoop(online, end, range.end, /*isStatic=*/false, state);
      } else {
        state =
            buildKeyLoop(online, begin, range.end, /*isStatic=*/false, state);
      }
      builder.eraseOp(online);
    }
    return state;
  }

private:
  /// Leaves what the part has of each range. All parts have as many keys, whole
  /// blocks, of those from the first that is visited to the last.
  void restrictToPart(MutableArrayRef<KeyRange> ranges) {
    auto toValue = [&](OpFoldResult value) {
      return getValueOrCreateConstantIndexOp(builder, loc, value);
    };
    Value first = toValue(ranges.front().begin);
    Value last = toValue(ranges.front().end);
    for (const KeyRange &range : ranges.drop_front()) {
      first = build<arith::MinSIOp>(first, toValue(range.begin));
      last = build<arith::MaxSIOp>(last, toValue(range.end));
    }
    Value block = arith::ConstantIndexOp::create(builder, loc, numBlockKeys);
    Value numPartKeys = build<arith::CeilDivUIOp>(
        build<arith::SubIOp>(last, first),
        build<arith::MulIOp>(toValue(part->count), block));
    numPartKeys = build<arith::MulIOp>(numPartKeys, block);
    Value begin = build<arith::AddIOp>(
        first, build<arith::MulIOp>(toValue(part->index), numPartKeys));
    begin = build<arith::MinSIOp>(begin, last);
    Value end =
        build<arith::MinSIOp>(build<arith::AddIOp>(begin, numPartKeys), last);
    auto clamp = [&](OpFoldResult key) -> OpFoldResult {
      return build<arith::MaxSIOp>(build<arith::MinSIOp>(toValue(key), end),
                                   begin);
    };
    if (ranges.size() == 1) {
      ranges.front().begin = begin;
      ranges.front().end = end;
      return;
    }
    for (KeyRange &range : ranges) {
      range.begin = clamp(range.begin);
      range.end = clamp(range.end);
    }
  }

  template <typename OpTy>
  Value build(Value a, Value b) {
    return builder.createOrFold<OpTy>(loc, a, b);
  }

  /// for j = begin to end step keys: state = online(tile, keys [j, j + keys))
  SmallVector<Value> buildKeyLoop(OnlineOp online, OpFoldResult begin,
                                  OpFoldResult end, bool isStatic,
                                  SmallVector<Value> state) {
    if (isEqualConstantIntOrValue(begin, end))
      return state;
    auto toValue = [&](OpFoldResult value) {
      return getValueOrCreateConstantIndexOp(builder, loc, value);
    };
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
          // A tile of keys is always possible.
          auto tiled = cast<OnlineOp>(
              online.getTiledImplementation(builder, {j}, {size})
                  ->tiledOps.front());
          tiled.getOutsMutable().assign(current);
          scf::YieldOp::create(builder, loc, tiled.getResults());
        });
    return loop.getResults();
  }

  RewriterBase &builder;
  Location loc;
  FusedOp op;
  const QueryBlock &queries;
  int64_t numBlockKeys;
  std::optional<KeyPart> part;
  SmallVector<Value> origin;
};
} // namespace

SmallVector<Value> attention::buildKeyLoops(RewriterBase &rewriter, FusedOp op,
                                            const QueryBlock &queries,
                                            int64_t numBlockKeys,
                                            std::optional<KeyPart> part,
                                            ValueRange state) {
  return KeyLoopBuilder(rewriter, op, queries, numBlockKeys, part)
      .build(llvm::to_vector(state));
}
