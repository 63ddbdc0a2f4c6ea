//===- AttentionOps.td - Graph level of the attention dialect --*- tablegen -*-===//
//
// One operation a mathematical step: what is done to scores, the softmax and the
// context; score functions are in AttentionScoreOps.td. Examples in the
// descriptions are run as tests (test/Dialect/Attention/op-examples.test).
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONOPS_TD
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONOPS_TD

include "Attention/Dialect/Attention/IR/AttentionFusedOps.td"
include "Attention/Dialect/Attention/IR/AttentionReadingOps.td"
include "Attention/Dialect/Attention/IR/AttentionScoreOps.td"
include "Attention/Dialect/Attention/IR/AttentionStateOps.td"

//===----------------------------------------------------------------------===//
// What is done to scores
//===----------------------------------------------------------------------===//

def Attention_ModifyScoresOp
    : Attention_TensorOp<"modify_scores", [
        AllTypesMatch<["scores", "result"]>,
        DeclareOpInterfaceMethods<ScoreChangeOpInterface, ["getScoreChanges"]>]> {
  let summary = "Changes every score by a region that knows where it is.";
  let description = [{
    ```
    result[b…, i, j] = modify(s[b…, i, j], b…, i, j)   where s[b…, i, j] ≠ −inf
    ```

    Scores are in natural units. The region takes a score, the batch indices, the
    query index and the key index, may read values from outside, tensors included
    (`tensor.extract`), and must have no side effects. It is defined at live pairs
    only: an absent pair (−inf) stays absent, and the region is not evaluated
    there.

    ```mlir
    func.func @softcap(%s: tensor<8x64x77xf32>) -> tensor<8x64x77xf32> {
      %cap = arith.constant 50.0 : f32
      %m = attention.modify_scores %s (%x: f32, %h: index, %i: index, %j: index) {
        %d = arith.divf %x, %cap : f32
        %t = math.tanh %d : f32
        %y = arith.mulf %t, %cap : f32
        attention.yield %y : f32
      } : tensor<8x64x77xf32>
      return %m : tensor<8x64x77xf32>
    }

    func.func @alibi(%s: tensor<8x64x77xf32>, %slopes: tensor<8xf32>)
        -> tensor<8x64x77xf32> {
      %m = attention.modify_scores %s (%x: f32, %h: index, %i: index, %j: index) {
        %d = arith.subi %j, %i : index
        %n = arith.index_cast %d : index to i64
        %f = arith.sitofp %n : i64 to f32
        %slope = tensor.extract %slopes[%h] : tensor<8xf32>
        %b = arith.mulf %slope, %f : f32
        %y = arith.addf %x, %b : f32
        attention.yield %y : f32
      } : tensor<8x64x77xf32>
      return %m : tensor<8x64x77xf32>
    }
    ```
  }];
  let arguments = (ins Attention_ScoreTensor:$scores);
  let results = (outs Attention_ScoreTensor:$result);
  let regions = (region SizedRegion<1>:$modify);
  let assemblyFormat = [{
    $scores custom<ArgRegion>($modify) attr-dict `:` type($scores)
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Attention_MaskScoresOp
    : Attention_TensorOp<"mask_scores", [
        AttrSizedOperandSegments, AllTypesMatch<["scores", "result"]>,
        DeclareOpInterfaceMethods<ScoreChangeOpInterface, ["getScoreChanges"]>]> {
  let summary = "Says which pairs of query and key take part.";
  let description = [{
    A pair that is masked out gets the score −inf; the others keep theirs, plus
    the bias if there is one. Four ways to say it, alone or together (a pair takes
    part if all agree):

    - `sets(S, T or U, …)`: integer sets over (b…, i, j), intersected; `or` joins
      sets into a union. A set's symbols are bound in brackets to scalars or, one
      value per batch element, to tensors of rank r indexed by the first r batch
      dimensions; index, i32 or i64 (signed). A divisor or modulus is a
      positive constant, or a symbol, which counts as 1 where it is not positive.
    - `keep(%t : type)`: a boolean tensor, true where the pair takes part.
    - `where (b…, i, j) { … }`: a region that yields i1, evaluated at pairs that
      are not masked out by the scores, the sets or `keep`; it may read values
      from outside and must have no side effects.
    - `bias(%t : type)`: a tensor added to the scores that are left. It is
      arithmetic: a bias of −inf gives the score −inf.

    `keep` and `bias` tensors have the scores' rank, each extent equal to the
    scores' or a static 1 (broadcast); or they give their own map from (b…, i, j)
    with `by`, whose results are dimensions, quotients of a dimension by a
    positive constant, or 0.

    ```mlir
    #causal = affine_set<(b, h, i, j) : (i - j >= 0)>
    #length = affine_set<(b, h, i, j)[n] : (n - 1 - j >= 0)>
    #prefix = affine_set<(b, h, i, j)[p] : (p - 1 - j >= 0)>

    func.func @prefix_lm(%s: tensor<2x8x64x64xf32>, %n: tensor<2xi32>, %p: index)
        -> tensor<2x8x64x64xf32> {
      %m = attention.mask_scores %s
          sets(#length[%n : tensor<2xi32>], #causal or #prefix[%p : index])
        : tensor<2x8x64x64xf32>
      return %m : tensor<2x8x64x64xf32>
    }

    func.func @data(%s: tensor<2x8x64x77xf32>, %keep: tensor<64x77xi1>,
                    %bias: tensor<1x8x64x77xf16>) -> tensor<2x8x64x77xf32> {
      %m = attention.mask_scores %s
          keep(%keep : tensor<64x77xi1> by affine_map<(b, h, i, j) -> (i, j)>)
          bias(%bias : tensor<1x8x64x77xf16>)
        : tensor<2x8x64x77xf32>
      return %m : tensor<2x8x64x77xf32>
    }

    func.func @documents(%s: tensor<64x64xf32>, %id: tensor<64xi32>)
        -> tensor<64x64xf32> {
      %m = attention.mask_scores %s where (%i: index, %j: index) {
        %a = tensor.extract %id[%i] : tensor<64xi32>
        %b = tensor.extract %id[%j] : tensor<64xi32>
        %same = arith.cmpi eq, %a, %b : i32
        attention.yield %same : i1
      } : tensor<64x64xf32>
      return %m : tensor<64x64xf32>
    }
    ```
  }];
  let arguments = (ins
    Attention_ScoreTensor:$scores,
    DefaultValuedAttr<Attention_MaskSetsAttr, "{}">:$sets,
    Variadic<Attention_SetSymbol>:$symbols,
    Optional<RankedTensorOf<[I1]>>:$keep,
    OptionalAttr<AffineMapAttr>:$keep_map,
    Optional<Attention_FloatTensor>:$bias,
    OptionalAttr<AffineMapAttr>:$bias_map);
  let results = (outs Attention_ScoreTensor:$result);
  let regions = (region AnyRegion:$where);
  let assemblyFormat = [{
    $scores `` custom<MaskSets>($sets, $symbols, type($symbols))
    (`keep` `(` $keep^ `:` type($keep) (`by` $keep_map^)? `)`)?
    `` custom<WhereRegion>($where)
    (`bias` `(` $bias^ `:` type($bias) (`by` $bias_map^)? `)`)?
    attr-dict `:` type($scores)
  }];
  let extraClassDeclaration = [{
    /// The sets with what their symbols are bound to: an intersection of unions.
    ::llvm::SmallVector<::llvm::SmallVector<MaskSet>> getMaskSets();
    /// The map from (b…, i, j) to the indices of `keep` or `bias`: the one given,
    /// or the one that broadcasting implies. Null where there is no such tensor.
    ::mlir::AffineMap getKeepIndexingMap();
    ::mlir::AffineMap getBiasIndexingMap();
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

//===----------------------------------------------------------------------===//
// From scores to context
//===----------------------------------------------------------------------===//

def Attention_SoftmaxOp
    : Attention_TensorOp<"softmax", [
        AllTypesMatch<["scores", "weights"]>,
        DeclareOpInterfaceMethods<NormaliserOpInterface, [
          "getRowResults", "getInitOperands", "getStateSize", "buildInit",
          "buildUpdate", "buildMerge", "buildWeight", "buildRowResults",
          "getOnlineNormaliser"]>]> {
  let summary = "Softmax over the keys: the attention distribution.";
  let description = [{
    ```
    m[b…, i]   = max(max_j s[b…, i, j], sink[b…])
    lse[b…, i] = m + log(Σ_j exp(s[b…, i, j] − m) + exp(sink[b…] − m))
    w[b…, i, j] = exp(s[b…, i, j] − lse[b…, i])
    ```

    A row without a live pair has weights 0 and, without a sink, log-sum-exp
    −inf. The optional second result is the log-sum-exp of each row, [b…, i], in
    natural logarithm. Optional `sinks` are scores of a key that has no value (an
    "attention sink"), one per batch element: they take weight but give none to
    the context. They have the compute type and the scores' trailing batch
    dimensions, equal or a static 1; typically one per head.

    ```mlir
    func.func @weights(%s: tensor<8x64x77xf32>) -> tensor<8x64x77xf32> {
      %w = attention.softmax %s : tensor<8x64x77xf32>
      return %w : tensor<8x64x77xf32>
    }

    func.func @with_sinks(%s: tensor<2x8x64x77xf32>, %sinks: tensor<8xf32>)
        -> (tensor<2x8x64x77xf32>, tensor<2x8x64xf32>) {
      %w, %lse = attention.softmax %s sinks(%sinks : tensor<8xf32>)
               : tensor<2x8x64x77xf32>, tensor<2x8x64xf32>
      return %w, %lse : tensor<2x8x64x77xf32>, tensor<2x8x64xf32>
    }
    ```
  }];
  let arguments = (ins Attention_ScoreTensor:$scores,
                       Optional<Attention_ScoreTensor>:$sinks);
  let results = (outs Attention_ScoreTensor:$weights,
                      Optional<Attention_ScoreTensor>:$lse);
  let builders = [
    OpBuilder<(ins "Value":$scores, CArg<"Value", "{}">:$sinks,
                   CArg<"bool", "false">:$withLse)>
  ];
  let assemblyFormat = [{
    $scores (`sinks` `(` $sinks^ `:` type($sinks) `)`)? attr-dict
    `:` type($weights) (`,` type($lse)^)?
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Attention_AsWeightsOp
    : Attention_TensorOp<"as_weights", [
        AllTypesMatch<["scores", "weights"]>,
        DeclareOpInterfaceMethods<NormaliserOpInterface, [
          "buildWeight", "getOnlineNormaliser"]>]> {
  let summary = "Scores as they are for weights: no normalisation.";
  let description = [{
    ```
    w[b…, i, j] = s[b…, i, j]    0 where the pair is absent
    ```

    Weights of a row need not add up to 1, nor be positive. With
    `attention.modify_scores` before it, this is every elementwise normaliser:
    sigmoid attention, squared ReLU, or, without, linear attention's plain
    weighted sum.

    ```mlir
    func.func @sigmoid(%q: tensor<8x64x32xf32>, %k: tensor<8x77x32xf32>,
                       %v: tensor<8x77x32xf32>) -> tensor<8x64x32xf32> {
      %one = arith.constant 1.0 : f32
      %s = attention.dot_score %q, %k scaled
         : tensor<8x64x32xf32>, tensor<8x77x32xf32> -> tensor<8x64x77xf32>
      %a = attention.modify_scores %s (%x: f32, %h: index, %i: index, %j: index) {
        %n = arith.negf %x : f32
        %e = math.exp %n : f32
        %d = arith.addf %e, %one : f32
        %y = arith.divf %one, %d : f32
        attention.yield %y : f32
      } : tensor<8x64x77xf32>
      %w = attention.as_weights %a : tensor<8x64x77xf32>
      %o = attention.context %w, %v
         : tensor<8x64x77xf32>, tensor<8x77x32xf32> -> tensor<8x64x32xf32>
      return %o : tensor<8x64x32xf32>
    }
    ```
  }];
  let arguments = (ins Attention_ScoreTensor:$scores);
  let results = (outs Attention_ScoreTensor:$weights);
  let assemblyFormat = "$scores attr-dict `:` type($weights)";
  let hasVerifier = 1;
}

def Attention_ContextOp
    : Attention_TensorOp<"context", [InferTypeOpAdaptorWithIsCompatible]> {
  let summary = "Weighted sum of the values.";
  let description = [{
    ```
    o[b…, i, e] = Σ_{j : w[b…, i, j] ≠ 0} w[b…, i, j] · v[b…, j, e]
    ```

    Weights are [b…, i, j], values [b…, j, e], the context [b…, i, e]. A weight of
    exactly 0 leaves its value out, whatever it is: NaN and infinity at a masked
    key never reach the result. The sum is kept in the compute type, which the
    weights have, and rounded once to the result's element type; by default that
    is the values'.

    ```mlir
    func.func @context(%w: tensor<8x64x77xf32>, %v: tensor<2x77x32xbf16>)
        -> tensor<8x64x32xf32> {
      %o = attention.context %w, %v
         : tensor<8x64x77xf32>, tensor<2x77x32xbf16> -> tensor<8x64x32xf32>
      return %o : tensor<8x64x32xf32>
    }
    ```
  }];
  let arguments = (ins Attention_ScoreTensor:$weights,
                       Attention_FloatTensor:$value);
  let results = (outs Attention_FloatTensor:$output);
  let assemblyFormat = [{
    $weights `,` $value attr-dict
    `:` type($weights) `,` type($value) `->` type($output)
  }];
  let hasVerifier = 1;
}

def Attention_YieldOp
    : Attention_Op<"yield", [Pure, ReturnLike, Terminator]> {
  let summary = "Ends a region of an attention operation with its value.";
  let description = [{
    ```mlir
    func.func @temperature(%s: tensor<4x6xf32>, %t: f32) -> tensor<4x6xf32> {
      %m = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
        %y = arith.divf %x, %t : f32
        attention.yield %y : f32
      } : tensor<4x6xf32>
      return %m : tensor<4x6xf32>
    }
    ```
  }];
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONOPS_TD
