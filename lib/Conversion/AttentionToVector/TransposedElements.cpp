//===- TransposedElements.cpp - Masks and biases along keys ---------------===//
//
// A mask's bytes are transposed a word at a time: of one query and as many keys
// as the word has bytes. So a square has as many times the pairs for the same
// shuffles.
//
//===----------------------------------------------------------------------===//

#include "TransposedElements.h"

#include "LaneVectorizer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

/// Whether the elements of `change` lie along keys.
static bool liesAlongKeys(const BlockScores &scores,
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

TransposedElements::TransposedElements(OpBuilder &builder, Location loc,
                                       const BlockScores &scores,
                                       const ScoreChange &change,
                                       int64_t vectorLanes, int64_t width,
                                       Value scratch)
    : TransposeEmitter(builder, loc, scores.getComputeType(), width),
      vectorLanes(vectorLanes), scratch(scratch), scores(scores),
      map(change.map) {}

void TransposedElements::emit(Value first, Value count, Value lane) {
  firstKey = first;
  numKeys = count;
  firstLane = lane;
  lastQuery = add(scores.live, -1);
  fill();
}

Value TransposedElements::queryInLane(Value lane) {
  return minimum(add(firstLane, lane), lastQuery);
}

BlockEmitter::Values TransposedElements::indicesAt(Value query, Value row) {
  unsigned numBatch = scores.getNumBatch();
  SmallVector<LaneValue> position;
  for (Value batch : scores.origin.take_front(numBatch))
    position.push_back(LaneValue::uniform(batch));
  position.push_back(LaneValue::uniform(add(scores.origin[numBatch], query)));
  position.push_back(
      LaneValue::uniform(add(scores.origin[numBatch + 1], add(firstKey, row))));
  LaneVectorizer vectorizer(b, loc, lanes, /*live=*/Value());
  return llvm::map_to_vector(map.getResults(), [&](AffineExpr result) {
    return vectorizer.evaluate(result, position).value;
  });
}

//===----------------------------------------------------------------------===//
// Masks
//===----------------------------------------------------------------------===//

static constexpr int64_t bitsPerByte = 8;

namespace {
/// scratch[key / n, query] = bytes of keys key … key + n - 1, the first one
/// lowest, as they lie in the memory of little-endian processors.
class TransposedMask : public TransposedElements {
public:
  TransposedMask(OpBuilder &builder, Location loc, const BlockScores &scores,
                 const ScoreChange &change, int64_t vectorLanes, int64_t width,
                 function_ref<Value(Type)> getScratch)
      : TransposedElements(builder, loc, scores, change, vectorLanes, width,
                           getScratch(builder.getIntegerType(
                               scores.getComputeType().getWidth()))),
        mask(change.tensor), word(getElementTypeOrSelf(scratch)),
        keysPerWord(c.getWidth() / bitsPerByte) {}

  Value load(Value row) override {
    Value divisor = index(keysPerWord);
    Value number = arith::DivUIOp::create(b, loc, row, divisor);
    Value words = loadVector(scratch, {number, index(0)});
    Value shift = arith::RemUIOp::create(b, loc, row, divisor);
    shift = arith::MulIOp::create(b, loc, shift, index(bitsPerByte));
    shift = arith::IndexCastOp::create(b, loc, word, shift);
    Value byte = arith::ConstantOp::create(
        b, loc, b.getIntegerAttr(word, (1 << bitsPerByte) - 1));
    byte = arith::ShLIOp::create(b, loc, byte, shift);
    byte = vector::BroadcastOp::create(b, loc, words.getType(), byte);
    Value zero =
        arith::ConstantOp::create(b, loc, b.getZeroAttr(words.getType()));
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                 arith::AndIOp::create(b, loc, words, byte),
                                 zero);
  }

private:
  void fill() override {
    // In memory i1 is a byte, in a vector a bit.
    auto type = cast<MemRefType>(mask.getType());
    type = MemRefType::get(type.getShape(), b.getI8Type(), type.getLayout(),
                           type.getMemorySpace());
    buffer =
        UnrealizedConversionCastOp::create(b, loc, type, mask).getResult(0);
    loop(index(0), index(lanes), vectorLanes,
         [&](Value column) { emitSquares(column); });
    emitRest();
  }

  /// For a vector of queries from lane `column` on.
  void emitSquares(Value column) {
    int64_t numBytes = vectorLanes * keysPerWord;
    auto bytes = VectorType::get(numBytes, b.getI8Type());
    auto words = VectorType::get(vectorLanes, word);
    loop(index(0), roundDown(numKeys, numBytes), numBytes, [&](Value row) {
      Value number = arith::DivUIOp::create(b, loc, row, index(keysPerWord));
      transposeRows(
          vectorLanes, Value(),
          [&](int64_t lane) -> Value {
            Value query = queryInLane(add(column, lane));
            Value elements = vector::LoadOp::create(b, loc, bytes, buffer,
                                                    indicesAt(query, row));
            return vector::BitCastOp::create(b, loc, words, elements);
          },
          [&](int64_t position, Value lanesOfWord) {
            storeVector(lanesOfWord, scratch, {add(number, position), column});
          });
    });
  }

  /// The keys that make no square, a byte at a time.
  void emitRest() {
    Value begin = roundDown(numKeys, vectorLanes * keysPerWord);
    if (isEqualConstantIntOrValue(begin, numKeys))
      return;
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(word));
    loop(index(0), index(lanes), 1, [&](Value lane) {
      Value query = queryInLane(lane);
      loop(begin, numKeys, keysPerWord, [&](Value row) {
        Value end = minimum(add(row, keysPerWord), numKeys);
        Values bytes =
            loop(row, end, 1, zero, [&](Value key, ValueRange current) {
              Value byte =
                  memref::LoadOp::create(b, loc, buffer, indicesAt(query, key));
              byte = arith::ExtUIOp::create(b, loc, word, byte);
              Value shift = arith::MulIOp::create(b, loc, sub(key, row),
                                                  index(bitsPerByte));
              shift = arith::IndexCastOp::create(b, loc, word, shift);
              byte = arith::ShLIOp::create(b, loc, byte, shift);
              return Values{arith::OrIOp::create(b, loc, current[0], byte)};
            });
        Value number = arith::DivUIOp::create(b, loc, row, index(keysPerWord));
        memref::StoreOp::create(b, loc, bytes[0], scratch,
                                ValueRange{number, lane});
      });
    });
  }

  /// The tensor, and the same of bytes.
  Value mask, buffer;
  Type word;
  int64_t keysPerWord;
};

