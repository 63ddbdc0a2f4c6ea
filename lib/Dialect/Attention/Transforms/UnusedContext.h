//===- UnusedContext.h - Values where there is no context -------*- C++ -*-===//
//
// attention.fused has a context, and so has values, also where nobody uses it:
// those of one feature, 0, cost next to nothing.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_UNUSEDCONTEXT_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_UNUSEDCONTEXT_H

#include "Attention/Dialect/Attention/IR/AttentionOps.h"

namespace mlir::attention {

/// Values of one feature, 0, as many as there are keys, for all batch elements.
MappedValue buildZeroValues(OpBuilder &builder, Location loc, MappedValue key,
                            unsigned numBatch, Type elementType);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_UNUSEDCONTEXT_H
