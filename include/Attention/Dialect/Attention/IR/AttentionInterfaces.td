//===- AttentionInterfaces.td - What passes may know of an op --*- tablegen -*-===//
//
// A pass that fuses, tiles or lowers attention asks a score or a normaliser for
// its parts through these interfaces and never for its name, so a new score
// function or normaliser is a new op and no edit in any pass.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONINTERFACES_TD
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONINTERFACES_TD

include "mlir/IR/OpBase.td"

def ScoreOpInterface : OpInterface<"ScoreOpInterface"> {
  let cppNamespace = "::mlir::attention";
  let description = [{
    A score function s[b…, i, j] of queries and keys, in parts:

    ```
    s[b…, i, j] = scale · Σ_f pair(Q[b…, i, f], K[b…, j, f], p0[f], p1[f], …)
    ```

    where Q and K are the *query part* and the *key part*, tensors computed once
    per element outside the loop over pairs; `pair` is scalar code in the compute
    type; p0, p1, … are per-feature parameters; and `scale` is an optional scalar.
    The sum runs over f in [0, F), where F is the last extent of both parts.

    The build methods create operations at the builder's insertion point, which
    the operands of the op must dominate.
  }];

  let methods = [
    InterfaceMethod<
      "The queries, a tensor [b…, i, d_q].",
      "::mlir::Value", "getQuery">,
    InterfaceMethod<
      "The keys, a tensor [b…, j, d_k].",
      "::mlir::Value", "getKey">,
    InterfaceMethod<
      "The scores, a tensor [b…, i, j] whose element type is the compute type.",
      "::mlir::Value", "getScores">,
    InterfaceMethod<
      [{Builds the query part, a tensor [b…, i, f] of any float type. By default
        the queries themselves.}],
      "::mlir::Value", "buildQueryPart",
      (ins "::mlir::OpBuilder &":$builder), "",
      [{ return $_op.getQuery(); }]>,
    InterfaceMethod<
      [{Builds the key part, a tensor [b…, j, f] of any float type. By default
        the keys themselves.}],
      "::mlir::Value", "buildKeyPart",
      (ins "::mlir::OpBuilder &":$builder), "",
      [{ return $_op.getKey(); }]>,
    InterfaceMethod<
      [{The per-feature parameters, tensors [f] of any float type. By default
        none.}],
      "::mlir::ValueRange", "getPairParameters", (ins), "",
      [{ return {}; }]>,
    InterfaceMethod<
      [{Builds the pair body for one feature from scalars of the compute type and
        returns its value, a scalar of the compute type.}],
      "::mlir::Value", "buildPair",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$query, "::mlir::Value":$key,
           "::mlir::ValueRange":$parameters)>,
    InterfaceMethod<
      [{Builds the scalar of the compute type that the sum is multiplied by, or
        returns null where there is none. It is 0 where there are no features: a
        sum over no features is 0 whatever the scale.}],
      "::mlir::Value", "buildScale",
      (ins "::mlir::OpBuilder &":$builder), "",
      [{ return ::mlir::Value(); }]>,
  ];
}

