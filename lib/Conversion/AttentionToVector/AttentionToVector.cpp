//===- AttentionToVector.cpp - The block level as vectors -----------------===//
//
// The pass: scratch for scores, then one operation after another.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/Passes.h"
#include "Attention/Dialect/Attention/Transforms/CostModel.h"
#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "BlockEmitter.h"
#include "BlockLowerings.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::attention {
#define GEN_PASS_DEF_CONVERTATTENTIONTOVECTOR
#include "Attention/Conversion/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

/// The keys whose scores are kept at a time: the block, unless only run time
/// knows it or it is beyond any that tiling chooses.
static int64_t getStripRows(OnlineOp op, const TargetFacts &facts) {
  int64_t lanes = cast<MemRefType>(op.getQuery().getType()).getShape().back();
  int64_t block =
      chooseBlockSizes(facts, op.getComputeType(), lanes, ShapedType::kDynamic,
                       ShapedType::kDynamic, ShapedType::kDynamic)
          .keys;
  unsigned position =
      *op.getKeyMap().getResultPosition(getAffineDimExpr(0, op.getContext()));
  int64_t numKeys =
      cast<MemRefType>(op.getKey().getType()).getDimSize(position);
  if (ShapedType::isDynamic(numKeys) || numKeys > 8 * block)
    return block;
  return std::max<int64_t>(numKeys, 1);
}

namespace {
/// Finds operations that cannot be lowered and says why.
LogicalResult verifyBlockOp(Operation *op) {
  for (Value operand : op->getOperands())
    if (isa<TensorType>(operand.getType()))
      return op->emitOpError("expected buffers; bufferize before converting to "
                             "vectors, found ")
             << operand.getType();
  for (Region &region : op->getRegions()) {
    if (region.empty())
      continue;
    if (Operation *nested = findOperationWithoutVectorForm(region))
      return nested->emitOpError("has no vector form, and is in a region of '")
             << op->getName() << "' that is to be vectorised";
  }
  return success();
}

struct ConvertAttentionToVectorPass
    : public attention::impl::ConvertAttentionToVectorBase<
          ConvertAttentionToVectorPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    WalkResult walked = getOperation()->walk([&](Operation *op) {
      if (!isa<PackOp, OnlineOp, FinishOp, MergeOp>(op))
        return WalkResult::advance();
      ops.push_back(op);
      return WalkResult(verifyBlockOp(op));
    });
    if (walked.wasInterrupted())
      return signalPassFailure();

    collectStrips(ops);
    OpBuilder builder(&getContext());
    for (Operation *op : ops) {
      TargetFacts facts = getTargetFacts(op);
      builder.setInsertionPoint(op);
      if (auto pack = dyn_cast<PackOp>(op))
        lowerPack(builder, pack,
                  facts.lanes(getElementTypeOrSelf(pack.getOuts()[0])));
      else if (auto finish = dyn_cast<FinishOp>(op))
        lowerFinish(builder, finish,
                    facts.lanes(getElementTypeOrSelf(finish.getAccumulator())));
      else if (auto merge = dyn_cast<MergeOp>(op))
        lowerMerge(builder, merge,
                   facts.lanes(getElementTypeOrSelf(merge.getOuts()[0])));
      else
        lowerOnline(builder, cast<OnlineOp>(op), facts,
                    [&](Type type, unsigned number) {
                      return getStrip(cast<OnlineOp>(op), type, number);
                    });
      op->erase();
    }
  }

private:
  using StripKey = std::tuple<Block *, int64_t, Type>;

  /// A strip is as wide as the queries that are in registers at a time.
  static StripKey getStripKey(OnlineOp op) {
    int64_t lanes = cast<MemRefType>(op.getQuery().getType()).getShape().back();
    FloatType type = op.getComputeType();
    TargetFacts facts = getTargetFacts(op);
    return {getScratchScope(op),
            chooseRegisterTile(facts, type, lanes).vectors * facts.lanes(type),
            type};
  }

  /// One strip serves all operations of a scope: they run one after another.
  void collectStrips(ArrayRef<Operation *> ops) {
    stripRows.clear();
    strips.clear();
    for (Operation *op : ops)
      if (auto online = dyn_cast<OnlineOp>(op)) {
        int64_t &rows = stripRows[getStripKey(online)];
        rows = std::max(rows, getStripRows(online, getTargetFacts(op)));
      }
  }

  /// Strip `number` of `type` in the scope of `op`.
  Value getStrip(OnlineOp op, Type type, unsigned number) {
    StripKey key = getStripKey(op);
    auto [scope, width, scoreType] = key;
    Value &strip = strips[{key, {type, number}}];
    if (!strip) {
      OpBuilder builder(scope, scope->begin());
      strip = memref::AllocaOp::create(
          builder, op.getLoc(), MemRefType::get({stripRows[key], width}, type),
          builder.getI64IntegerAttr(64));
    }
    return strip;
  }

  DenseMap<StripKey, int64_t> stripRows;
  DenseMap<std::pair<StripKey, std::pair<Type, unsigned>>, Value> strips;
};
} // namespace
