//===- AttentionInterfaces.h - Score and normaliser interfaces --*- C++ -*-===//
//
// The C++ side of AttentionInterfaces.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONINTERFACES_H
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONINTERFACES_H

#include "Attention/Dialect/Attention/IR/ScoreChange.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

#include "Attention/Dialect/Attention/IR/AttentionInterfaces.h.inc"

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONINTERFACES_H
