//===- AttentionAttrs.h - Attributes of the attention dialect ---*- C++ -*-===//
//
// The C++ side of AttentionAttrs.td and AttentionReadingAttrs.td.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONATTRS_H
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONATTRS_H

#include "Attention/Dialect/Attention/IR/ScoreChange.h"
#include "mlir/IR/Attributes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include "Attention/Dialect/Attention/IR/AttentionAttrInterfaces.h.inc"
#include "Attention/Dialect/Attention/IR/AttentionReadingAttrInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "Attention/Dialect/Attention/IR/AttentionAttrs.h.inc"

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONATTRS_H
