//===- ScoreChangeBuilders.cpp - Score changes at one pair ----------------===//
//
// Masks, biases and modifiers as scalar code at a pair (b…, i, j).
//
//===----------------------------------------------------------------------===//

#include "ScoreChangeBuilders.h"

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "LinalgBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::attention;

/// The score of a live pair after `change`.
static Value buildAtLivePair(OpBuilder &builder, Location loc,
                             const ScoreChange &change, Value score,
                             ValueRange indices) {
  Type type = score.getType();
  auto keepIf = [&](Value takesPart) -> Value {
    return arith::SelectOp::create(builder, loc, takesPart, score,
                                   buildNegInf(builder, loc, type));
  };
  switch (change.kind) {
  case ScoreChangeKind::Sets:
    if (change.sets.empty())
      return score;
    return keepIf(buildSetsContain(builder, loc, change.sets, indices));
  case ScoreChangeKind::Keep:
    return keepIf(buildChangeElement(builder, loc, change, indices));
  case ScoreChangeKind::Where:
    return keepIf(cloneScalarRegion(builder, *change.region, indices));
  case ScoreChangeKind::Bias: {
    Value bias = buildChangeElement(builder, loc, change, indices);
    return arith::AddFOp::create(builder, loc, score,
                                 buildExtend(builder, loc, bias, type));
  }
  case ScoreChangeKind::Modify: {
    SmallVector<Value> arguments = {score};
    llvm::append_range(arguments, indices);
    return cloneScalarRegion(builder, *change.region, arguments);
  }
  }
  llvm_unreachable("all kinds of change are above");
}

Value attention::buildScoreChange(OpBuilder &builder, Location loc,
                                  const ScoreChange &change, Value score,
                                  ValueRange indices) {
  auto ifOp = scf::IfOp::create(
      builder, loc, buildIsLive(builder, loc, score),
      [&](OpBuilder &builder, Location loc) {
        scf::YieldOp::create(
            builder, loc,
            buildAtLivePair(builder, loc, change, score, indices));
      },
      [&](OpBuilder &builder, Location loc) {
        scf::YieldOp::create(builder, loc, score);
      });
  return ifOp.getResult(0);
}
