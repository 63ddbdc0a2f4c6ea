//===- Destinations.h - What destination-style ops share --------*- C++ -*-===//
//
// Effects, result shapes and rules of operations on tensors or buffers.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_IR_DESTINATIONS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_IR_DESTINATIONS_H

#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::attention {

/// Inputs that are buffers are read; destinations are read and written.
void getDestinationEffects(
    DestinationStyleOpInterface op,
    SmallVectorImpl<MemoryEffects::EffectInstance> &effects);

/// Results have the extents of their destinations.
LogicalResult reifyDestinations(DestinationStyleOpInterface op,
                                OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes);

/// Checks that operands are all tensors, or all buffers, where they are shaped.
/// `numDestinations` is what the op has to have.
LogicalResult verifyDestinations(DestinationStyleOpInterface op,
                                 unsigned numDestinations);

/// A copy of `op`, whose destinations are its last operands, on other operands;
/// the last `numDestinations` of them, or as many as before, are destinations.
DestinationStyleOpInterface
cloneOnOperands(OpBuilder &builder, DestinationStyleOpInterface op,
                ValueRange operands,
                std::optional<unsigned> numDestinations = std::nullopt);

/// Folds tensor.cast's that forget static extents into `op`. Upstream's pattern
/// does too, but crashes where a region is empty (mlir::clone); this one comes
/// before it.
void populateFoldCastsPattern(RewritePatternSet &patterns, StringRef opName);

/// Results of attention.fused that nobody uses are not computed.
void populateDropUnusedResultsPattern(RewritePatternSet &patterns);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_IR_DESTINATIONS_H