def NormaliserOpInterface : OpInterface<"NormaliserOpInterface"> {
  let cppNamespace = "::mlir::attention";
  let description = [{
    A normaliser turns the scores of a row, s[b…, i, :], into weights of the same
    shape. It is given by a *state*, a list of scalars of the compute type that
    one pass over the row builds up and that can be merged, so that a row may be
    read in blocks, in splits, or on several machines:

    ```
    state  = init(); for j: state = update(state, s[j])
    merge(state of some keys, state of the others) = state of all
    weights[j] = weight(s[j], state)
    results    = results(state)
    ```

    A score of −inf means that the pair is absent: `update` must leave the state
    as it is, and `weight` must return 0. A normaliser without state gives
    elementwise weights.
  }];

  let methods = [
    InterfaceMethod<
      "The scores, a tensor [b…, i, j].",
      "::mlir::Value", "getScores">,
    InterfaceMethod<
      "The weights, a tensor [b…, i, j].",
      "::mlir::Value", "getWeights">,
    InterfaceMethod<
      [{Results beyond the weights, tensors [b…, i] with one value a row, in the
        order that `buildRowResults` gives them. By default none.}],
      "::mlir::ValueRange", "getRowResults", (ins), "",
      [{ return {}; }]>,
    InterfaceMethod<
      [{Operands that the initial state reads, tensors over the trailing batch
        dimensions (extents equal to them or 1). By default none.}],
      "::mlir::ValueRange", "getInitOperands", (ins), "",
      [{ return {}; }]>,
    InterfaceMethod<
      "The number of scalars in the state. By default 0: weights are elementwise.",
      "unsigned", "getStateSize", (ins), "", [{ return 0; }]>,
    InterfaceMethod<
      [{Builds the initial state from one element of each init operand, extended
        to the compute type.}],
      "::llvm::SmallVector<::mlir::Value>", "buildInit",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$initElements), "",
      [{ return {}; }]>,
    InterfaceMethod<
      "Builds the state that includes one more score.",
      "::llvm::SmallVector<::mlir::Value>", "buildUpdate",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$state, "::mlir::Value":$score), "",
      [{ return {}; }]>,
    InterfaceMethod<
      [{Builds the state of two disjoint sets of keys from their states. Only one
        of the two may include the init operands' values.}],
      "::llvm::SmallVector<::mlir::Value>", "buildMerge",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$first, "::mlir::ValueRange":$second), "",
      [{ return {}; }]>,
    InterfaceMethod<
      "Builds the weight of one score in a row whose final state is `state`.",
      "::mlir::Value", "buildWeight",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$score, "::mlir::ValueRange":$state)>,
    InterfaceMethod<
      [{Builds the values of the row results from the final state. By default
        none.}],
      "::llvm::SmallVector<::mlir::Value>", "buildRowResults",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$state), "",
      [{ return {}; }]>,
    InterfaceMethod<
      [{The normaliser in the form that reads keys block by block, an attribute
        that implements OnlineNormaliserAttrInterface, whose log-sum-exp is the
        only row result there may be; or null where it has none: such attention
        is not fused. By default null.}],
      "::mlir::Attribute", "getOnlineNormaliser", (ins), "",
      [{ return {}; }]>,
  ];
}

def ScoreChangeOpInterface : OpInterface<"ScoreChangeOpInterface"> {
  let cppNamespace = "::mlir::attention";
  let description = [{
    An operation that changes scores one by one: a mask, a bias, a modifier. It
    says so as a list of steps that fused attention carries along, in order.
  }];
  let methods = [
    InterfaceMethod<"The scores before, a tensor [b…, i, j].",
      "::mlir::Value", "getScores">,
    InterfaceMethod<"The scores after, of the same type.",
      "::mlir::Value", "getResult">,
    InterfaceMethod<
      "The steps in order; their values and regions are the operation's.",
      "::llvm::SmallVector<::mlir::attention::ScoreChange>", "getScoreChanges">,
  ];
}

def RowReadingOpInterface : OpInterface<"RowReadingOpInterface"> {
  let cppNamespace = "::mlir::attention";
  let description = [{
    An operation that reads each row of weights: it gives tensors [b…, i] with one
    value a row, or [b…, i, n] with a list of them. It says so as an attribute that
    fused attention carries along, whose results are those of the operation.

    The plain path asks for its definition by upstream's AggregatedOpInterface.
  }];
  let methods = [
    InterfaceMethod<"The weights, a tensor [b…, i, j].",
      "::mlir::Value", "getWeights">,
    InterfaceMethod<"An attribute that implements RowReadingAttrInterface.",
      "::mlir::Attribute", "getRowReading">,
  ];
}

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONINTERFACES_TD
