//===- BlockChecks.h - What operations of the block level share -*- C++ -*-===//
//
// Rules of tiles, states and of what scores of a block are computed from.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_IR_BLOCKCHECKS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_IR_BLOCKCHECKS_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "ScoreChanges.h"
#include "Shapes.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::attention {

/// Checks a map that permutes two dimensions.
LogicalResult verifyMatrixMap(Operation *op, AffineMap map, StringRef name,
                              Value matrix);

/// The extent of `value` in dimension `dim` of its map.
int64_t getExtent(Value value, AffineMap map, unsigned dim);

/// Checks that a tile is [rows, lanes] or [lanes] of the compute type, with
/// static lanes.
LogicalResult verifyTile(Operation *op, Value tile, StringRef name,
                         unsigned rank, Type computeType);

/// Checks that two tiles have the same lanes.
LogicalResult verifyLanes(Operation *op, Value a, Value b);

LogicalResult verifyAgree(Operation *op, StringRef what, int64_t a, int64_t b);

/// Checks that each row of a matrix may have a lane of the tile.
LogicalResult verifyRowsFit(Operation *op, int64_t numRows, Value tile);

/// Checks the values of a state beyond the accumulator: the normaliser's
/// [lanes], and those of the readings.
LogicalResult verifyState(Operation *op, ValueRange state,
                          OnlineNormaliserAttrInterface normaliser,
                          ArrayAttr readings, Value accumulator);

/// Checks the state that a normaliser left in the lanes of `tile`.
LogicalResult verifyStateOf(Operation *op,
                            OnlineNormaliserAttrInterface normaliser,
                            ValueRange state, Value tile);

/// Copies the pair body and the regions of changes into those of an op that is
/// being built.
void cloneRegions(Region &combine, ArrayRef<Region *> changes,
                  OperationState &state);

/// What an op that scores a block computes its scores from.
template <typename OpTy>
BlockScores collectBlockScores(OpTy op) {
  return {op.getQuery(),    {op.getKey(), op.getKeyMap()},
          &op.getCombine(), op.getParameters(),
          op.getScale(),    op.getScoreChanges(),
          op.getOrigin(),   op.getLive()};
}

/// Checks what an op that scores a block computes its scores from, for scores
/// of type `c`.
template <typename OpTy>
LogicalResult verifyBlockScores(OpTy op, Type c) {
  if (failed(verifyTile(op, op.getQuery(), "the queries", 2, c)) ||
      failed(verifyMatrixMap(op, op.getKeyMap(), "key", op.getKey())) ||
      failed(verifyExtends(op, getElementTypeOrSelf(op.getKey()), "key", c)))
    return failure();
  int64_t numFeatures = cast<ShapedType>(op.getQuery().getType()).getDimSize(0);
  if (failed(verifyAgree(op, "features", numFeatures,
                         getExtent(op.getKey(), op.getKeyMap(), 1))))
    return failure();
  for (Value parameter : op.getParameters()) {
    auto type = cast<ShapedType>(parameter.getType());
    if (type.getRank() != 1 || !mayBeEqual(type.getDimSize(0), numFeatures))
      return op.emitOpError(
                 "expected parameters with an element a feature, found ")
             << type;
  }
  if (op.getOrigin().size() < 2)
    return op.emitOpError(
               "expected an origin of indices (batch..., i, j), found ")
           << op.getOrigin().size();
  if (op.getScale() && op.getScale().getType() != c)
    return op.emitOpError("expected the scale to have the compute type ")
           << c << ", found " << op.getScale().getType();
  return verifyScoreChanges(op, op.getChanges(), op.getChangeSets(),
                            op.getSymbols(), op.getChangeTensors(),
                            op.getChangeRegions(), op.getOrigin().size(), c);
}

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_IR_BLOCKCHECKS_H
