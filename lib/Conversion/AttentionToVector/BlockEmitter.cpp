//===- BlockEmitter.cpp - What the block level's lowerings share ----------===//
//
// Loops, loads and constants on buffers, built at one place and of one compute
// type.
//
//===----------------------------------------------------------------------===//

#include "BlockEmitter.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::attention;

Block *attention::getScratchScope(Operation *op) {
  while (!isa<scf::ForallOp, scf::ParallelOp, FunctionOpInterface>(
      op->getParentOp()))
    op = op->getParentOp();
  return op->getBlock();
}

Value BlockEmitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value BlockEmitter::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(loc, x, y);
}

Value BlockEmitter::sub(Value x, Value y) {
  return b.createOrFold<arith::SubIOp>(loc, x, y);
}

Value BlockEmitter::roundDown(Value value, int64_t step) {
  if (step == 1)
    return value;
  Value rest = b.createOrFold<arith::RemUIOp>(loc, value, index(step));
  return sub(value, rest);
}

Value BlockEmitter::minimum(Value x, Value y) {
  return b.createOrFold<arith::MinSIOp>(loc, x, y);
}

Value BlockEmitter::isLess(Value x, Value y) {
  return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, x, y);
}

/// The dimension of the buffer that a row (0) or column (1) is.
static unsigned getPosition(MappedValue matrix, unsigned dim) {
  return *matrix.map.getResultPosition(
      getAffineDimExpr(dim, matrix.map.getContext()));
}

Value BlockEmitter::extent(MappedValue matrix, unsigned dim) {
  return b.createOrFold<memref::DimOp>(loc, matrix.value,
                                       getPosition(matrix, dim));
}

int64_t BlockEmitter::staticExtent(MappedValue matrix, unsigned dim) {
  return cast<MemRefType>(matrix.value.getType())
      .getDimSize(getPosition(matrix, dim));
}

BlockEmitter::Values BlockEmitter::indices(MappedValue matrix, Value row,
                                           Value column) {
  Values result = {row, column};
  if (getPosition(matrix, 0) == 1)
    std::swap(result[0], result[1]);
  return result;
}

bool BlockEmitter::isContiguous(MappedValue matrix, unsigned dim) {
  SmallVector<int64_t> strides;
  int64_t offset;
  auto type = cast<MemRefType>(matrix.value.getType());
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides[getPosition(matrix, dim)] == 1;
}

Value BlockEmitter::extend(Value value) {
  Type type = c;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = vector.clone(c);
  if (value.getType() == type)
    return value;
  return arith::ExtFOp::create(b, loc, type, value);
}

Value BlockEmitter::round(Value value, Type elementType) {
  Type type = elementType;
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    type = vector.clone(elementType);
  if (value.getType() == type)
    return value;
  if (elementType.getIntOrFloatBitWidth() > c.getWidth())
    return arith::ExtFOp::create(b, loc, type, value);
  return arith::TruncFOp::create(b, loc, type, value);
}

Value BlockEmitter::splat(Value scalar) {
  return vector::BroadcastOp::create(b, loc, vectorType, scalar);
}

Value BlockEmitter::zeroVector() {
  return arith::ConstantOp::create(b, loc, b.getZeroAttr(vectorType));
}

Value BlockEmitter::negInf(VectorType type) {
  APFloat value = APFloat::getInf(c.getFloatSemantics(), /*Negative=*/true);
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, value));
}

Value BlockEmitter::isLive(Value scores) {
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, scores,
                               negInf(cast<VectorType>(scores.getType())));
}

Value BlockEmitter::loadScalar(MappedValue matrix, Value row, Value column) {
  return extend(memref::LoadOp::create(b, loc, matrix.value,
                                       indices(matrix, row, column)));
}

