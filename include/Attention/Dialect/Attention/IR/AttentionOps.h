//===- AttentionOps.h - Operations of the attention dialect -----*- C++ -*-===//
//
// The C++ side of AttentionOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONOPS_H
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONOPS_H

#include "Attention/Dialect/Attention/IR/AttentionAttrs.h"
#include "Attention/Dialect/Attention/IR/AttentionDialect.h"
#include "Attention/Dialect/Attention/IR/AttentionInterfaces.h"
#include "Attention/Dialect/Attention/IR/FusedResult.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IntegerSet.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/TilingInterface.h"

#define GET_OP_CLASSES
#include "Attention/Dialect/Attention/IR/AttentionOps.h.inc"

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONOPS_H
