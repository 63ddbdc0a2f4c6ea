//===- AttentionAttrs.td - Attributes of the attention dialect -*- tablegen -*-===//
//
// What the fused and block levels carry along: the ordered list of what is done
// to scores, and normalisers in the form that reads keys block by block.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONATTRS_TD
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONATTRS_TD

include "Attention/Dialect/Attention/IR/AttentionDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def OnlineNormaliserAttrInterface
    : AttrInterface<"OnlineNormaliserAttrInterface"> {
  let cppNamespace = "::mlir::attention";
  let description = [{
    A normaliser that reads the keys of a row block by block, in any grouping
    (Milakov and Gimelshein, 2018), in parts that fused attention puts together:

    ```
    pivot', shift' = max-like reduction of pivot and a block's scores
    factor         = rescale(shift, shift')
    p[j]           = weight(s[j], shift')                  unnormalised
    sum            = sum · factor + Σ_j p[j]
    context        = context · factor + Σ_j p[j] · v[j]
    result         = context · contextFactor(pivot, sum)
    ```

    All values have the compute type or are vectors of it: the methods build
    elementwise code. A score of −inf is an absent pair: `weight` is exactly 0
    there. A normaliser without state has neither pivot nor sum, and of all this
    only `weight`: the rest is there by default.
  }];
  let methods = [
    InterfaceMethod<
      [{Whether there is a state: the pivot and the sum of weights. By default
        there is none, and what builds it is not called.}],
      "bool", "hasState", (ins), "", [{ return false; }]>,
    InterfaceMethod<
      [{Whether weights stay the same where all scores of a row that has no init
        operands grow by one number. By default they do not.}],
      "bool", "isShiftInvariant", (ins), "", [{ return false; }]>,
    InterfaceMethod<
      [{Builds the pivot and the sum before any key, from one element of each
        init operand; without elements, those of keys alone. `type` is the type
        of the values.}],
      "::llvm::SmallVector<::mlir::Value>", "buildInit",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Type":$type, "::mlir::ValueRange":$initElements), "",
      [{ return {}; }]>,
    InterfaceMethod<
      [{Builds the pivot of two sets of scores, of which one may be one score;
        both may be those of states to be merged. A score may be counted twice. It
        need not notice a NaN: its weight is NaN.}],
      "::mlir::Value", "buildPivot",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$pivot, "::mlir::Value":$score), "",
      [{ llvm_unreachable("no state"); }]>,
    InterfaceMethod<"Builds what weights subtract, from the pivot.",
      "::mlir::Value", "buildShift",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$pivot), "",
      [{ llvm_unreachable("no state"); }]>,
    InterfaceMethod<
      [{Builds what sums so far are multiplied by when their pivot gives way to
        one whose shift is `newShift`.}],
      "::mlir::Value", "buildRescale",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$pivot, "::mlir::Value":$newShift), "",
      [{ llvm_unreachable("no state"); }]>,
    InterfaceMethod<
      [{The factor by which scores had better be multiplied beforehand, where that
        costs nothing, and the same normaliser for such scores. Its init operands
        stay in natural units, and so does the log-sum-exp. By default 1 and the
        normaliser itself.}],
      "::std::pair<double, ::mlir::Attribute>", "getPrescaled", (ins), "",
      [{ return {1.0, $_attr}; }]>,
    InterfaceMethod<
      "Builds the unnormalised weight of a score. `shift` is null without state.",
      "::mlir::Value", "buildWeight",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$score, "::mlir::Value":$shift)>,
    InterfaceMethod<
      [{Builds what the context is multiplied by at the end, from the state; null
        for nothing, as by default.}],
      "::mlir::Value", "buildContextFactor",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$state), "",
      [{ return {}; }]>,
    InterfaceMethod<"Builds the log-sum-exp from the state, which there must be.",
      "::mlir::Value", "buildLse",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$state), "",
      [{ llvm_unreachable("no state"); }]>,
    InterfaceMethod<
      [{Whether no weight is less than 0 and, of two keys of a row, the one with
        the greater score has a weight that is not less. By default that is not
        known.}],
      "bool", "growsWithScores", (ins), "", [{ return false; }]>,
    InterfaceMethod<
      [{Whether the entropy of a row can be built, which needs a state. By default
        it cannot.}],
      "bool", "hasEntropy", (ins), "", [{ return false; }]>,
    InterfaceMethod<
      [{Builds the entropy of a row, in nats, from its state, the mass Σ_j p[j] and
        the moment Σ_j p[j] · (s[j] − shift), which are sums over keys.}],
      "::mlir::Value", "buildEntropy",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$mass, "::mlir::Value":$moment,
           "::mlir::ValueRange":$state), "",
      [{ llvm_unreachable("no entropy"); }]>,
    InterfaceMethod<
      [{Builds the same normaliser at the graph level, for a tensor of scores
        [b…, i, j] and init operands [b…]. Returns the weights and, with
        `withLse`, the log-sum-exp [b…, i].}],
      "::llvm::SmallVector<::mlir::Value>", "buildGraphLevel",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$scores, "::mlir::ValueRange":$initOperands,
           "bool":$withLse)>,
  ];
}

