//===- AttentionTensorOp.td - What graph-level ops share -------*- tablegen -*-===//
//
// The base class of operations on tensors, for the files that define some.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONTENSOROP_TD
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONTENSOROP_TD

include "Attention/Dialect/Attention/IR/AttentionDialect.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

/// An operation on tensors: no memory effects; safe to speculate where no
/// extents that must agree are left to run time.
class Attention_TensorOp<string mnemonic, list<Trait> traits = []>
    : Attention_Op<mnemonic, !listconcat(traits, [
        NoMemoryEffect,
        DeclareOpInterfaceMethods<ConditionallySpeculatable>,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>])>;

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONTENSOROP_TD
