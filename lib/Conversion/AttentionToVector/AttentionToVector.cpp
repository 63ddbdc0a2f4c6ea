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
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::attention {
#define GEN_PASS_DEF_CONVERTATTENTIONTOVECTOR
#include "Attention/Conversion/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

/// The scores that `op` makes a strip of, if it does.
static std::optional<BlockScores> findBlockScores(Operation *op) {
  return TypeSwitch<Operation *, std::optional<BlockScores>>(op)
      .Case<OnlineOp, WeightsOp, MassOp>(
          [](auto op) { return op.getBlockScores(); })
      .Default([](Operation *) { return std::nullopt; });
}

static int64_t getNumLanes(const BlockScores &scores) {
  return cast<MemRefType>(scores.query.getType()).getShape().back();
}

/// The keys whose scores are kept at a time: the block, unless only run time
/// knows it or it is beyond any that tiling chooses.
static int64_t getStripRows(const BlockScores &scores,
                            const TargetFacts &facts) {
  int64_t block = chooseBlockSizes(facts, scores.getComputeType(),
                                   getNumLanes(scores), ShapedType::kDynamic,
                                   ShapedType::kDynamic, ShapedType::kDynamic)
                      .keys;
  AffineMap keyMap = scores.key.map;
  unsigned position =
      *keyMap.getResultPosition(getAffineDimExpr(0, keyMap.getContext()));
  int64_t numKeys =
      cast<MemRefType>(scores.key.value.getType()).getDimSize(position);
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
      if (!isa<PackOp, OnlineOp, FinishOp, MergeOp, WeightsOp, MassOp>(op))
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
      lower(builder, op, facts);
      op->erase();
    }
  }

private:
  void lower(OpBuilder &builder, Operation *op, const TargetFacts &facts) {
    auto lanes = [&](Value value) {
      return facts.lanes(getElementTypeOrSelf(value));
    };
    auto getScratch = [&](Type type, unsigned number) {
      return getStrip(op, type, number);
    };
    TypeSwitch<Operation *>(op)
        .Case(
            [&](PackOp op) { lowerPack(builder, op, lanes(op.getOuts()[0])); })
        .Case([&](FinishOp op) {
          lowerFinish(builder, op, lanes(op.getAccumulator()));
        })
        .Case([&](MergeOp op) {
          lowerMerge(builder, op, lanes(op.getOuts()[0]));
        })
        .Case([&](OnlineOp op) { lowerOnline(builder, op, facts, getScratch); })
        .Case(
            [&](WeightsOp op) { lowerWeights(builder, op, facts, getScratch); })
        .Case([&](MassOp op) { lowerMass(builder, op, facts, getScratch); });
  }

  using StripKey = std::tuple<Block *, int64_t, Type>;

  /// A strip is as wide as the queries that are in registers at a time.
  static StripKey getStripKey(Operation *op, const BlockScores &scores) {
    FloatType type = scores.getComputeType();
    TargetFacts facts = getTargetFacts(op);
    RegisterTile tile = chooseRegisterTile(facts, type, getNumLanes(scores));
    return {getScratchScope(op), tile.vectors * facts.lanes(type), type};
  }

  /// One strip serves all operations of a scope: they run one after another.
  void collectStrips(ArrayRef<Operation *> ops) {
    stripRows.clear();
    strips.clear();
    for (Operation *op : ops)
      if (std::optional<BlockScores> scores = findBlockScores(op)) {
        int64_t &rows = stripRows[getStripKey(op, *scores)];
        rows = std::max(rows, getStripRows(*scores, getTargetFacts(op)));
      }
  }

  /// Strip `number` of `type` in the scope of `op`.
  Value getStrip(Operation *op, Type type, unsigned number) {
    StripKey key = getStripKey(op, *findBlockScores(op));
    auto [scope, width, scoreType] = key;
    Value &strip = strips[{key, {type, number}}];
    if (!strip) {
      OpBuilder builder(scope, scope->begin());
      strip = memref::AllocaOp::create(
          builder, op->getLoc(), MemRefType::get({stripRows[key], width}, type),
          builder.getI64IntegerAttr(64));
    }
    return strip;
  }

  DenseMap<StripKey, int64_t> stripRows;
  DenseMap<std::pair<StripKey, std::pair<Type, unsigned>>, Value> strips;
};
} // namespace
