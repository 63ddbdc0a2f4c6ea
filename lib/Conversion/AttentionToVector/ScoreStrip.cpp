//===- ScoreStrip.cpp - Scores of a block, a strip at a time --------------===//
//
// Queries are in the lanes, so scores are accumulated in registers from
// broadcast elements of keys, which are read where they lie.
//
//===----------------------------------------------------------------------===//

#include "ScoreStrip.h"

#include "Attention/Dialect/Attention/Transforms/VisibleKeys.h"
#include "LaneVectorizer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace mlir::attention;

/// Exponentials that are computed at the same time.
static constexpr int64_t numChains = 4;

static int64_t getNumLanes(const BlockScores &scores) {
  return cast<MemRefType>(scores.query.getType()).getShape().back();
}

StripEmitter::StripEmitter(OpBuilder &builder, Location loc,
                           const BlockScores &scores,
                           OnlineNormaliserAttrInterface normaliser,
                           const TargetFacts &facts, GetScratch getScratch)
    : TransposeEmitter(builder, loc, scores.getComputeType(),
                       facts.lanes(scores.getComputeType())),
      scores(scores), normaliser(normaliser), strip(getScratch(c, 0)),
      tile(chooseRegisterTile(facts, c, getNumLanes(scores))),
      numLanes(getNumLanes(scores)),
      loadsRuns(facts.laneMultiplyAddOperations == 1),
      changer(builder, loc, scores, normaliser, lanes, tile.vectors * lanes,
              getScratch),
      scale(scores.scale ? emitScale() : Value()) {}

/// A sum over no features is 0, whatever it is scaled by.
Value StripEmitter::emitScale() {
  int64_t numFeatures = cast<MemRefType>(scores.query.getType()).getDimSize(0);
  if (!ShapedType::isDynamic(numFeatures) && numFeatures > 0)
    return scores.scale;
  Value extent = b.createOrFold<memref::DimOp>(loc, scores.query, 0);
  Value one = arith::ConstantOp::create(b, loc, b.getFloatAttr(c, 1.0));
  return arith::SelectOp::create(b, loc, isLess(index(0), extent), scores.scale,
                                 one);
}

void StripEmitter::forParts(function_ref<void()> body) {
  auto emitPart = [&](Value first, Value count) {
    firstKey = first;
    numKeys = count;
    body();
  };
  int64_t rows = cast<MemRefType>(strip.getType()).getDimSize(0);
  int64_t numBlockKeys = staticExtent(scores.key, 0);
  if (!ShapedType::isDynamic(numBlockKeys) && numBlockKeys <= rows)
    return emitPart(index(0), index(numBlockKeys));
  Value end = extent(scores.key, 0);
  loop(index(0), end, rows, [&](Value first) {
    emitPart(first, minimum(index(rows), sub(end, first)));
  });
}

void StripEmitter::forGroups(Value end, function_ref<void()> body) {
  loop(index(0), end, tile.vectors * lanes, [&](Value firstLane) {
    lane.clear();
    for (int64_t v = 0; v < tile.vectors; ++v)
      lane.push_back(add(firstLane, v * lanes));
    body();
  });
}

void StripEmitter::forVisibleKeys(function_ref<void()> body) {
  if (llvm::none_of(scores.changes, [](const ScoreChange &change) {
        return change.kind == ScoreChangeKind::Sets;
      }))
    return body();
  unsigned numBatch = scores.getNumBatch();
  int64_t width = tile.vectors * lanes;
  Value firstInBlock = scores.origin[numBatch + 1];
  Value first = add(firstInBlock, firstKey);
  Value numQueries = minimum(sub(scores.live, lane.front()), index(width));
  KeyRange visible = buildVisibleKeys(
      b, loc, scores.changes, scores.origin.take_front(numBatch),
      add(scores.origin[numBatch], lane.front()), numQueries,
      {first, add(first, numKeys)},
      {width, cast<MemRefType>(strip.getType()).getDimSize(0)});
  Value begin = getValueOrCreateConstantIndexOp(b, loc, visible.begin);
  Value end = getValueOrCreateConstantIndexOp(b, loc, visible.end);
  Value count = sub(end, begin);
  if (std::optional<int64_t> known = getConstantIntValue(count);
      known && *known <= 0)
    return;
  ifThen(isLess(begin, end), [&] {
    llvm::SaveAndRestore<Value> allFirst(firstKey, sub(begin, firstInBlock));
    llvm::SaveAndRestore<Value> allNum(numKeys, count);
    body();
  });
}

