//===- ShareDivisions.cpp - Sums of quotients with one division -----------===//
//
// A division takes as long as ten multiply-adds. Two quotients added need one:
// a/b + c/d = (a·d + c·b) / (b·d).
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/Passes.h"
#include "BoundedDenominator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::attention {
#define GEN_PASS_DEF_ATTENTIONSHAREDIVISIONS
#include "Attention/Dialect/Attention/Transforms/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

/// Quotients of one division: denominators are bounded by a fourth of the range
/// of exponents.
static constexpr unsigned maxShare = 4;

/// The quotient that `value` is and nobody else uses, if it may be put together
/// with others.
static arith::DivFOp getSharable(Value value) {
  auto quotient = value.getDefiningOp<arith::DivFOp>();
  if (!quotient || !value.hasOneUse() ||
      !quotient->hasAttr(getBoundedDenominatorName()))
    return nullptr;
  return quotient;
}

/// The quotient that a sum adds, and what it adds it to.
static std::pair<arith::DivFOp, Value> matchLink(arith::AddFOp sum) {
  if (arith::DivFOp quotient = getSharable(sum.getRhs()))
    return {quotient, sum.getLhs()};
  return {getSharable(sum.getLhs()), sum.getRhs()};
}

/// Moves what only `roots` are computed from, in the block of `op`, to just
/// before that: many values would live long otherwise.
static void sink(ArrayRef<Operation *> roots, Operation *op) {
  llvm::SmallPtrSet<Operation *, 16> cluster(roots.begin(), roots.end());
  SmallVector<Operation *> moved;
  for (Operation *other = op->getPrevNode(); other;
       other = other->getPrevNode()) {
    bool belongs = cluster.contains(other) ||
                   (isa<arith::ArithDialect>(other->getDialect()) &&
                    other->getNumOperands() > 0 && isPure(other) &&
                    llvm::all_of(other->getUsers(), [&](Operation *user) {
                      return cluster.contains(user);
                    }));
    if (!belongs)
      continue;
    cluster.insert(other);
    moved.push_back(other);
  }
  for (Operation *other : llvm::reverse(moved))
    other->moveBefore(op);
}

namespace {
struct Quotient {
  Value numerator, denominator;
};

struct ShareDivisionsPass
    : public attention::impl::AttentionShareDivisionsBase<ShareDivisionsPass> {
  void runOnOperation() override {
    // The last sum of each chain s + q + q + …
    SmallVector<arith::AddFOp> ends;
    getOperation()->walk([&](arith::AddFOp sum) {
      if (matchLink(sum).first && !isContinued(sum))
        ends.push_back(sum);
    });
    IRRewriter rewriter(&getContext());
    for (arith::AddFOp end : ends)
      share(rewriter, end);
    // What is left is a division like any other.
    getOperation()->walk([&](arith::DivFOp quotient) {
      quotient->removeAttr(getBoundedDenominatorName());
    });
  }

private:
  /// Whether the next sum of the chain is in the same block.
  static bool isContinued(arith::AddFOp sum) {
    if (!sum->hasOneUse())
      return false;
    auto next = dyn_cast<arith::AddFOp>(*sum->user_begin());
    if (!next || next->getBlock() != sum->getBlock())
      return false;
    auto [quotient, rest] = matchLink(next);
    return quotient && rest == sum.getResult();
  }

  /// ((s + a/b) + c/d) + … -> s + (a·d + c·b) / (b·d) + …
  void share(RewriterBase &rewriter, arith::AddFOp end) {
    SmallVector<arith::AddFOp> chain = {end};
    Value sum = matchLink(end).second;
    for (auto link = sum.getDefiningOp<arith::AddFOp>();
         link && matchLink(link).first && isContinued(link);
         link = sum.getDefiningOp<arith::AddFOp>()) {
      chain.push_back(link);
      sum = matchLink(link).second;
    }
    if (chain.size() < 2)
      return;
    std::reverse(chain.begin(), chain.end());
    rewriter.setInsertionPoint(end);
    for (size_t first = 0; first < chain.size(); first += maxShare) {
      SmallVector<Quotient> quotients;
      SmallVector<Operation *> divisions;
      for (arith::AddFOp link : ArrayRef(chain).slice(
               first, std::min<size_t>(maxShare, chain.size() - first))) {
        arith::DivFOp quotient = matchLink(link).first;
        quotients.push_back({quotient.getLhs(), quotient.getRhs()});
        divisions.push_back(quotient);
      }
      sink(divisions, end);
      Quotient all = merge(rewriter, end.getLoc(), quotients);
      Value quotient = arith::DivFOp::create(rewriter, end.getLoc(),
                                             all.numerator, all.denominator);
      sum = arith::AddFOp::create(rewriter, end.getLoc(), sum, quotient);
    }
    rewriter.replaceAllUsesWith(end.getResult(), sum);
    for (arith::AddFOp link : llvm::reverse(chain)) {
      arith::DivFOp quotient = matchLink(link).first;
      rewriter.eraseOp(link);
      rewriter.eraseOp(quotient);
    }
  }

  /// Halves, and halves of these.
  static Quotient merge(OpBuilder &builder, Location loc,
                        ArrayRef<Quotient> quotients) {
    if (quotients.size() == 1)
      return quotients.front();
    size_t half = quotients.size() / 2;
    Quotient a = merge(builder, loc, quotients.take_front(half));
    Quotient b = merge(builder, loc, quotients.drop_front(half));
    auto contract = arith::FastMathFlags::contract;
    Value first = arith::MulFOp::create(builder, loc, a.numerator,
                                        b.denominator, contract);
    Value second = arith::MulFOp::create(builder, loc, b.numerator,
                                         a.denominator, contract);
    return {arith::AddFOp::create(builder, loc, first, second, contract),
            arith::MulFOp::create(builder, loc, a.denominator, b.denominator)};
  }
};
} // namespace
