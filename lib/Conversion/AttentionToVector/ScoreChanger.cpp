//===- ScoreChanger.cpp - Masks, biases and modifiers on lanes ------------===//
//
// The switch over kinds of changes is the one place of the vector path that
// knows them; what regions and sets compute is LaneVectorizer's.
//
//===----------------------------------------------------------------------===//

#include "ScoreChanger.h"

#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

ScoreChanger::ScoreChanger(OpBuilder &builder, Location loc,
                           const BlockScores &scores,
                           OnlineNormaliserAttrInterface normaliser,
                           int64_t vectorLanes, int64_t width,
                           GetScratch getScratch)
    : BlockEmitter(builder, loc, scores.getComputeType(), width),
      scores(scores), normaliser(normaliser), strip(getScratch(c, 0)) {
  for (auto [number, change] : llvm::enumerate(scores.changes))
    transposed.push_back(
        TransposedElements::create(builder, loc, scores, change, vectorLanes,
                                   width, [&, number = number](Type type) {
                                     return getScratch(type, number + 1);
                                   }));
}

/// A load, an operation or two: what regions and sets compute is better built
/// once than for every key of a register tile.
bool ScoreChanger::changesInRegisters() const {
  unsigned queryDim = scores.getNumBatch();
  return !scores.changes.empty() &&
         llvm::all_of(llvm::zip_equal(scores.changes, transposed),
                      [&](const auto &pair) {
                        const auto &[change, elements] = pair;
                        return change.tensor &&
                               (elements ||
                                !change.map.isFunctionOfDim(queryDim));
                      });
}

bool ScoreChanger::changesInStrip() const {
  return !scores.changes.empty() && !changesInRegisters();
}

void ScoreChanger::begin(Value first, Value count, Value lane) {
  firstKey = first;
  numKeys = count;
  firstLane = lane;
  for (std::unique_ptr<TransposedElements> &elements : transposed)
    if (elements)
      elements->emit(firstKey, numKeys, firstLane);
}

Value ScoreChanger::changeRow(Value row, Value before) {
  auto [score, live] = emitChanges(before, /*live=*/Value(), row);
  return live ? select(live, score) : score;
}

void ScoreChanger::changeStrip(Value pivots) {
  Value holdsQuery = vector::CreateMaskOp::create(
      b, loc, VectorType::get(lanes, b.getI1Type()),
      sub(scores.live, firstLane));
  Values pivot;
  if (pivots)
    pivot.push_back(loadVector(pivots, firstLane));
  pivot = loop(index(0), numKeys, 1, pivot, [&](Value row, ValueRange current) {
    Value score = emitRow(row, holdsQuery);
    if (current.empty())
      return Values();
    return Values{normaliser.buildPivot(b, loc, current[0], score)};
  });
  if (pivots)
    storeVector(pivot[0], pivots, firstLane);
}

/// Null is true.
Value ScoreChanger::both(Value x, Value y) {
  if (!x || !y)
    return x ? x : y;
  return arith::AndIOp::create(b, loc, x, y);
}

/// The scores that are left, and -inf for others.
Value ScoreChanger::select(Value live, Value score) {
  return arith::SelectOp::create(b, loc, live, score, negInf(vectorType));
}

//===----------------------------------------------------------------------===//
// One key
//===----------------------------------------------------------------------===//

/// Changes the scores of a key in the strip and returns them.
Value ScoreChanger::emitRow(Value row, Value holdsQuery) {
  Value before = loadVector(strip, {row, index(0)});
  auto [score, live] = emitChanges(before, holdsQuery, row);
  auto store = [&, score = score, live = live] {
    Value after = select(live, score);
    storeVector(after, strip, {row, index(0)});
    return after;
  };
  if (score != before)
    return store();
  // Most rows keep all scores. And in a block of its own the store does not
  // become one under a mask, which is slow on many a processor.
  Value keepsAll =
      vector::ReductionOp::create(b, loc, vector::CombiningKind::AND, live);
  auto ifOp = scf::IfOp::create(
      b, loc, keepsAll,
      [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, before); },
      [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, store()); });
  return ifOp.getResult(0);
}