BlockEmitter::Values StripEmitter::emitScores(Value pivots) {
  auto loadPivots = [&] {
    Values result;
    for (Value l : lane)
      result.push_back(loadVector(pivots, l));
    return result;
  };
  changer.begin(firstKey, numKeys, lane.front());
  if (changer.changesInStrip()) {
    emitSums(Values());
    changer.changeStrip(pivots);
    return pivots ? loadPivots() : Values();
  }
  Values current = emitSums(pivots ? loadPivots() : Values());
  for (auto [pivot, l] : llvm::zip(current, lane))
    storeVector(pivot, pivots, l);
  return current;
}

/// Writes the strip, after the changes that are made in registers; `pivots`
/// follow if there are any. Where tiles do not divide the keys, the last one
/// begins earlier and computes some scores again.
BlockEmitter::Values StripEmitter::emitSums(Values pivots) {
  // A pair body of several operations takes registers of its own.
  int64_t rows = scores.isDot() ? tile.rows : llvm::divideCeil(tile.rows, 2);
  if (std::optional<int64_t> count = getConstantIntValue(numKeys)) {
    rows = std::min(rows, *count);
    if (rows == 0)
      return pivots;
    return loop(index(0), numKeys, rows, pivots,
                [&](Value row, ValueRange current) {
                  if (*count % rows != 0)
                    row = minimum(row, index(*count - rows));
                  return emitScoreRows(row, rows, current);
                });
  }
  Value hasTile = isLess(index(rows - 1), numKeys);
  Value end = arith::SelectOp::create(b, loc, hasTile, numKeys, index(0));
  Value last = sub(numKeys, index(rows));
  pivots =
      loop(index(0), end, rows, pivots, [&](Value row, ValueRange current) {
        return emitScoreRows(minimum(row, last), rows, current);
      });
  return loop(end, numKeys, 1, pivots, [&](Value row, ValueRange current) {
    return emitScoreRows(row, 1, current);
  });
}

BlockEmitter::Values StripEmitter::emitScoreRows(Value row, int64_t rows,
                                                 ValueRange pivots) {
  Values sums = emitScoreTile(row, rows), next(pivots);
  for (int64_t r = 0; r < rows; ++r) {
    auto first = sums.begin() + r * tile.vectors;
    Values current(first, first + tile.vectors);
    if (scale)
      for (Value &score : current)
        score = arith::MulFOp::create(b, loc, score, splat(scale));
    if (changer.changesInRegisters())
      current = split(changer.changeRow(add(row, r), concatenate(current, 1)));
    for (auto [v, score] : llvm::enumerate(current)) {
      storeVector(score, strip, inStrip(add(row, r), v));
      if (!next.empty())
        next[v] = normaliser.buildPivot(b, loc, next[v], score);
    }
  }
  return next;
}

/// Scores of `rows` keys, summed over the features in registers.
BlockEmitter::Values StripEmitter::emitScoreTile(Value row, int64_t rows) {
  Value end = b.createOrFold<memref::DimOp>(loc, scores.query, 0);
  Values zeros(rows * tile.vectors, zeroVector());
  auto body = [&](Value first, int64_t steps, ValueRange sums) {
    SmallVector<ElementRun> keys;
    for (int64_t r = 0; r < rows; ++r)
      keys.push_back(loadRun(scores.key, add(firstKey, add(row, r)), first,
                             steps, loadsRuns));
    Values next(sums);
    for (int64_t step = 0; step < steps; ++step) {
      Value d = add(first, step);
      Values queries, parameters;
      for (Value l : lane)
        queries.push_back(loadVector(scores.query, {d, l}));
      for (Value parameter : scores.parameters)
        parameters.push_back(
            extend(memref::LoadOp::create(b, loc, parameter, d)));
      for (int64_t r = 0; r < rows; ++r) {
        Value element = getElement(keys[r], step);
        Value all = scores.isDot() ? splat(element) : Value();
        for (int64_t v = 0; v < tile.vectors; ++v) {
          Value &sum = next[r * tile.vectors + v];
          if (scores.isDot())
            sum = multiplyAdd(all, queries[v], sum);
          else
            sum = arith::AddFOp::create(
                b, loc, emitPair(lane[v], queries[v], element, parameters), sum,
                arith::FastMathFlags::contract);
        }
      }
    }
    return next;
  };
  return loopWithTail(end, unrollFactor, zeros, body);
}

