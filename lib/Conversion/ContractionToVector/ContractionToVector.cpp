//===- ContractionToVector.cpp - Matrix products as vectors ---------------===//
//
// The pass: finds contractions on buffers, gives each scratch, and leaves what
// has no vector form as it is.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/Passes.h"
#include "ContractionEmitter.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace mlir::attention {
#define GEN_PASS_DEF_CONVERTCONTRACTIONTOVECTOR
#include "Attention/Conversion/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

namespace {
struct ConvertContractionToVectorPass
    : public attention::impl::ConvertContractionToVectorBase<
          ConvertContractionToVectorPass> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (op.hasPureBufferSemantics() &&
          op->getParentOfType<FunctionOpInterface>())
        ops.push_back(op);
    });
    allocated.clear();
    for (linalg::LinalgOp op : ops)
      convert(op);
  }

private:
  void convert(linalg::LinalgOp op) {
    auto options = remark::RemarkOpts::name("Vectorised")
                       .category("convert-contraction-to-vector");
    std::string obstacle;
    FailureOr<Contraction> contraction = matchContraction(op, obstacle);
    if (failed(contraction)) {
      if (!obstacle.empty())
        remark::missed(op.getLoc(), options) << "not vectorised: " << obstacle;
      return;
    }
    OpBuilder builder(op);
    lowerContraction(builder, op, *contraction, getTargetFacts(op),
                     [&](StringRef purpose, MemRefType type) {
                       return getScratch(getScratchScope(op), op.getLoc(),
                                         purpose, type);
                     });
    op->erase();
  }

  /// Operations of a scope run one after another, and share scratch.
  Value getScratch(Block *scope, Location loc, StringRef purpose,
                   MemRefType type) {
    Value &scratch = allocated[{scope, purpose, type}];
    if (!scratch) {
      OpBuilder builder(scope, scope->begin());
      scratch = memref::AllocaOp::create(builder, loc, type,
                                         builder.getI64IntegerAttr(64));
    }
    return scratch;
  }

  DenseMap<std::tuple<Block *, StringRef, Type>, Value> allocated;
};
} // namespace
