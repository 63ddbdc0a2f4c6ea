//===- NormaliserToLinalg.cpp - Scores to weights -------------------------===//
//
// Any NormaliserOpInterface becomes a pass over each row that builds up its
// state, then an elementwise pass that makes the weights.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/AttentionToLinalg/AttentionToLinalg.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "LinalgBuilders.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

/// (b…, i[, j]) -> trailing batch dimensions of the rows, 0 where `tensor` has
/// extent 1 and the batch has not.
static AffineMap getTrailingBatchMap(Value tensor, RankedTensorType scoresType,
                                     unsigned numDims) {
  MLIRContext *context = tensor.getContext();
  auto type = cast<RankedTensorType>(tensor.getType());
  int64_t first = scoresType.getRank() - 2 - type.getRank();
  SmallVector<AffineExpr> results;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    results.push_back(type.getDimSize(dim) == 1 &&
                              scoresType.getDimSize(first + dim) != 1
                          ? getAffineConstantExpr(0, context)
                          : getAffineDimExpr(first + dim, context));
  return AffineMap::get(numDims, 0, results, context);
}

namespace {
/// %w, %rows = normaliser %s
/// ->
/// %init  = linalg.generic (b…, i) { init }
/// %state = linalg.generic (b…, i: parallel, j: reduction) ins(%s) outs(%init)
///            { update(state, s) }
/// %w     = linalg.generic (b…, i, j) ins(%s, %state) { weight(s, state) }
/// %rows  = linalg.generic (b…, i) ins(%state) { results(state) }
struct NormaliserToLinalg
    : public OpInterfaceRewritePattern<NormaliserOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(NormaliserOpInterface op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value scores = op.getScores();
    auto type = cast<RankedTensorType>(scores.getType());
    Type computeType = type.getElementType();
    unsigned rank = type.getRank();
    AffineMap pairMap = rewriter.getMultiDimIdentityMap(rank);
    AffineMap rowMap = rewriter.getMultiDimIdentityMap(rank - 1);
    AffineMap rowOfPairMap = pairMap.dropResult(rank - 1);
    SmallVector<utils::IteratorType> rowLoops(rank - 1,
                                              utils::IteratorType::parallel);
    SmallVector<utils::IteratorType> pairLoops(rank,
                                               utils::IteratorType::parallel);
    SmallVector<utils::IteratorType> reductionLoops = pairLoops;
    reductionLoops.back() = utils::IteratorType::reduction;

    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(rewriter, loc, scores);
    auto rowType =
        RankedTensorType::get(type.getShape().drop_back(), computeType);
    auto buildEmptyRows = [&](size_t count) {
      SmallVector<Value> tensors;
      for (size_t i = 0; i < count; ++i)
        tensors.push_back(
            buildEmpty(rewriter, loc, rowType, ArrayRef(sizes).drop_back()));
      return tensors;
    };
    auto buildGeneric =
        [&](ValueRange inputs, ArrayRef<AffineMap> inputMaps,
            ValueRange outputs, AffineMap outputMap,
            ArrayRef<utils::IteratorType> iterators,
            function_ref<SmallVector<Value>(OpBuilder &, Location, ValueRange)>
                build) {
          SmallVector<AffineMap> maps(inputMaps);
          maps.append(outputs.size(), outputMap);
          return linalg::GenericOp::create(
                     rewriter, loc, outputs.getTypes(), inputs, outputs, maps,
                     iterators,
                     [&](OpBuilder &builder, Location loc, ValueRange args) {
                       linalg::YieldOp::create(builder, loc,
                                               build(builder, loc, args));
                     })
              ->getResults();
        };

    ValueRange initOperands = op.getInitOperands();
    size_t stateSize = op.getStateSize();
    SmallVector<Value> state;
    if (stateSize > 0) {
      SmallVector<AffineMap> initMaps;
      for (Value operand : initOperands)
        initMaps.push_back(getTrailingBatchMap(operand, type, rank - 1));
      ResultRange init = buildGeneric(
          initOperands, initMaps, buildEmptyRows(stateSize), rowMap, rowLoops,
          [&](OpBuilder &builder, Location loc, ValueRange args) {
            SmallVector<Value> elements;
            for (Value element : args.take_front(initOperands.size()))
              elements.push_back(
                  buildExtend(builder, loc, element, computeType));
            return op.buildInit(builder, loc, elements);
          });
      state = buildGeneric(
          scores, pairMap, init, rowOfPairMap, reductionLoops,
          [&](OpBuilder &builder, Location loc, ValueRange args) {
            return op.buildUpdate(builder, loc, args.drop_front(), args[0]);
          });
    }

    SmallVector<Value> pairInputs = {scores};
    llvm::append_range(pairInputs, state);
    SmallVector<AffineMap> pairMaps(1 + stateSize, rowOfPairMap);
    pairMaps[0] = pairMap;
    Value emptyWeights =
        buildEmpty(rewriter, loc, op.getWeights().getType(), sizes);
    SmallVector<Value> results =
        buildGeneric(pairInputs, pairMaps, emptyWeights, pairMap, pairLoops,
                     [&](OpBuilder &builder, Location loc,
                         ValueRange args) -> SmallVector<Value> {
                       return {op.buildWeight(builder, loc, args[0],
                                              args.slice(1, stateSize))};
                     });

    if (!op.getRowResults().empty()) {
      SmallVector<Value> emptyRows;
      for (Value result : op.getRowResults())
        emptyRows.push_back(buildEmpty(rewriter, loc, result.getType(),
                                       ArrayRef(sizes).drop_back()));
      SmallVector<AffineMap> stateMaps(stateSize, rowMap);
      llvm::append_range(
          results,
          buildGeneric(state, stateMaps, emptyRows, rowMap, rowLoops,
                       [&](OpBuilder &builder, Location loc, ValueRange args) {
                         return op.buildRowResults(builder, loc,
                                                   args.take_front(stateSize));
                       }));
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};
} // namespace

void attention::populateNormaliserToLinalgPatterns(
    RewritePatternSet &patterns) {
  patterns.add<NormaliserToLinalg>(patterns.getContext());
}
