//===- TransposedElements.cpp - Masks and biases along keys ---------------===//
//
// A mask's bytes are transposed a word at a time: of one query and as many keys
// as the word has bytes. So a square has as many times the pairs for the same
// shuffles.
//
//===----------------------------------------------------------------------===//

#include "TransposedElements.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

static constexpr int64_t bitsPerByte = 8;

static bool isMask(const ScoreChange &change) {
  return change.kind == ScoreChangeKind::Keep;
}

bool TransposedElements::isNeeded(const BlockScores &scores,
                                  const ScoreChange &change) {
  if (!change.tensor || change.map.getNumResults() == 0)
    return false;
  unsigned queryDim = scores.getNumBatch(), keyDim = queryDim + 1;
  ArrayRef<AffineExpr> results = change.map.getResults();
  return cast<MemRefType>(change.tensor.getType()).isLastDimUnitStride() &&
         results.back() == getAffineDimExpr(keyDim, change.map.getContext()) &&
         change.map.isFunctionOfDim(queryDim) &&
         llvm::none_of(results.drop_back(), [&](AffineExpr result) {
           return result.isFunctionOfDim(keyDim);
         });
}

Type TransposedElements::getScratchType(const ScoreChange &change,
                                        FloatType computeType) {
  if (!isMask(change))
    return computeType;
  return IntegerType::get(computeType.getContext(), computeType.getWidth());
}

TransposedElements::TransposedElements(OpBuilder &builder, Location loc,
                                       const BlockScores &scores,
                                       const ScoreChange &change,
                                       int64_t vectorLanes, int64_t width,
                                       Value scratch)
    : TransposeEmitter(builder, loc, scores.getComputeType(), width),
      scores(scores), change(change), vectorLanes(vectorLanes),
      keysPerElement(isMask(change) ? c.getWidth() / bitsPerByte : 1),
      scratch(scratch) {}

void TransposedElements::emit(Value first, Value count, Value lane) {
  firstKey = first;
  numKeys = count;
  firstLane = lane;
  buffer = change.tensor;
  if (isMask(change)) {
    // In memory i1 is a byte, in a vector a bit.
    auto type = cast<MemRefType>(buffer.getType());
    type = MemRefType::get(type.getShape(), b.getI8Type(), type.getLayout(),
                           type.getMemorySpace());
    buffer =
        UnrealizedConversionCastOp::create(b, loc, type, buffer).getResult(0);
  }
  loop(index(0), index(lanes), vectorLanes, [&](Value column) {
    isMask(change) ? emitWords(column) : emitBiases(column);
  });
  if (isMask(change))
    emitLastWords();
}

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

Value TransposedElements::queryInLane(Value lane) {
  return minimum(add(firstLane, lane), add(scores.live, -1));
}

