//===- ExtentCheck.cpp - Extents that only run time knows -----------------===//
//
// An assertion about two extents, unless it holds already.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Linalg/Transforms/ExtentCheck.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

void attention::buildExtentCheck(OpBuilder &builder, Location loc,
                                 arith::CmpIPredicate predicate,
                                 OpFoldResult found, OpFoldResult inferred,
                                 unsigned position) {
  if (predicate == arith::CmpIPredicate::eq &&
      isEqualConstantIntOrValue(found, inferred))
    return;
  Value holds = builder.createOrFold<arith::CmpIOp>(
      loc, predicate, getValueOrCreateConstantIndexOp(builder, loc, found),
      getValueOrCreateConstantIndexOp(builder, loc, inferred));
  if (matchPattern(holds, m_One()))
    return;
  std::string text;
  llvm::raw_string_ostream(text)
      << "ERROR: Runtime op verification failed\n^ dimension #" << position
      << " of an operand is incompatible with inferred dimension size\n"
      << "Location: " << loc;
  cf::AssertOp::create(builder, loc, holds, text);
}
