//===- MaskAnalysis.cpp - What masks say of blocks of keys ----------------===//
//
// Full blocks need neither sets that are decided for whole blocks nor masks of
// which a table says that they keep all.
//
//===----------------------------------------------------------------------===//

#include "MaskAnalysis.h"

using namespace mlir;
using namespace mlir::attention;

MaskAnalysis attention::buildMaskAnalysis(OpBuilder &builder, FusedOp op,
                                          BlockSizes sizes) {
  MaskAnalysis result;
  result.data = buildDataMasks(builder, op, sizes);
  result.leavesKeysOut = !result.data.masks.empty();
  DenseSet<unsigned> classed;
  for (const BlockClasses &mask : result.data.masks)
    classed.insert(mask.change);
  SmallVector<ScoreChange> unclassed;
  for (auto [index, change] : llvm::enumerate(op.getScoreChanges())) {
    if (!classed.contains(index))
      unclassed.push_back(change);
    result.leavesKeysOut |= change.kind == ScoreChangeKind::Sets;
  }
  result.sets = analyzeScoreChanges(builder.getContext(), op.getNumBatch(),
                                    unclassed, {sizes.queries, sizes.keys});
  return result;
}
