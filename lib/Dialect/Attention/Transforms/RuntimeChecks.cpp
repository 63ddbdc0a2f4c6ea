//===- RuntimeChecks.cpp - What types of attention leave to run time ------===//
//
// attention.fused reads every tensor at what the iteration space has of it, so
// extents that disagree have to be found before it is tiled.
//
//===----------------------------------------------------------------------===//

#include "RuntimeChecks.h"

#include "Attention/Dialect/Linalg/Transforms/ExtentCheck.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
class CheckBuilder {
public:
  CheckBuilder(OpBuilder &builder, FusedOp op)
      : builder(builder), loc(op.getLoc()), op(op),
        extents(op.getNumBatch() + 4) {}

  void build() {
    // Those that state the iteration space first.
    check(op.getQuery(), op.getQueryMap());
    check(op.getKey(), op.getKeyMap());
    check(op.getValue(), op.getValueMap());
    for (auto [index, out] : llvm::enumerate(op.getOuts()))
      check(out, op.getOutputMap(index));
    AffineExpr feature = getAffineDimExpr(op.getFeatureDim(), op.getContext());
    for (Value parameter : op.getParameters())
      check(parameter, AffineMap::get(op.getNumBatch() + 4, 0, feature));
    for (auto [index, operand] : llvm::enumerate(op.getInitOperands()))
      check(operand, op.getInitMap(index));
    for (const ScoreChange &change : op.getScoreChanges()) {
      // What is indexed globally may be larger than what a tile reads.
      mayBeLarger = !op.getOrigin().empty();
      if (change.tensor)
        check(change.tensor, change.map);
      mayBeLarger = true;
      for (ArrayRef<MaskSet> members : change.sets)
        for (const MaskSet &member : members)
          for (Value symbol : member.symbols)
            if (auto type = dyn_cast<RankedTensorType>(symbol.getType()))
              check(symbol, AffineMap::getMultiDimIdentityMap(type.getRank(),
                                                              op.getContext()));
    }
  }

private:
  /// Checks that the tensor has the extents that the iteration space has; what
  /// nothing before has said of the space, the tensor says.
  void check(Value tensor, AffineMap map) {
    for (auto [position, result] : llvm::enumerate(map.getResults())) {
      OpFoldResult size = tensor::getMixedSize(builder, loc, tensor, position);
      if (auto dim = dyn_cast<AffineDimExpr>(result)) {
        OpFoldResult &extent = extents[dim.getPosition()];
        if (!extent)
          extent = size;
        else if (mayBeLarger)
          check(arith::CmpIPredicate::sge, size, end(dim, extent), position);
        else
          check(arith::CmpIPredicate::eq, size, extent, position);
        continue;
      }
      auto quotient = dyn_cast<AffineBinaryOpExpr>(result);
      if (!quotient)
        continue;
      auto dim = cast<AffineDimExpr>(quotient.getLHS());
      int64_t divisor = cast<AffineConstantExpr>(quotient.getRHS()).getValue();
      if (OpFoldResult extent = extents[dim.getPosition()])
        check(arith::CmpIPredicate::sge,
              apply(getAffineDimExpr(0, op.getContext()) * divisor, {size}),
              mayBeLarger ? end(dim, extent) : extent, position);
    }
  }

  void check(arith::CmpIPredicate predicate, OpFoldResult found,
             OpFoldResult inferred, unsigned position) {
    buildExtentCheck(builder, loc, predicate, found, inferred, position);
  }

  /// Where a dimension of the iteration space ends in the whole.
  OpFoldResult end(AffineDimExpr dim, OpFoldResult extent) {
    if (op.getOrigin().empty())
      return extent;
    return apply(getAffineDimExpr(0, op.getContext()) +
                     getAffineDimExpr(1, op.getContext()),
                 {extent, OpFoldResult(op.getOrigin()[dim.getPosition()])});
  }

  OpFoldResult apply(AffineExpr expr, ArrayRef<OpFoldResult> operands) {
    return affine::makeComposedFoldedAffineApply(builder, loc, expr, operands);
  }

  OpBuilder &builder;
  Location loc;
  FusedOp op;
  SmallVector<OpFoldResult> extents;
  bool mayBeLarger = false;
};
} // namespace

void attention::buildRuntimeChecks(OpBuilder &builder, FusedOp op) {
  CheckBuilder(builder, op).build();
}