//===----------------------------------------------------------------------===//
// Biases
//===----------------------------------------------------------------------===//

/// scratch[key, query] = bias[query, key]
class TransposedBias : public TransposedElements {
public:
  TransposedBias(OpBuilder &builder, Location loc, const BlockScores &scores,
                 const ScoreChange &change, int64_t vectorLanes, int64_t width,
                 function_ref<Value(Type)> getScratch)
      : TransposedElements(builder, loc, scores, change, vectorLanes, width,
                           getScratch(scores.getComputeType())),
        bias(change.tensor) {}

  Value load(Value row) override {
    return loadVector(scratch, {row, index(0)});
  }

private:
  void fill() override {
    loop(index(0), index(lanes), vectorLanes,
         [&](Value column) { emitSquares(column); });
  }

  /// For a vector of queries from lane `column` on.
  void emitSquares(Value column) {
    // The last square overlaps the one before.
    Value hasSquare = isLess(index(vectorLanes - 1), numKeys);
    Value last = sub(numKeys, index(vectorLanes));
    Value end =
        b.createOrFold<arith::SelectOp>(loc, hasSquare, numKeys, index(0));
    loop(index(0), end, vectorLanes,
         [&](Value row) { emitSquare(column, minimum(row, last), Value()); });
    if (std::optional<int64_t> count = getConstantIntValue(numKeys);
        count && *count >= vectorLanes)
      return;
    ifThen(isLess(numKeys, index(vectorLanes)),
           [&] { emitSquare(column, index(0), numKeys); });
  }

  /// As many keys as a vector has lanes, or `count` of them.
  void emitSquare(Value column, Value row, Value count) {
    auto type = VectorType::get(vectorLanes, getElementTypeOrSelf(bias));
    transposeRows(
        vectorLanes, count,
        [&](int64_t lane) {
          Value query = queryInLane(add(column, lane));
          return extend(loadFirst(type, bias, indicesAt(query, row), count));
        },
        [&](int64_t key, Value lanesOfKey) {
          storeVector(lanesOfKey, scratch, {add(row, key), column});
        });
  }

  Value bias;
};
} // namespace

std::unique_ptr<TransposedElements>
TransposedElements::create(OpBuilder &builder, Location loc,
                           const BlockScores &scores, const ScoreChange &change,
                           int64_t vectorLanes, int64_t width,
                           function_ref<Value(Type)> getScratch) {
  if (!liesAlongKeys(scores, change))
    return nullptr;
  if (change.kind == ScoreChangeKind::Keep)
    return std::make_unique<TransposedMask>(builder, loc, scores, change,
                                            vectorLanes, width, getScratch);
  return std::make_unique<TransposedBias>(builder, loc, scores, change,
                                          vectorLanes, width, getScratch);
}