class Attention_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Attention_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Attention_ScoreUnit
    : I32EnumAttr<"ScoreUnit", "what scores are multiples of", [
        I32EnumAttrCase<"Natural", 0, "natural">,
        I32EnumAttrCase<"Base2", 1, "base2">]> {
  let cppNamespace = "::mlir::attention";
  let genSpecializedAttr = 0;
}

def Attention_SoftmaxAttr
    : Attention_Attr<"OnlineSoftmax", "softmax",
        [DeclareAttrInterfaceMethods<OnlineNormaliserAttrInterface,
          ["hasState", "isShiftInvariant", "buildInit", "buildPivot",
           "buildShift", "buildRescale", "getPrescaled", "buildContextFactor",
           "buildLse", "growsWithScores", "hasEntropy", "buildEntropy"]>]> {
  let summary = "The softmax, key block by key block.";
  let description = [{
    The pivot is the running maximum, which starts at −inf or at the sink; the sum
    is that of exp(score − maximum). Written `#attention.softmax`.

    In `#attention.softmax<base2>` scores and pivot are multiples of log 2, that
    is, they have been multiplied by log₂ e, and the sum is that of
    2^(score − maximum): the same sum, by a shorter exponential.
  }];
  let parameters = (ins
    DefaultValuedParameter<"::mlir::attention::ScoreUnit",
                           "::mlir::attention::ScoreUnit::Natural">:$unit);
  let assemblyFormat = "(`<` $unit^ `>`)?";
  let extraClassDeclaration = [{
    bool isBase2() const;
  }];
}

def Attention_AsWeightsAttr
    : Attention_Attr<"OnlineAsWeights", "as_weights",
        [DeclareAttrInterfaceMethods<OnlineNormaliserAttrInterface>]> {
  let summary = "Scores as weights, key block by key block.";
  let description = [{
    There is no state, and the context is the sum as it is. Written
    `#attention.as_weights`.
  }];
}

def Attention_ChangeKind
    : I32EnumAttr<"ScoreChangeKind", "what is done to a score", [
        I32EnumAttrCase<"Sets", 0, "sets">,
        I32EnumAttrCase<"Keep", 1, "keep">,
        I32EnumAttrCase<"Where", 2, "where">,
        I32EnumAttrCase<"Bias", 3, "bias">,
        I32EnumAttrCase<"Modify", 4, "modify">]> {
  let cppNamespace = "::mlir::attention";
  let genSpecializedAttr = 0;
}

def Attention_ScoreChangeAttr : Attention_Attr<"ScoreChange", "change"> {
  let summary = "One step of what is done to scores, in program order.";
  let description = [{
    `keep` and `bias` carry the map from (b…, i, j) to the indices of their tensor.
    Tensors, regions and sets are the operation's, each kind in the order of the
    steps.
  }];
  let parameters = (ins
    EnumParameter<Attention_ChangeKind>:$kind,
    OptionalParameter<"::mlir::AffineMapAttr">:$map);
  let assemblyFormat = "`<` $kind (`by` $map^)? `>`";
}

def Attention_ScoreChangesAttr
    : TypedArrayAttrBase<Attention_ScoreChangeAttr, "what is done to scores">;

def Attention_ChangeSetsAttr
    : TypedArrayAttrBase<Attention_MaskSetsAttr,
                         "the sets of each change that has some">;

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONATTRS_TD
