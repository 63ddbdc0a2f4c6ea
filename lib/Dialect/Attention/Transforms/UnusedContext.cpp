//===- UnusedContext.cpp - Values where there is no context ---------------===//
//
// The pattern by which a context that nobody uses is not computed.
//
//===----------------------------------------------------------------------===//

#include "UnusedContext.h"

#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "ScoresInMemory.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

MappedValue attention::buildZeroValues(OpBuilder &builder, Location loc,
                                       MappedValue key, unsigned numBatch,
                                       Type elementType) {
  AffineMap map = AffineMap::getMultiDimMapWithTargets(
      numBatch + 4, {numBatch + 1, numBatch + 3}, builder.getContext());
  OpFoldResult numKeys = tensor::getMixedSize(
      builder, loc, key.value, *key.map.getResultPosition(map.getResult(0)));
  return {buildZeros(builder, loc, {numKeys}, elementType), map};
}

/// %r:2 = fused … value(%v by #v) outs(%o, %h …) reads([#attention.entropy])
/// ->
/// %0   = linalg.fill ins(0.0) outs(tensor.empty) : tensor<?x1xf32>
/// %r:2 = fused … value(%0 by (b…, i, j, d, e) -> (j, e)) outs(%o', %h …)
///          reads([#attention.entropy])
bool attention::narrowUnusedContext(RewriterBase &rewriter, FusedOp op) {
  if (op->getNumResults() == 0 || !op->getResult(0).use_empty())
    return false;
  MLIRContext *context = op.getContext();
  AffineExpr e = getAffineDimExpr(op.getValueDim(), context);
  unsigned feature = *op.getValueMap().getResultPosition(e);
  int64_t numFeatures =
      cast<RankedTensorType>(op.getValue().getType()).getDimSize(feature);
  if (numFeatures == 0 || numFeatures == 1)
    return false;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  Location loc = op.getLoc();
  MappedValue value =
      buildZeroValues(rewriter, loc, {op.getKey(), op.getKeyMap()},
                      op.getNumBatch(), getElementTypeOrSelf(op.getValue()));
  Value out = op.getOuts()[0];
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, out);
  sizes[*op.getOutputMap(0).getResultPosition(e)] = rewriter.getIndexAttr(1);
  out =
      tensor::EmptyOp::create(rewriter, loc, sizes, getElementTypeOrSelf(out));
  rewriter.modifyOpInPlace(op, [&] {
    op.getValueMutable().set(value.value);
    op.setValueMap(value.map);
    op.getOutsMutable()[0].set(out);
    op->getResult(0).setType(out.getType());
  });
  return true;
}
