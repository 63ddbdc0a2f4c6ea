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

namespace mlir::attention {
/// A slot of a sorted list after an entry, from the slot and the one before it;
/// `isBefore` builds whether the entry comes before another.
SmallVector<Value> buildSortedInsert(OpBuilder &builder, Location loc,
                                     ValueRange slot, ValueRange before,
                                     ValueRange entry,
                                     function_ref<Value(ValueRange)> isBefore);
} // namespace mlir::attention

#include "Attention/Dialect/Attention/IR/AttentionAttrInterfaces.h.inc"
#include "Attention/Dialect/Attention/IR/AttentionReadingAttrInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "Attention/Dialect/Attention/IR/AttentionAttrs.h.inc"

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONATTRS_H
