//===- ReadingOps.cpp - attention.top_k, entropy, column_mass -------------===//
//
// Types and shapes of what is read from a tensor of weights: one value, or k of
// them, a query; or one value a key.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Shapes.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"

using namespace mlir;
using namespace mlir::attention;

/// The type of `weights`, which are to be [b…, i, j].
static FailureOr<RankedTensorType> getWeightsType(std::optional<Location> loc,
                                                  Value weights) {
  auto type = cast<RankedTensorType>(weights.getType());
  if (type.getRank() < 2)
    return emitOptionalError(
        loc,
        "expected weights of shape [batch..., Nq, Nkv], so of rank 2 or more, "
        "found rank ",
        type.getRank());
  return type;
}

/// [b…, i] or [b…, j], and what is given for the end.
static RankedTensorType getResultType(RankedTensorType weightsType,
                                      bool isByQuery,
                                      std::optional<int64_t> last,
                                      Type elementType) {
  SmallVector<int64_t> shape(weightsType.getShape());
  shape.erase(shape.end() - (isByQuery ? 1 : 2));
  if (last)
    shape.push_back(*last);
  return RankedTensorType::get(shape, elementType);
}

/// Infers a result with one value a query, or a key.
static LogicalResult inferVectors(std::optional<Location> loc, Value weights,
                                  bool isByQuery,
                                  SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> type = getWeightsType(loc, weights);
  if (failed(type))
    return failure();
  types.push_back(
      getResultType(*type, isByQuery, std::nullopt, type->getElementType()));
  return success();
}

/// Whether types differ in extents alone, which one leaves to run time.
static bool areCompatible(TypeRange inferred, TypeRange actual) {
  return inferred.size() == actual.size() &&
         llvm::all_of(llvm::zip(inferred, actual), [](auto types) {
           auto [a, b] = types;
           return haveCompatibleShapes(a, b) &&
                  cast<RankedTensorType>(a).getElementType() ==
                      cast<RankedTensorType>(b).getElementType();
         });
}

static LogicalResult verifyWeights(Operation *op, Value weights) {
  return verifyBatchedMatrix(op, cast<RankedTensorType>(weights.getType()),
                             "weights", "Nq, Nkv");
}

/// A result may have extents that the weights leave to run time.
static Speculation::Speculatability getReadingSpeculatability(Operation *op) {
  auto isStatic = [](Type type) {
    return cast<RankedTensorType>(type).hasStaticShape();
  };
  if (!isStatic(op->getOperand(0).getType()) &&
      llvm::any_of(op->getResultTypes(), isStatic))
    return Speculation::NotSpeculatable;
  return getTensorOpSpeculatability(op);
}

//===----------------------------------------------------------------------===//
// TopKOp
//===----------------------------------------------------------------------===//

LogicalResult TopKOp::inferReturnTypes(MLIRContext *context,
                                       std::optional<Location> loc,
                                       Adaptor adaptor,
                                       SmallVectorImpl<Type> &types) {
  FailureOr<RankedTensorType> type = getWeightsType(loc, adaptor.getWeights());
  if (failed(type))
    return failure();
  int64_t k = adaptor.getK();
  types.push_back(getResultType(*type, true, k, type->getElementType()));
  types.push_back(getResultType(*type, true, k, IntegerType::get(context, 32)));
  return success();
}

bool TopKOp::isCompatibleReturnTypes(TypeRange l, TypeRange r) {
  return areCompatible(l, r);
}

LogicalResult TopKOp::verify() { return verifyWeights(*this, getWeights()); }

LogicalResult TopKOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  for (OpResult result : getOperation()->getResults()) {
    auto type = cast<RankedTensorType>(result.getType());
    unsigned last = type.getRank() - 1;
    SmallVector<OpFoldResult> extents;
    for (unsigned dim = 0; dim < last; ++dim)
      extents.push_back(reifyExtent(builder, result, dim, getWeights(), dim));
    OpFoldResult count = builder.getIndexAttr(getK());
    if (type.isDynamicDim(last))
      count = getValueOrCreateConstantIndexOp(builder, getLoc(), count);
    extents.push_back(count);
    shapes.push_back(std::move(extents));
  }
  return success();
}

Speculation::Speculatability TopKOp::getSpeculatability() {
  return getReadingSpeculatability(*this);
}

Attribute TopKOp::getRowReading() {
  return TopKReadingAttr::get(getContext(), getK());
}

//===----------------------------------------------------------------------===//
// EntropyOp
//===----------------------------------------------------------------------===//

LogicalResult EntropyOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor,
                                          SmallVectorImpl<Type> &types) {
  return inferVectors(loc, adaptor.getWeights(), /*isByQuery=*/true, types);
}

bool EntropyOp::isCompatibleReturnTypes(TypeRange l, TypeRange r) {
  return areCompatible(l, r);
}

LogicalResult EntropyOp::verify() { return verifyWeights(*this, getWeights()); }

LogicalResult
EntropyOp::reifyResultShapes(OpBuilder &builder,
                             ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(
      reifyLeadingExtents(builder, cast<OpResult>(getEntropy()), getWeights()));
  return success();
}

Speculation::Speculatability EntropyOp::getSpeculatability() {
  return getReadingSpeculatability(*this);
}

Attribute EntropyOp::getRowReading() {
  return EntropyReadingAttr::get(getContext());
}

//===----------------------------------------------------------------------===//
// ColumnMassOp
//===----------------------------------------------------------------------===//

LogicalResult ColumnMassOp::inferReturnTypes(MLIRContext *,
                                             std::optional<Location> loc,
                                             Adaptor adaptor,
                                             SmallVectorImpl<Type> &types) {
  return inferVectors(loc, adaptor.getWeights(), /*isByQuery=*/false, types);
}

bool ColumnMassOp::isCompatibleReturnTypes(TypeRange l, TypeRange r) {
  return areCompatible(l, r);
}

LogicalResult ColumnMassOp::verify() {
  return verifyWeights(*this, getWeights());
}

LogicalResult
ColumnMassOp::reifyResultShapes(OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes) {
  auto result = cast<OpResult>(getMass());
  unsigned last = cast<RankedTensorType>(result.getType()).getRank() - 1;
  SmallVector<OpFoldResult> extents;
  for (unsigned dim = 0; dim < last; ++dim)
    extents.push_back(reifyExtent(builder, result, dim, getWeights(), dim));
  extents.push_back(reifyExtent(builder, result, last, getWeights(), last + 1));
  shapes.push_back(std::move(extents));
  return success();
}

Speculation::Speculatability ColumnMassOp::getSpeculatability() {
  return getReadingSpeculatability(*this);
}