/// The pair body for the vector of queries from lane `firstLane` on.
Value StripEmitter::emitPair(Value firstLane, Value query, Value element,
                             ValueRange parameters) {
  SmallVector<LaneValue> arguments = {LaneValue::vector(query),
                                      LaneValue::uniform(element)};
  for (Value parameter : parameters)
    arguments.push_back(LaneValue::uniform(parameter));
  // In lanes without a query, queries are 0: by those nothing may be divided.
  Value holdsQuery;
  if (LaneVectorizer::needsLiveLane(*scores.combine))
    holdsQuery = vector::CreateMaskOp::create(
        b, loc, VectorType::get(lanes, b.getI1Type()),
        sub(scores.live, firstLane));
  LaneVectorizer vectorizer(b, loc, lanes, holdsQuery);
  return vectorizer.materialize(
      vectorizer.vectorize(scores.combine->front(), arguments));
}

//===----------------------------------------------------------------------===//
// What becomes of them
//===----------------------------------------------------------------------===//

BlockEmitter::Values StripEmitter::emitRows(ValueRange carried,
                                            BuildRows build) {
  // Exponentials are long chains of dependent operations: several at a time,
  // which one operation on a vector of that many is, hide their latency.
  int64_t width = tile.vectors * lanes;
  int64_t rows = std::max<int64_t>(numChains / tile.vectors, 1);
  Value flat = memref::CollapseShapeOp::create(
      b, loc, strip, ArrayRef<ReassociationIndices>{{0, 1}});
  auto emit = [&](Value row, int64_t count, ValueRange current) {
    Value at = b.createOrFold<arith::MulIOp>(loc, row, index(width));
    auto type = VectorType::get(count * width, c);
    Value before = vector::LoadOp::create(b, loc, type, flat, at);
    Values next(current);
    if (Value after = build(row, before, count, next))
      storeVector(after, flat, at);
    return next;
  };
  Value tail = roundDown(numKeys, rows);
  Values result =
      loop(index(0), tail, rows, carried, [&](Value row, ValueRange current) {
        return emit(row, rows, current);
      });
  if (isEqualConstantIntOrValue(tail, numKeys))
    return result;
  return loop(tail, numKeys, 1, result, [&](Value row, ValueRange current) {
    return emit(row, 1, current);
  });
}

void StripEmitter::addRows(MutableArrayRef<Value> sums, Value rows,
                           int64_t count) {
  Values parts = split(rows);
  for (auto [position, sum] : llvm::enumerate(sums))
    for (int64_t r = 0; r < count; ++r)
      sum = arith::AddFOp::create(b, loc, sum,
                                  parts[r * tile.vectors + position]);
}

BlockEmitter::Values StripEmitter::split(Value rows) {
  Values parts;
  int64_t size = cast<VectorType>(rows.getType()).getNumElements();
  for (int64_t offset = 0; offset < size; offset += lanes)
    parts.push_back(vector::ExtractStridedSliceOp::create(
        b, loc, rows, offset, lanes, /*strides=*/1));
  return parts;
}

Value StripEmitter::concatenate(ValueRange vectors, int64_t times) {
  int64_t width = vectors.size() * lanes;
  auto type = VectorType::get(times * width, c);
  Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  for (int64_t time = 0; time < times; ++time)
    for (auto [position, vector] : llvm::enumerate(vectors))
      result = vector::InsertStridedSliceOp::create(
          b, loc, vector, result, time * width + position * lanes,
          /*strides=*/1);
  return result;
}
