//===- BatchDims.cpp - Batch dimensions of keys and values ----------------===//
//
// A batch dimension of keys or values is the queries', a static 1, or, for the
// last one, a divisor: all three are maps, but for heads known at run time
// only.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/BatchDims.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::attention;

Value attention::repeatUnknownHeads(OpBuilder &builder, Location loc,
                                    Value tensor, Value reference) {
  auto type = cast<RankedTensorType>(tensor.getType());
  auto referenceType = cast<RankedTensorType>(reference.getType());
  int64_t rank = type.getRank();
  if (rank == 2)
    return tensor;
  unsigned head = rank - 3;
  int64_t size = type.getDimSize(head), all = referenceType.getDimSize(head);
  if (size == 1 || !(ShapedType::isDynamic(size) || ShapedType::isDynamic(all)))
    return tensor;

  // Queries of a group: H / H_kv, or 1 where there are no heads at all.
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  auto atLeastOne = [&](Value count) -> Value {
    return arith::MaxSIOp::create(builder, loc, count, one);
  };
  Value numHeads = tensor::DimOp::create(builder, loc, reference, head);
  Value numGroups = tensor::DimOp::create(builder, loc, tensor, head);
  auto buildRepeated = [&](OpBuilder &builder, Location loc) {
    Value groupSize = atLeastOne(
        arith::DivUIOp::create(builder, loc, numHeads, atLeastOne(numGroups)));
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(builder, loc, tensor);
    sizes[head] = tensor::getMixedSize(builder, loc, reference, head);
    Value empty =
        tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
    SmallVector<utils::IteratorType> iterators(rank,
                                               utils::IteratorType::parallel);
    return linalg::GenericOp::create(
               builder, loc, empty.getType(), ValueRange(), empty,
               builder.getMultiDimIdentityMap(rank), iterators,
               [&](OpBuilder &builder, Location loc, ValueRange) {
                 SmallVector<Value> indices;
                 for (int64_t dim = 0; dim < rank; ++dim)
                   indices.push_back(
                       linalg::IndexOp::create(builder, loc, dim));
                 indices[head] = arith::DivUIOp::create(
                     builder, loc, indices[head], groupSize);
                 Value element =
                     tensor::ExtractOp::create(builder, loc, tensor, indices);
                 linalg::YieldOp::create(builder, loc, element);
               })
        .getResult(0);
  };
  // Mostly there are as many, and nothing to repeat.
  Value isSame = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                       numHeads, numGroups);
  SmallVector<int64_t> shape(type.getShape());
  shape[head] = all;
  auto repeatedType = RankedTensorType::get(shape, type.getElementType());
  auto yield = [&](OpBuilder &builder, Location loc, Value result) {
    if (result.getType() != repeatedType)
      result = tensor::CastOp::create(builder, loc, repeatedType, result);
    scf::YieldOp::create(builder, loc, result);
  };
  return scf::IfOp::create(
             builder, loc, isSame,
             [&](OpBuilder &builder, Location loc) {
               yield(builder, loc, tensor);
             },
             [&](OpBuilder &builder, Location loc) {
               yield(builder, loc, buildRepeated(builder, loc));
             })
      .getResult(0);
}

AffineMap attention::getBatchedMap(Value tensor, Value reference,
                                   unsigned numDims, unsigned row,
                                   unsigned column) {
  MLIRContext *context = tensor.getContext();
  auto type = cast<RankedTensorType>(tensor.getType());
  auto referenceType = cast<RankedTensorType>(reference.getType());
  SmallVector<AffineExpr> results;
  for (int64_t dim = 0; dim < type.getRank() - 2; ++dim) {
    int64_t size = type.getDimSize(dim), all = referenceType.getDimSize(dim);
    AffineExpr index = getAffineDimExpr(dim, context);
    if (size == 1 && all != 1)
      index = getAffineConstantExpr(0, context);
    else if (!ShapedType::isDynamic(size) && !ShapedType::isDynamic(all) &&
             size != all && size != 0)
      index = index.floorDiv(all / size);
    results.push_back(index);
  }
  results.push_back(getAffineDimExpr(row, context));
  results.push_back(getAffineDimExpr(column, context));
  return AffineMap::get(numDims, 0, results, context);
}
