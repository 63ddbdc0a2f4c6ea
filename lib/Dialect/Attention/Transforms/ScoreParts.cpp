//===- ScoreParts.cpp - What is computed once an element ------------------===//
//
// linalg on whole tensors, outside the loop over pairs.
//
//===----------------------------------------------------------------------===//

#include "ScoreParts.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::attention;

ScoreParts::Side ScoreParts::getSide(unsigned side) {
  bool isQuery = side == QuerySide;
  Value tensor = isQuery ? op.getQuery() : op.getKey();
  AffineMap map = isQuery ? op.getQueryMap() : op.getKeyMap();
  unsigned feature = *map.getResultPosition(
      getAffineDimExpr(op.getFeatureDim(), op.getContext()));
  return {tensor, feature};
}

/// An element as the pair body sees it.
static Value buildExtended(OpBuilder &builder, Location loc, Value element,
                           Type type) {
  if (element.getType() == type)
    return element;
  return arith::ExtFOp::create(builder, loc, type, element);
}

Value ScoreParts::buildGeneric(
    unsigned side, AffineMap outputMap, Value output,
    function_ref<Value(OpBuilder &, IRMapping &, Value)> build) {
  unsigned rank = 1, feature = 0;
  SmallVector<Value> inputs;
  SmallVector<BlockArgument> arguments;
  ArrayRef<BlockArgument> ofBody = op.getCombine().getArguments();
  if (side != NoSide) {
    Side from = getSide(side);
    feature = from.feature;
    rank = cast<RankedTensorType>(from.tensor.getType()).getRank();
    inputs.push_back(from.tensor);
    arguments.push_back(ofBody[side == QuerySide ? 0 : 1]);
  }
  SmallVector<AffineMap> maps(inputs.size(),
                              builder.getMultiDimIdentityMap(rank));
  llvm::append_range(inputs, op.getParameters());
  llvm::append_range(arguments, ofBody.drop_front(2));
  maps.append(op.getParameters().size(),
              AffineMap::get(rank, 0, builder.getAffineDimExpr(feature)));
  maps.push_back(outputMap);
  SmallVector<utils::IteratorType> iterators;
  for (unsigned dim = 0; dim < rank; ++dim)
    iterators.push_back(outputMap.isFunctionOfDim(dim)
                            ? utils::IteratorType::parallel
                            : utils::IteratorType::reduction);
  Type c = op.getComputeType();
  auto generic = linalg::GenericOp::create(
      builder, loc, output.getType(), inputs, output, maps, iterators,
      [&](OpBuilder &b, Location, ValueRange elements) {
        IRMapping mapping;
        for (auto [argument, element] :
             llvm::zip(arguments, elements.drop_back()))
          mapping.map(argument, buildExtended(b, loc, element, c));
        linalg::YieldOp::create(b, loc, build(b, mapping, elements.back()));
      });
  return generic.getResult(0);
}

Value ScoreParts::buildElements(unsigned side, BuildScalar build) {
  Side from = getSide(side);
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, from.tensor);
  Value empty =
      tensor::EmptyOp::create(builder, loc, sizes, op.getComputeType());
  return buildGeneric(side, builder.getMultiDimIdentityMap(sizes.size()), empty,
                      [&](OpBuilder &b, IRMapping &mapping, Value) {
                        return build(b, mapping);
                      });
}

static Value buildZeros(OpBuilder &builder, Location loc, Type type,
                        ArrayRef<OpFoldResult> sizes) {
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, type);
  return linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
}

Value ScoreParts::buildSums(unsigned side, BuildScalar build) {
  Side from = getSide(side);
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, from.tensor);
  AffineMap map =
      builder.getMultiDimIdentityMap(sizes.size()).dropResult(from.feature);
  sizes.erase(sizes.begin() + from.feature);
  Value zeros = buildZeros(builder, loc, op.getComputeType(), sizes);
  return buildGeneric(
      side, map, zeros, [&](OpBuilder &b, IRMapping &mapping, Value sum) {
        return arith::AddFOp::create(b, loc, sum, build(b, mapping))
            .getResult();
      });
}

