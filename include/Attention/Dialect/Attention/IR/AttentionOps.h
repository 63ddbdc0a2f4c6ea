//===- AttentionOps.h - Operations of the attention dialect -----*- C++ -*-===//
//
// The C++ side of AttentionOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONOPS_H
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONOPS_H

#include "Attention/Dialect/Attention/IR/AttentionDialect.h"
#include "Attention/Dialect/Attention/IR/AttentionInterfaces.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IntegerSet.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::attention {
/// An integer set over (b…, i, j) and the values its symbols are bound to:
/// scalars, or tensors indexed by the first batch dimensions.
struct MaskSet {
  IntegerSet set;
  SmallVector<Value> symbols;
};
} // namespace mlir::attention

#define GET_OP_CLASSES
#include "Attention/Dialect/Attention/IR/AttentionOps.h.inc"

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONOPS_H
