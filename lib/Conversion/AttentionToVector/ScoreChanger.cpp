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
    : TransposeEmitter(builder, loc, scores.getComputeType(), width),
      scores(scores), normaliser(normaliser), vectorLanes(vectorLanes),
      strip(getScratch(c, 0)), getScratch(getScratch) {}

void ScoreChanger::emit(Value first, Value count, Value lane, Value pivots) {
  firstKey = first;
  numKeys = count;
  firstLane = lane;
  transposed.clear();
  for (auto [number, change] : llvm::enumerate(scores.changes))
    transposed.push_back(emitTransposed(change, number));

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

Value ScoreChanger::both(Value x, Value y) {
  return arith::AndIOp::create(b, loc, x, y);
}

//===----------------------------------------------------------------------===//
// Masks and biases whose rows lie along keys
//===----------------------------------------------------------------------===//

/// The value of a map's result where its dimensions are `position`.
static Value buildIndex(OpBuilder &builder, Location loc, AffineExpr result,
                        ArrayRef<Value> position) {
  if (auto dim = dyn_cast<AffineDimExpr>(result))
    return position[dim.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(result))
    return arith::ConstantIndexOp::create(builder, loc, constant.getValue());
  auto quotient = cast<AffineBinaryOpExpr>(result);
  return arith::DivUIOp::create(
      builder, loc, buildIndex(builder, loc, quotient.getLHS(), position),
      buildIndex(builder, loc, quotient.getRHS(), position));
}

/// Whether the elements that are next to each other in memory are those of one
/// query and different keys: queries are in the lanes, keys are not.
bool ScoreChanger::isTransposed(const ScoreChange &change) {
  if (!change.tensor || change.map.getNumResults() == 0)
    return false;
  unsigned queryDim = scores.getNumBatch(), keyDim = queryDim + 1;
  ArrayRef<AffineExpr> results = change.map.getResults();
  return cast<MemRefType>(change.tensor.getType()).isLastDimUnitStride() &&
         results.back() == getAffineDimExpr(keyDim, b.getContext()) &&
         change.map.isFunctionOfDim(queryDim) &&
         llvm::none_of(results.drop_back(), [&](AffineExpr result) {
           return result.isFunctionOfDim(keyDim);
         });
}

/// for queries of the group: for keys of the part:
///   scratch[key, query] = element[query, key]      in squares of vectors
Value ScoreChanger::emitTransposed(const ScoreChange &change, unsigned number) {
  if (!isTransposed(change))
    return Value();
  Type type = c;
  if (change.kind == ScoreChangeKind::Keep)
    type = b.getIntegerType(c.getWidth());
  Value scratch = getScratch(type, number + 1);
  loop(index(0), index(lanes), vectorLanes, [&](Value column) {
    // The last square overlaps the one before.
    Value hasSquare = isLess(index(vectorLanes - 1), numKeys);
    Value last = sub(numKeys, index(vectorLanes));
    Value end =
        b.createOrFold<arith::SelectOp>(loc, hasSquare, numKeys, index(0));
    loop(index(0), end, vectorLanes, [&](Value row) {
      emitSquare(change, scratch, column, minimum(row, last), Value());
    });
    if (std::optional<int64_t> count = getConstantIntValue(numKeys);
        count && *count >= vectorLanes)
      return;
    ifThen(isLess(numKeys, index(vectorLanes)),
           [&] { emitSquare(change, scratch, column, index(0), numKeys); });
  });
  return scratch;
}

void ScoreChanger::emitSquare(const ScoreChange &change, Value scratch,
                              Value column, Value row, Value count) {
  // Lanes beyond the queries get the last one's.
  Value lastLane = add(scores.live, -1);
  transposeRows(
      vectorLanes, count,
      [&](int64_t lane) {
        Value query = minimum(add(add(firstLane, column), lane), lastLane);
        return loadKeys(change, query, row, count);
      },
      [&](int64_t key, Value lanesOfKey) {
        storeVector(lanesOfKey, scratch, {add(row, key), column});
      });
}

/// The elements of one query and as many keys as a vector has lanes, or `count`
/// of them; a mask's as integers.
Value ScoreChanger::loadKeys(const ScoreChange &change, Value query, Value row,
                             Value count) {
  unsigned numBatch = scores.getNumBatch();
  Values position(scores.origin.take_front(numBatch)), at;
  position.push_back(add(scores.origin[numBatch], query));
  position.push_back(add(scores.origin[numBatch + 1], add(firstKey, row)));
  for (AffineExpr result : change.map.getResults())
    at.push_back(buildIndex(b, loc, result, position));

  Value buffer = change.tensor;
  auto bufferType = cast<MemRefType>(buffer.getType());
  // In memory i1 is a byte, in a vector a bit.
  if (change.kind == ScoreChangeKind::Keep) {
    bufferType =
        MemRefType::get(bufferType.getShape(), b.getI8Type(),
                        bufferType.getLayout(), bufferType.getMemorySpace());
    buffer = UnrealizedConversionCastOp::create(b, loc, bufferType, buffer)
                 .getResult(0);
  }
  auto type = VectorType::get(vectorLanes, bufferType.getElementType());
  Value elements = loadFirst(type, buffer, at, count);
  if (change.kind == ScoreChangeKind::Keep)
    return arith::ExtUIOp::create(
        b, loc, type.clone(b.getIntegerType(c.getWidth())), elements);
  return extend(elements);
}

//===----------------------------------------------------------------------===//
// One key
//===----------------------------------------------------------------------===//

/// Changes the scores of a key and returns them.
Value ScoreChanger::emitRow(Value row, Value holdsQuery) {
  Value before = loadVector(strip, {row, index(0)});
  auto [score, live] = emitChanges(before, holdsQuery, row);
  auto store = [&, score = score, live = live] {
    Value after =
        arith::SelectOp::create(b, loc, live, score, negInf(vectorType));
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

/// The scores of a key after all changes, and whether pairs take part.
std::pair<Value, Value> ScoreChanger::emitChanges(Value score, Value holdsQuery,
                                                  Value row) {
  unsigned numBatch = scores.getNumBatch();
  Position position;
  for (Value batch : scores.origin.take_front(numBatch))
    position.push_back(LaneValue::uniform(batch));
  position.push_back(
      LaneValue::strided(add(scores.origin[numBatch], firstLane), 1));
  position.push_back(
      LaneValue::uniform(add(scores.origin[numBatch + 1], add(firstKey, row))));
  Value live = both(isLive(score), holdsQuery);
  for (auto [number, change] : llvm::enumerate(scores.changes)) {
    switch (change.kind) {
    case ScoreChangeKind::Sets:
      live = both(live, emitContains(change, position, live));
      break;
    case ScoreChangeKind::Keep:
      live = both(live, emitElement(number, position, row, live));
      break;
    case ScoreChangeKind::Bias:
      score = arith::AddFOp::create(b, loc, score,
                                    emitElement(number, position, row, live));
      live = both(live, isLive(score));
      break;
    case ScoreChangeKind::Where:
      live = both(live, emitRegion(change, position, live, Value()));
      break;
    case ScoreChangeKind::Modify:
      score = emitRegion(change, position, live, score);
      live = both(live, isLive(score));
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
  const ScoreChange &change = scores.changes[number];
  if (Value scratch = transposed[number]) {
    Value elements = loadVector(scratch, {row, index(0)});
    if (change.kind != ScoreChangeKind::Keep)
      return elements;
    Value zero =
        arith::ConstantOp::create(b, loc, b.getZeroAttr(elements.getType()));
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, elements,
                                 zero);
  }
  LaneVectorizer vectorizer(b, loc, lanes, live);
  SmallVector<LaneValue> at;
  for (AffineExpr result : change.map.getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(result)) {
      at.push_back(position[dim.getPosition()]);
    } else if (auto constant = dyn_cast<AffineConstantExpr>(result)) {
      at.push_back(LaneValue::uniform(index(constant.getValue())));
    } else {
      auto quotient = cast<AffineBinaryOpExpr>(result);
      LaneValue lhs =
          position[cast<AffineDimExpr>(quotient.getLHS()).getPosition()];
      Value divisor =
          index(cast<AffineConstantExpr>(quotient.getRHS()).getValue());
      if (lhs.isUniform()) {
        at.push_back(LaneValue::uniform(
            arith::DivUIOp::create(b, loc, lhs.value, divisor)));
        continue;
      }
      Value divisors = vector::BroadcastOp::create(
          b, loc, VectorType::get(lanes, b.getIndexType()), divisor);
      at.push_back(LaneValue::vector(arith::DivUIOp::create(
          b, loc, vectorizer.materialize(lhs), divisors)));
    }
  }
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
