//===- ExtentCheck.h - Extents that only run time knows ---------*- C++ -*-===//
//
// Tiling cuts operands as one of them says, so what the others' types leave
// open has to be asked before.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_LINALG_TRANSFORMS_EXTENTCHECK_H
#define ATTENTION_DIALECT_LINALG_TRANSFORMS_EXTENTCHECK_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/OpDefinition.h"

namespace mlir::attention {

/// Builds a cf.assert that `found`, the extent of dimension `position` of an
/// operand, compares with `inferred`; none where that is known. It says so in
/// the words of upstream's generate-runtime-verification.
void buildExtentCheck(OpBuilder &builder, Location loc,
                      arith::CmpIPredicate predicate, OpFoldResult found,
                      OpFoldResult inferred, unsigned position);

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_LINALG_TRANSFORMS_EXTENTCHECK_H