Value ScoreParts::buildFeatures(unsigned side, ValueRange tensors,
                                ValueRange single) {
  if (tensors.size() == 1 && single.empty())
    return tensors.front();
  Side from = getSide(side);
  Type c = op.getComputeType();
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, loc, from.tensor);
  OpFoldResult width = sizes[from.feature];
  // The feature after `count` tensors and `rest` single ones.
  auto position = [&](size_t count, size_t rest) {
    AffineExpr n = builder.getAffineDimExpr(0);
    return affine::makeComposedFoldedAffineApply(
        builder, loc,
        n * static_cast<int64_t>(count) + static_cast<int64_t>(rest), {width});
  };
  sizes[from.feature] = position(tensors.size(), single.size());
  Value result = tensor::EmptyOp::create(builder, loc, sizes, c);
  // Upstream inserts nothing into a static extent of 0.
  if (llvm::is_contained(cast<RankedTensorType>(result.getType()).getShape(),
                         0))
    return result;
  // Scalars are all there is behind the tensors, or are overwritten.
  for (Value value : single)
    if (!isa<TensorType>(value.getType()))
      result = linalg::FillOp::create(builder, loc, value, result).getResult(0);

  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(sizes.size(), builder.getIndexAttr(1));
  auto insert = [&](Value tensor, size_t count, size_t rest,
                    OpFoldResult extent) {
    offsets[from.feature] = position(count, rest);
    sizes[from.feature] = extent;
    result = tensor::InsertSliceOp::create(builder, loc, tensor, result,
                                           offsets, sizes, strides);
  };
  for (auto [index, tensor] : llvm::enumerate(tensors))
    insert(tensor, index, 0, width);
  for (auto [index, value] : llvm::enumerate(single))
    if (isa<TensorType>(value.getType()))
      insert(value, tensors.size(), index, builder.getIndexAttr(1));
  return result;
}

Value ScoreParts::buildParameter(BuildScalar build) {
  Side query = getSide(QuerySide);
  OpFoldResult size =
      tensor::getMixedSize(builder, loc, query.tensor, query.feature);
  Value empty = tensor::EmptyOp::create(builder, loc, ArrayRef(size),
                                        op.getComputeType());
  return buildGeneric(NoSide, builder.getMultiDimIdentityMap(1), empty,
                      [&](OpBuilder &b, IRMapping &mapping, Value) {
                        return build(b, mapping);
                      });
}

Value ScoreParts::buildParameterSum(BuildScalar build) {
  Type c = op.getComputeType();
  Value elements = buildParameter(build);
  Value zero = buildZeros(builder, loc, c, {});
  AffineMap map = builder.getMultiDimIdentityMap(1);
  auto sum = linalg::GenericOp::create(
      builder, loc, zero.getType(), elements, zero, {map, map.dropResult(0)},
      {utils::IteratorType::reduction},
      [&](OpBuilder &b, Location, ValueRange args) {
        Value next = arith::AddFOp::create(b, loc, args[1], args[0]);
        linalg::YieldOp::create(b, loc, next);
      });
  return tensor::ExtractOp::create(builder, loc, sum.getResult(0));
}

/// flag | (limit < |value|)
static Value buildExceeds(OpBuilder &builder, Location loc, Value flag,
                          Value value, double limit) {
  Value bound = arith::ConstantOp::create(
      builder, loc, builder.getFloatAttr(value.getType(), limit));
  Value magnitude = math::AbsFOp::create(builder, loc, value);
  Value exceeds = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT,
                                        bound, magnitude);
  exceeds = arith::ExtUIOp::create(builder, loc, flag.getType(), exceeds);
  return arith::OrIOp::create(builder, loc, flag, exceeds);
}

static Value buildIsZero(OpBuilder &builder, Location loc, Value flag) {
  Value value = tensor::ExtractOp::create(builder, loc, flag);
  Value zero = arith::ConstantOp::create(builder, loc,
                                         builder.getZeroAttr(value.getType()));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, value,
                               zero);
}

Value ScoreParts::buildNoneExceeds(unsigned side, double limit,
                                   BuildScalar build) {
  unsigned rank =
      cast<RankedTensorType>(getSide(side).tensor.getType()).getRank();
  Value flag = buildGeneric(
      side, AffineMap::get(rank, 0, builder.getContext()),
      buildZeros(builder, loc, builder.getI32Type(), {}),
      [&](OpBuilder &b, IRMapping &mapping, Value current) {
        return buildExceeds(b, loc, current, build(b, mapping), limit);
      });
  return buildIsZero(builder, loc, flag);
}

Value ScoreParts::buildNoneExceeds(Value tensor, double limit) {
  unsigned rank = cast<RankedTensorType>(tensor.getType()).getRank();
  Value zero = buildZeros(builder, loc, builder.getI32Type(), {});
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::reduction);
  auto flag = linalg::GenericOp::create(
      builder, loc, zero.getType(), tensor, zero,
      {builder.getMultiDimIdentityMap(rank),
       AffineMap::get(rank, 0, builder.getContext())},
      iterators, [&](OpBuilder &b, Location, ValueRange args) {
        linalg::YieldOp::create(b, loc,
                                buildExceeds(b, loc, args[1], args[0], limit));
      });
  return buildIsZero(builder, loc, flag.getResult(0));
}
