//===- Fuse.cpp - Graph-level attention to attention.fused ----------------===//
//
// Makes one operation of a score function, what is done to its scores, a
// normaliser, and a context or what else is read of the weights, so that no
// tensor of scores has to exist. Scores and weights that are tensors anyway are
// read as a bias of scores of 0. Remarks say what was fused, and what not.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/Passes.h"
#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "FusableAttention.h"
#include "FusedBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::attention {
#define GEN_PASS_DEF_ATTENTIONFUSE
#include "Attention/Dialect/Attention/Transforms/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

/// ", absorbing 'x', 'y'", or nothing.
static std::string describeAbsorbed(ArrayRef<StringRef> names) {
  if (names.empty())
    return "";
  return ", absorbing '" + llvm::join(names, "', '") + "'";
}

/// ", reading 'x', 'y'", or nothing.
static std::string describeReadings(const FusableAttention &found) {
  llvm::SetVector<StringRef> names;
  for (Operation *reading : found.readings)
    names.insert(reading->getName().getStringRef());
  for (ColumnMassOp mass : found.columnMasses)
    names.insert(mass->getName().getStringRef());
  if (names.empty())
    return "";
  return ", reading '" + llvm::join(names, "', '") + "'";
}

/// Whether anybody uses what `op` gives.
static bool isUsed(NormaliserOpInterface op) {
  return !op.getWeights().use_empty() ||
         llvm::any_of(op.getRowResults(),
                      [](Value result) { return !result.use_empty(); });
}

namespace {
struct FusePass : public attention::impl::AttentionFuseBase<FusePass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<ContextOp> contexts;
    getOperation()->walk([&](ContextOp op) { contexts.push_back(op); });
    for (ContextOp context : contexts) {
      if (context->use_empty())
        rewriter.eraseOp(context);
      else
        fuseContext(rewriter, context);
    }
    SmallVector<NormaliserOpInterface> normalisers;
    getOperation()->walk([&](NormaliserOpInterface op) {
      if (isUsed(op))
        normalisers.push_back(op);
    });
    for (NormaliserOpInterface normaliser : normalisers)
      fuseWithoutContext(rewriter, normaliser);

    // What was fused before, or written so.
    SmallVector<FusedOp> others;
    getOperation()->walk([&](FusedOp op) { others.push_back(op); });
    for (FusedOp op : others) {
      if (narrowUnusedContext(rewriter, op))
        remark::passed(op.getLoc(), options("Narrowed"))
            << "nobody uses the context: not computed";
      if (auto names = absorbDataMovement(rewriter, op); !names.empty())
        remark::passed(op.getLoc(), options("Absorbed"))
            << "fused already" + describeAbsorbed(names);
    }
  }

  static remark::RemarkOpts options(StringRef name) {
    return remark::RemarkOpts::name(name).category("attention-fuse");
  }

  static void reportIncompatible(const FusableAttention &found) {
    for (Operation *op : found.incompatible) {
      std::string normaliser;
      llvm::raw_string_ostream(normaliser) << found.online;
      remark::missed(op->getLoc(), options("Read"))
          << llvm::formatv("'{0}' reads a tensor of weights: it cannot read "
                           "those of {1} key by key",
                           op->getName(), normaliser)
                 .str();
    }
  }

  static void reportInMemory(Location loc, StringRef name, StringRef reason) {
    remark::missed(loc, options("Memory"))
        << (name + " are read from memory: " + reason).str();
  }

  void fuseContext(RewriterBase &rewriter, ContextOp context) {
    std::string reason;
    auto found = findFusableAttention(context, reason);
    if (succeeded(found)) {
      fuse(rewriter, *found);
      return;
    }
    // The weights are a tensor: its context is that of as many scores.
    reportInMemory(context.getLoc(), "weights", reason);
    rewriter.setInsertionPoint(context);
    Value weights = context.getWeights();
    context.getWeightsMutable().assign(AsWeightsOp::create(
        rewriter, context.getLoc(), weights.getType(), weights));
    found = findFusableAttention(context, reason);
    assert(succeeded(found) && "as these weights have no other user");
    found->whyInMemory.clear();
    fuse(rewriter, *found, "weights");
  }

  void fuseWithoutContext(RewriterBase &rewriter,
                          NormaliserOpInterface normaliser) {
    std::string reason;
    auto found = findFusableAttention(normaliser, reason);
    if (succeeded(found))
      fuse(rewriter, *found);
    else
      remark::missed(normaliser.getLoc(), options("Fused"))
          << "not fused: " + reason;
  }

  /// `inMemory` is what is read where there is no score function.
  void fuse(RewriterBase &rewriter, FusableAttention &found,
            StringRef inMemory = "scores") {
    Location loc =
        found.context ? found.context.getLoc() : found.normaliser.getLoc();
    StringRef score;
    if (found.score)
      score = found.score->getName().getStringRef();
    std::string readings = describeReadings(found);
    FusedOp fused = buildFused(rewriter, found);
    reportIncompatible(found);
    if (!found.whyInMemory.empty())
      reportInMemory(loc, inMemory, found.whyInMemory);
    bool isInMemory = !found.score;
    remark::passed(loc, options("Fused"))
        << llvm::formatv("fused {0} with {1} changes{2}{3}{4}",
                         isInMemory ? (inMemory + " in memory").str()
                                    : ("'" + score + "'").str(),
                         fused.getChanges().size() - isInMemory,
                         found.context ? "" : ", without a context", readings,
                         describeAbsorbed(absorbDataMovement(rewriter, fused)))
               .str();
  }
};
} // namespace