ElementRun BlockEmitter::loadRun(Value buffer, ValueRange at, unsigned dim,
                                 int64_t count, bool asVector) {
  ElementRun run{buffer, Values(at), dim, Value()};
  auto type = cast<MemRefType>(buffer.getType());
  bool isContiguous =
      int64_t(dim) == type.getRank() - 1 && type.isLastDimUnitStride();
  if (asVector && isContiguous && count > 1)
    run.vector = extend(vector::LoadOp::create(
        b, loc, VectorType::get(count, type.getElementType()), buffer, at));
  return run;
}

ElementRun BlockEmitter::loadRun(MappedValue matrix, Value row, Value column,
                                 int64_t count, bool asVector) {
  return loadRun(matrix.value, indices(matrix, row, column),
                 getPosition(matrix, 1), count, asVector);
}

Value BlockEmitter::getElement(const ElementRun &run, int64_t number) {
  if (run.vector)
    return vector::ExtractOp::create(b, loc, run.vector, number);
  Values at(run.at);
  at[run.dim] = add(at[run.dim], number);
  return extend(memref::LoadOp::create(b, loc, run.buffer, at));
}

Value BlockEmitter::multiplyAdd(Value x, Value y, Value z) {
  auto contract = arith::FastMathFlags::contract;
  Value product = arith::MulFOp::create(b, loc, x, y, contract);
  return arith::AddFOp::create(b, loc, product, z, contract);
}

Value BlockEmitter::loadVector(Value buffer, ValueRange at) {
  Type element = getElementTypeOrSelf(buffer);
  return vector::LoadOp::create(b, loc, VectorType::get(lanes, element), buffer,
                                at);
}

void BlockEmitter::storeVector(Value vector, Value buffer, ValueRange at) {
  vector::StoreOp::create(b, loc, vector, buffer, at);
}

BlockEmitter::Values BlockEmitter::loadVectors(ValueRange buffers,
                                               ValueRange at) {
  return llvm::map_to_vector(
      buffers, [&](Value buffer) { return loadVector(buffer, at); });
}

void BlockEmitter::storeVectors(ValueRange vectors, ValueRange buffers,
                                ValueRange at) {
  for (auto [vector, buffer] : llvm::zip_equal(vectors, buffers))
    storeVector(vector, buffer, at);
}

BlockEmitter::Values
BlockEmitter::loop(Value begin, Value end, int64_t step, ValueRange values,
                   function_ref<Values(Value, ValueRange)> body) {
  auto forOp = scf::ForOp::create(
      b, loc, begin, end, index(step), values,
      [&](OpBuilder &, Location, Value i, ValueRange current) {
        scf::YieldOp::create(b, loc, body(i, current));
      });
  return Values(forOp.getResults());
}

void BlockEmitter::loop(Value begin, Value end, int64_t step,
                        function_ref<void(Value)> body) {
  loop(begin, end, step, ValueRange(), [&](Value i, ValueRange) -> Values {
    body(i);
    return {};
  });
}

BlockEmitter::Values BlockEmitter::loopWithTail(
    Value end, int64_t size, ValueRange values,
    function_ref<Values(Value, int64_t, ValueRange)> body) {
  Value tail = roundDown(end, size);
  Values result =
      loop(index(0), tail, size, values,
           [&](Value i, ValueRange current) { return body(i, size, current); });
  if (size == 1 || tail == end || isEqualConstantIntOrValue(tail, end))
    return result;
  return loop(tail, end, 1, result,
              [&](Value i, ValueRange current) { return body(i, 1, current); });
}

BlockEmitter::Values
BlockEmitter::unrolledLoop(Value end, ValueRange values,
                           function_ref<Values(Value, ValueRange)> body) {
  return loopWithTail(end, unrollFactor, values,
                      [&](Value i, int64_t steps, ValueRange current) {
                        Values next(current);
                        for (int64_t step = 0; step < steps; ++step)
                          next = body(add(i, step), next);
                        return next;
                      });
}

void BlockEmitter::ifThen(Value condition, function_ref<void()> then) {
  scf::IfOp::create(b, loc, condition, [&](OpBuilder &, Location) {
    then();
    scf::YieldOp::create(b, loc);
  });
}
