//===- LinalgBuilders.cpp - What the exact lowering builds with -----------===//
//
// Tensors, casts and indexing maps shared by the patterns of this folder.
//
//===----------------------------------------------------------------------===//

#include "LinalgBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"

using namespace mlir;
using namespace mlir::attention;

int64_t attention::getRank(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getRank();
}

Value attention::buildFloat(OpBuilder &builder, Location loc, Type type,
                            double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, value));
}

Value attention::buildNegInf(OpBuilder &builder, Location loc, Type type) {
  return buildFloat(builder, loc, type,
                    -std::numeric_limits<double>::infinity());
}

Value attention::buildIsLive(OpBuilder &builder, Location loc, Value score) {
  return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE, score,
                               buildNegInf(builder, loc, score.getType()));
}

Value attention::buildExtend(OpBuilder &builder, Location loc, Value value,
                             Type type) {
  // By way of f32: not every target extends 16-bit types to f64 in one step.
  for (Type step : {Type(builder.getF32Type()), type})
    if (value.getType().getIntOrFloatBitWidth() < step.getIntOrFloatBitWidth())
      value = arith::ExtFOp::create(builder, loc, step, value);
  return value;
}

/// Rounds an f64 to f32 such that rounding the result again, to a type of at
/// least two bits less, gives what rounding at once would: an inexact result is
/// truncated and its last bit set ("round to odd", Boldo and Melquiond, 2008).
static Value buildRoundToOdd(OpBuilder &builder, Location loc, Value value) {
  Type i32 = builder.getI32Type(), f32 = builder.getF32Type();
  Type f64 = builder.getF64Type();
  Value nearest = arith::TruncFOp::create(builder, loc, f32, value);
  Value widened = arith::ExtFOp::create(builder, loc, f64, nearest);
  Value isInexact = arith::CmpFOp::create(
      builder, loc, arith::CmpFPredicate::ONE, widened, value);
  Value isAway =
      arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT,
                            math::AbsFOp::create(builder, loc, widened),
                            math::AbsFOp::create(builder, loc, value));
  Value bits = arith::BitcastOp::create(builder, loc, i32, nearest);
  Value one = arith::ConstantIntOp::create(builder, loc, i32, 1);
  Value isAwayBit = arith::ExtUIOp::create(builder, loc, i32, isAway);
  Value truncated = arith::SubIOp::create(builder, loc, bits, isAwayBit);
  Value odd = arith::OrIOp::create(builder, loc, truncated, one);
  Value asFloat = arith::BitcastOp::create(builder, loc, f32, odd);
  return arith::SelectOp::create(builder, loc, isInexact, asFloat, nearest);
}

Value attention::buildRound(OpBuilder &builder, Location loc, Value value,
                            Type type) {
  unsigned width = type.getIntOrFloatBitWidth();
  unsigned valueWidth = value.getType().getIntOrFloatBitWidth();
  if (width >= valueWidth)
    return buildExtend(builder, loc, value, type);
  if (valueWidth == 64 && width == 16)
    value = buildRoundToOdd(builder, loc, value);
  return arith::TruncFOp::create(builder, loc, type, value);
}

Value attention::buildEmpty(OpBuilder &builder, Location loc, Type type,
                            ArrayRef<OpFoldResult> sizes) {
  SmallVector<Value> dynamicSizes;
  auto tensorType = cast<RankedTensorType>(type);
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (tensorType.isDynamicDim(dim))
      dynamicSizes.push_back(cast<Value>(size));
  return tensor::EmptyOp::create(builder, loc, tensorType, dynamicSizes);
}

ReifiedRankedShapedTypeDims attention::reifyShapes(OpBuilder &builder,
                                                   Operation *op) {
  ReifiedRankedShapedTypeDims shapes;
  LogicalResult reified =
      cast<ReifyRankedShapedTypeOpInterface>(op).reifyResultShapes(builder,
                                                                   shapes);
  assert(succeeded(reified) && "attention ops reify their shapes");
  (void)reified;
  return shapes;
}

AffineMap attention::getDimsMap(MLIRContext *context, unsigned numDims,
                                ArrayRef<unsigned> dims) {
  return AffineMap::getMultiDimMapWithTargets(numDims, dims, context);
}

SmallVector<Value> attention::buildReduction(OpBuilder &builder, Location loc,
                                             Value tensor, unsigned reduced,
                                             ValueRange rows,
                                             ValueRange outputs,
                                             BuildReduced build) {
  unsigned rank = getRank(tensor);
  AffineMap map = builder.getMultiDimIdentityMap(rank);
  SmallVector<AffineMap> maps(1 + rows.size() + outputs.size(),
                              map.dropResult(reduced));
  maps.front() = map;
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators[reduced] = utils::IteratorType::reduction;
  SmallVector<Value> inputs = {tensor};
  llvm::append_range(inputs, rows);
  auto generic = linalg::GenericOp::create(
      builder, loc, outputs.getTypes(), inputs, outputs, maps, iterators,
      [&](OpBuilder &builder, Location loc, ValueRange arguments) {
        linalg::YieldOp::create(builder, loc, build(builder, loc, arguments));
      });
  return SmallVector<Value>(generic.getResults());
}