/// The scores of a key after all changes, and which of them are left: those of
/// other pairs may be anything.
std::pair<Value, Value> ScoreChanger::emitChanges(Value score, Value live,
                                                  Value row) {
  unsigned numBatch = scores.getNumBatch();
  Position position;
  for (Value batch : scores.origin.take_front(numBatch))
    position.push_back(LaneValue::uniform(batch));
  position.push_back(
      LaneValue::strided(add(scores.origin[numBatch], firstLane), 1));
  position.push_back(
      LaneValue::uniform(add(scores.origin[numBatch + 1], add(firstKey, row))));
  for (auto [number, change] : llvm::enumerate(scores.changes)) {
    // A pair that is absent stays so, whatever becomes of its -inf.
    Value liveBefore = both(live, isLive(score));
    switch (change.kind) {
    case ScoreChangeKind::Sets:
      live = both(live, emitContains(change, position, liveBefore));
      break;
    case ScoreChangeKind::Keep:
      live = both(live, emitElement(number, position, row, liveBefore));
      break;
    case ScoreChangeKind::Bias:
      score = arith::AddFOp::create(
          b, loc, score, emitElement(number, position, row, liveBefore));
      live = liveBefore;
      break;
    case ScoreChangeKind::Where:
      live =
          both(liveBefore, emitRegion(change, position, liveBefore, Value()));
      break;
    case ScoreChangeKind::Modify:
      score = emitRegion(change, position, liveBefore, score);
      live = liveBefore;
      break;
    }
  }
  return {score, live};
}

/// Whether the pairs are in the sets: their scalar code, on lanes.
Value ScoreChanger::emitContains(const ScoreChange &change,
                                 const Position &position, Value live) {
  Region scratch;
  Block &block = scratch.emplaceBlock();
  SmallVector<Type> types(position.size(), b.getIndexType());
  SmallVector<Location> locations(position.size(), loc);
  block.addArguments(types, locations);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&block);
    Value contains =
        buildSetsContain(b, loc, change.sets, block.getArguments());
    YieldOp::create(b, loc, contains);
  }
  LaneVectorizer vectorizer(b, loc, lanes, live);
  return vectorizer.materialize(vectorizer.vectorize(block, position));
}

/// The elements of a mask, as i1, or of a bias, in the compute type.
Value ScoreChanger::emitElement(unsigned number, const Position &position,
                                Value row, Value live) {
  if (transposed[number])
    return transposed[number]->load(row);
  const ScoreChange &change = scores.changes[number];
  LaneVectorizer vectorizer(b, loc, lanes, live);
  SmallVector<LaneValue> at;
  for (AffineExpr result : change.map.getResults())
    at.push_back(vectorizer.evaluate(result, position));
  LaneValue element = vectorizer.load(change.tensor, at);
  if (change.kind == ScoreChangeKind::Bias)
    element.value = extend(element.value);
  return vectorizer.materialize(element);
}

/// A where or modify region, evaluated if a lane is live where it may load or
/// trap.
Value ScoreChanger::emitRegion(const ScoreChange &change,
                               const Position &position, Value live,
                               Value score) {
  SmallVector<LaneValue> arguments;
  if (score)
    arguments.push_back(LaneValue::vector(score));
  llvm::append_range(arguments, position);
  auto evaluate = [&]() {
    LaneVectorizer vectorizer(b, loc, lanes, live);
    return vectorizer.materialize(
        vectorizer.vectorize(change.region->front(), arguments));
  };
  if (!LaneVectorizer::needsLiveLane(*change.region))
    return evaluate();
  Value anyLive =
      vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, live);
  auto ifOp = scf::IfOp::create(
      b, loc, anyLive,
      [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, evaluate()); },
      [&](OpBuilder &, Location) {
        scf::YieldOp::create(b, loc, score ? score : live);
      });
  return ifOp.getResult(0);
}
