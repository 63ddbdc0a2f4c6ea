//===- AttentionDialect.h - The attention dialect --------------*- C++ -*-===//
//
// The dialect class; its operations are in AttentionOps.h.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONDIALECT_H
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONDIALECT_H

#include "mlir/IR/Dialect.h"

#include "Attention/Dialect/Attention/IR/AttentionDialect.h.inc"

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONDIALECT_H