/// Where the element of a query of the block and a key of the part lies.
BlockEmitter::Values TransposedElements::indicesAt(Value query, Value row) {
  unsigned numBatch = scores.getNumBatch();
  Values position(scores.origin.take_front(numBatch)), at;
  position.push_back(add(scores.origin[numBatch], query));
  position.push_back(add(scores.origin[numBatch + 1], add(firstKey, row)));
  for (AffineExpr result : change.map.getResults())
    at.push_back(buildIndex(b, loc, result, position));
  return at;
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

/// scratch[key / n, query] = bytes of keys key … key + n - 1, the first one
/// lowest, as they lie in the memory of little-endian processors.
void TransposedElements::emitWords(Value column) {
  int64_t numBytes = vectorLanes * keysPerElement;
  auto bytes = VectorType::get(numBytes, b.getI8Type());
  auto words = VectorType::get(vectorLanes, getElementTypeOrSelf(scratch));
  loop(index(0), roundDown(numKeys, numBytes), numBytes, [&](Value row) {
    Value word = arith::DivUIOp::create(b, loc, row, index(keysPerElement));
    transposeRows(
        vectorLanes, Value(),
        [&](int64_t lane) -> Value {
          Value query = queryInLane(add(column, lane));
          Value elements = vector::LoadOp::create(b, loc, bytes, buffer,
                                                  indicesAt(query, row));
          return vector::BitCastOp::create(b, loc, words, elements);
        },
        [&](int64_t number, Value lanesOfWord) {
          storeVector(lanesOfWord, scratch, {add(word, number), column});
        });
  });
}

/// The same, a byte at a time, for the keys that make no square.
void TransposedElements::emitLastWords() {
  Value begin = roundDown(numKeys, vectorLanes * keysPerElement);
  if (isEqualConstantIntOrValue(begin, numKeys))
    return;
  Type type = getElementTypeOrSelf(scratch);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  loop(index(0), index(lanes), 1, [&](Value lane) {
    Value query = queryInLane(lane);
    loop(begin, numKeys, keysPerElement, [&](Value row) {
      Value end = minimum(add(row, keysPerElement), numKeys);
      Values word = loop(row, end, 1, zero, [&](Value key, ValueRange current) {
        Value byte =
            memref::LoadOp::create(b, loc, buffer, indicesAt(query, key));
        byte = arith::ExtUIOp::create(b, loc, type, byte);
        Value shift =
            arith::MulIOp::create(b, loc, sub(key, row), index(bitsPerByte));
        shift = arith::IndexCastOp::create(b, loc, type, shift);
        byte = arith::ShLIOp::create(b, loc, byte, shift);
        return Values{arith::OrIOp::create(b, loc, current[0], byte)};
      });
      Value number = arith::DivUIOp::create(b, loc, row, index(keysPerElement));
      memref::StoreOp::create(b, loc, word[0], scratch,
                              ValueRange{number, lane});
    });
  });
}

//===----------------------------------------------------------------------===//
// Biases
//===----------------------------------------------------------------------===//

/// scratch[key, query] = element[query, key]
void TransposedElements::emitBiases(Value column) {
  // The last square overlaps the one before.
  Value hasSquare = isLess(index(vectorLanes - 1), numKeys);
  Value last = sub(numKeys, index(vectorLanes));
  Value end =
      b.createOrFold<arith::SelectOp>(loc, hasSquare, numKeys, index(0));
  loop(index(0), end, vectorLanes,
       [&](Value row) { emitBiasSquare(column, minimum(row, last), Value()); });
  if (std::optional<int64_t> count = getConstantIntValue(numKeys);
      count && *count >= vectorLanes)
    return;
  ifThen(isLess(numKeys, index(vectorLanes)),
         [&] { emitBiasSquare(column, index(0), numKeys); });
}

/// As many keys as a vector has lanes, or `count` of them.
void TransposedElements::emitBiasSquare(Value column, Value row, Value count) {
  auto type = VectorType::get(vectorLanes, getElementTypeOrSelf(buffer));
  transposeRows(
      vectorLanes, count,
      [&](int64_t lane) {
        Value query = queryInLane(add(column, lane));
        return extend(loadFirst(type, buffer, indicesAt(query, row), count));
      },
      [&](int64_t key, Value lanesOfKey) {
        storeVector(lanesOfKey, scratch, {add(row, key), column});
      });
}

Value TransposedElements::load(Value row) {
  if (!isMask(change))
    return loadVector(scratch, {row, index(0)});
  Value divisor = index(keysPerElement);
  Value number = arith::DivUIOp::create(b, loc, row, divisor);
  Value words = loadVector(scratch, {number, index(0)});
  Type type = getElementTypeOrSelf(scratch);
  Value shift = arith::RemUIOp::create(b, loc, row, divisor);
  shift = arith::MulIOp::create(b, loc, shift, index(bitsPerByte));
  shift = arith::IndexCastOp::create(b, loc, type, shift);
  Value byte = arith::ConstantOp::create(
      b, loc, b.getIntegerAttr(type, (1 << bitsPerByte) - 1));
  byte = arith::ShLIOp::create(b, loc, byte, shift);
  byte = vector::BroadcastOp::create(b, loc, words.getType(), byte);
  Value zero =
      arith::ConstantOp::create(b, loc, b.getZeroAttr(words.getType()));
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                               arith::AndIOp::create(b, loc, words, byte),
                               zero);
}
