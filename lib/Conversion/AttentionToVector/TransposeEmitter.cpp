//===- TransposeEmitter.cpp - Squares into lanes and out of them ----------===//
//
// vector.transpose of a square becomes shuffles in registers.
//
//===----------------------------------------------------------------------===//

#include "TransposeEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::attention;

/// Rows of a square and its transpose.
BlockEmitter::Values TransposeEmitter::transpose(ArrayRef<Value> rows) {
  auto rowType = cast<VectorType>(rows.front().getType());
  int64_t size = rows.size();
  auto type = VectorType::get({size, size}, rowType.getElementType());
  Value square = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  for (auto [position, row] : llvm::enumerate(rows))
    square = vector::InsertOp::create(b, loc, row, square, position);
  square = vector::TransposeOp::create(b, loc, square, ArrayRef<int64_t>{1, 0});
  Values columns;
  for (int64_t position = 0; position < size; ++position)
    columns.push_back(vector::ExtractOp::create(b, loc, square, position));
  return columns;
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
