//===- TransposeEmitter.cpp - Squares into lanes and out of them ----------===//
//
// A square is transposed in registers, by shuffles that are one instruction
// each on x86 and AArch64.
//
//===----------------------------------------------------------------------===//

#include "TransposeEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attention;

/// Exchanges blocks: each pair of rows that are `distance` apart swaps the odd
/// blocks of the one for the even blocks of the other, `distance` elements
/// each. Done for every power of two below the number of rows, in any order,
/// this transposes.
///
/// Of 32 bits, single elements would be swapped by two instructions of x86.
/// Halves of every four elements are interleaved by one, which leaves the
/// columns 1 and 2 of four in each other's place.
BlockEmitter::Values TransposeEmitter::transpose(ArrayRef<Value> rows) {
  int64_t size = rows.size();
  auto type = cast<VectorType>(rows.front().getType());
  assert(type.getNumElements() == size && llvm::isPowerOf2_64(size) &&
         "expected a square of a vector's lanes");
  bool interleaves = type.getElementTypeBitWidth() == 32 && size >= 4;
  Values result(rows);
  for (int64_t distance = 1; distance < size; distance *= 2) {
    SmallVector<int64_t> even, odd;
    for (int64_t l = 0; l < size; ++l) {
      bool isOdd = l / distance % 2 == 1;
      if (interleaves && distance == 1) {
        even.push_back((isOdd ? size : 0) + l / 4 * 4 + l % 4 / 2);
        odd.push_back(even.back() + 2);
        continue;
      }
      even.push_back(isOdd ? size + l - distance : l);
      odd.push_back(isOdd ? size + l : l + distance);
    }
    for (int64_t r = 0; r < size; ++r) {
      if (r / distance % 2 == 1)
        continue;
      Value x = result[r], y = result[r + distance];
      result[r] = vector::ShuffleOp::create(b, loc, x, y, even);
      result[r + distance] = vector::ShuffleOp::create(b, loc, x, y, odd);
    }
  }
  if (interleaves)
    for (int64_t r = 0; r < size; r += 4)
      std::swap(result[r + 1], result[r + 2]);
  return result;
}

void TransposeEmitter::transposeRows(int64_t size, Value count,
                                     LoadVector loadRow,
                                     StoreVector storeColumn) {
  Values rows;
  for (int64_t row = 0; row < size; ++row)
    rows.push_back(loadRow(row));
  std::optional<int64_t> constant;
  if (count)
    constant = getConstantIntValue(count);
  for (auto [position, column] : llvm::enumerate(transpose(rows))) {
    auto store = [&, position = position, column = column] {
      storeColumn(position, column);
    };
    if (!count || (constant && int64_t(position) < *constant))
      store();
    else if (!constant)
      ifThen(isLess(index(position), count), store);
  }
}

void TransposeEmitter::transposeColumns(int64_t size, Value count,
                                        LoadVector loadColumn,
                                        StoreVector storeRow) {
  std::optional<int64_t> constant;
  if (count)
    constant = getConstantIntValue(count);
  Values columns;
  for (int64_t position = 0; position < size; ++position) {
    if (!count || (constant && position < *constant)) {
      columns.push_back(loadColumn(position));
      continue;
    }
    Value zero = arith::ConstantOp::create(
        b, loc,
        b.getZeroAttr(columns.empty() ? Type(vectorType)
                                      : columns.front().getType()));
    if (constant) {
      columns.push_back(zero);
      continue;
    }
    auto read = scf::IfOp::create(
        b, loc, isLess(index(position), count),
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(b, loc, loadColumn(position));
        },
        [&](OpBuilder &, Location) { scf::YieldOp::create(b, loc, zero); });
    columns.push_back(read.getResult(0));
  }
  Values rows = transpose(columns);
  for (int64_t row = size - 1; row >= 0; --row)
    storeRow(row, rows[row]);
}

Value TransposeEmitter::loadFirst(VectorType type, Value buffer, ValueRange at,
                                  Value count) {
  if (!count)
    return vector::LoadOp::create(b, loc, type, buffer, at);
  Value mask =
      vector::CreateMaskOp::create(b, loc, type.clone(b.getI1Type()), count);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, loc, type, buffer, at, mask, zero);
}

void TransposeEmitter::storeFirst(Value vector, Value buffer, ValueRange at,
                                  Value count) {
  if (!count)
    return storeVector(vector, buffer, at);
  auto type = cast<VectorType>(vector.getType());
  Value mask =
      vector::CreateMaskOp::create(b, loc, type.clone(b.getI1Type()), count);
  vector::MaskedStoreOp::create(b, loc, buffer, at, mask, vector);
}
