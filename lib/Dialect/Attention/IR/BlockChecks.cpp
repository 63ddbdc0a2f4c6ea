//===- BlockChecks.cpp - What operations of the block level share ---------===//
//
// Rules of tiles, states and matrices.
//
//===----------------------------------------------------------------------===//

#include "BlockChecks.h"

#include "Attention/Dialect/Attention/IR/Readings.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::attention;

LogicalResult attention::verifyMatrixMap(Operation *op, AffineMap map,
                                         StringRef name, Value matrix) {
  if (map.getNumDims() == 2 && map.isPermutation() &&
      cast<ShapedType>(matrix.getType()).getRank() == 2)
    return success();
  return op->emitOpError("expected ")
         << name << " of rank 2 with a map that permutes two dimensions, found "
         << matrix.getType() << " and " << AffineMapAttr::get(map);
}

int64_t attention::getExtent(Value value, AffineMap map, unsigned dim) {
  unsigned position =
      *map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
  return cast<ShapedType>(value.getType()).getDimSize(position);
}

LogicalResult attention::verifyTile(Operation *op, Value tile, StringRef name,
                                    unsigned rank, Type computeType) {
  auto type = cast<ShapedType>(tile.getType());
  if (type.getRank() == rank && !type.isDynamicDim(rank - 1) &&
      type.getElementType() == computeType)
    return success();
  return op->emitOpError("expected ")
         << name << " to be " << (rank == 2 ? "[rows, lanes]" : "[lanes]")
         << " of " << computeType << " with static lanes, found " << type;
}

LogicalResult attention::verifyLanes(Operation *op, Value a, Value b) {
  auto first = cast<ShapedType>(a.getType());
  auto second = cast<ShapedType>(b.getType());
  if (first.getShape().back() == second.getShape().back())
    return success();
  return op->emitOpError("expected tiles of the same lanes, found ")
         << first << " and " << second;
}

LogicalResult attention::verifyAgree(Operation *op, StringRef what, int64_t a,
                                     int64_t b) {
  if (mayBeEqual(a, b))
    return success();
  return op->emitOpError("expected operands to agree on the number of ")
         << what << ", found " << a << " and " << b;
}

LogicalResult attention::verifyRowsFit(Operation *op, int64_t numRows,
                                       Value tile) {
  int64_t numLanes = cast<ShapedType>(tile.getType()).getShape().back();
  if (ShapedType::isDynamic(numRows) || numRows <= numLanes)
    return success();
  return op->emitOpError("expected a lane for each row, found ")
         << numLanes << " lanes for " << numRows << " rows";
}

/// Checks that weights of a normaliser can be read so.
static LogicalResult verifyReadings(Operation *op, ArrayAttr readings,
                                    OnlineNormaliserAttrInterface normaliser) {
  for (auto reading : readings.getAsRange<RowReadingAttrInterface>())
    if (!reading.isCompatible(normaliser))
      return op->emitOpError("expected readings of the weights of ")
             << normaliser << ", found " << reading;
  return success();
}

LogicalResult attention::verifyState(Operation *op, ValueRange state,
                                     OnlineNormaliserAttrInterface normaliser,
                                     ArrayAttr readings, Value accumulator) {
  auto c = cast<FloatType>(getElementTypeOrSelf(accumulator));
  if (failed(verifyReadings(op, readings, normaliser)))
    return failure();
  for (Value value : state.take_front(getStateSize(normaliser)))
    if (failed(verifyTile(op, value, "the state", 1, c)) ||
        failed(verifyLanes(op, accumulator, value)))
      return failure();
  int64_t numLanes = cast<ShapedType>(accumulator.getType()).getShape().back();
  for (auto [reading, values] : getReadingStates(readings, c, state))
    for (auto [value, type] :
         llvm::zip_equal(values, reading.getStateTypes(c))) {
      auto found = cast<ShapedType>(value.getType());
      auto expected =
          RankedTensorType::get({reading.getNumSlots(), numLanes}, type);
      if (found.getElementType() != type ||
          found.getShape() != expected.getShape())
        return op->emitOpError("expected the state of ")
               << reading << " to be like " << expected << ", found " << found;
    }
  return success();
}

LogicalResult attention::verifyStateOf(Operation *op,
                                       OnlineNormaliserAttrInterface normaliser,
                                       ValueRange state, Value tile) {
  if (state.size() != getStateSize(normaliser))
    return op->emitOpError("expected the state of the normaliser, ")
           << getStateSize(normaliser) << " values, found " << state.size();
  return verifyState(op, state, normaliser,
                     ArrayAttr::get(op->getContext(), {}), tile);
}

void attention::cloneRegions(Region &combine, ArrayRef<Region *> changes,
                             OperationState &state) {
  IRMapping mapping;
  combine.cloneInto(state.regions.front().get(), mapping);
  for (auto [source, target] :
       llvm::zip_equal(changes, llvm::drop_begin(state.regions)))
    source->cloneInto(target.get(), mapping);
}

FloatType BlockScores::getComputeType() const {
  return cast<FloatType>(getElementTypeOrSelf(query));
}
