//===- AttentionScoreOps.td - Graph level: score functions -*- tablegen -*-===//
//
// The score functions that have names, and the one that is a region.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONSCOREOPS_TD
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONSCOREOPS_TD

include "Attention/Dialect/Attention/IR/AttentionInterfaces.td"
include "Attention/Dialect/Attention/IR/AttentionTensorOp.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Attention_ScoreFunctionOp<string mnemonic, list<string> scoreMethods,
                        list<Trait> traits = []>
    : Attention_TensorOp<mnemonic, !listconcat(traits, [
        InferTypeOpAdaptorWithIsCompatible,
        DeclareOpInterfaceMethods<ScoreOpInterface, scoreMethods>])> {
  let results = (outs Attention_ScoreTensor:$scores);
  let hasVerifier = 1;
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *context, std::optional<::mlir::Location> loc,
        Adaptor adaptor, ::llvm::SmallVectorImpl<::mlir::Type> &types) {
      return inferScoreType(context, loc, adaptor.getQuery(), adaptor.getKey(),
                            types);
    }
    bool $cppClass::isCompatibleReturnTypes(::mlir::TypeRange l,
                                            ::mlir::TypeRange r) {
      return isScoreType(l, r);
    }
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &builder,
        ::mlir::ReifiedRankedShapedTypeDims &shapes) {
      return reifyScores(*this, builder, shapes);
    }
    ::mlir::Speculation::Speculatability $cppClass::getSpeculatability() {
      return getTensorOpSpeculatability(*this);
    }
  }];
}

def Attention_DotScoreOp
    : Attention_ScoreFunctionOp<"dot_score", ["buildPair", "buildScale"]> {
  let summary = "Dot product of every query with every key.";
  let description = [{
    ```
    s[b…, i, j] = scale · Σ_d q[b…, i, d] · k[b…, j, d]
    ```

    Queries are [b…, i, d], keys [b…, j, d], scores [b…, i, j]. `scaled` asks for
    the scale 1/√d of scaled dot-product attention (Vaswani et al., 2017);
    `scale(%x : type)` gives another one, a scalar of the compute type; without either
    the scale is 1. With d = 0 all scores are 0 whatever the scale.

    The result's element type is the compute type: f64 if queries or keys are f64,
    else f32. An f64 result may be asked for too, for values that are f64.

    ```mlir
    func.func @scaled_dot(%q: tensor<8x64x32xf32>, %k: tensor<2x77x32xbf16>)
        -> tensor<8x64x77xf32> {
      // Grouped heads: key head h / 4 serves query head h.
      %s = attention.dot_score %q, %k scaled
         : tensor<8x64x32xf32>, tensor<2x77x32xbf16> -> tensor<8x64x77xf32>
      return %s : tensor<8x64x77xf32>
    }

    func.func @own_scale(%q: tensor<?x32xf32>, %k: tensor<?x32xf32>)
        -> tensor<?x?xf32> {
      %c = arith.constant 0.25 : f32
      %s = attention.dot_score %q, %k scale(%c : f32)
         : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x?xf32>
      return %s : tensor<?x?xf32>
    }
    ```
  }];
  let arguments = (ins Attention_FloatTensor:$query,
                       Attention_FloatTensor:$key,
                       Optional<AnyTypeOf<[F32, F64]>>:$scale,
                       UnitAttr:$scaled);
  let builders = [
    OpBuilder<(ins "Value":$query, "Value":$key, CArg<"bool", "false">:$scaled)>
  ];
  let assemblyFormat = [{
    $query `,` $key (`scaled` $scaled^)?
    (`scale` `(` $scale^ `:` type($scale) `)`)? attr-dict
    `:` type($query) `,` type($key) `->` type($scores)
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Attention_BilinearScoreOp
    : Attention_ScoreFunctionOp<"bilinear_score",
                        ["buildQueryPart", "buildKeyPart", "buildPair"]> {
  let summary = "Bilinear form of every query and every key.";
  let description = [{
    ```
    s[b…, i, j] = Σ_d Σ_e q[b…, i, d] · W[d, e] · k[b…, j, e]
    ```

    Luong et al. (2015) call it "general". Queries are [b…, i, d_q], keys
    [b…, j, d_k], the weight W is [d_q, d_k]; queries and keys may differ in
    size. The projection by W is kept in the compute type.

    ```mlir
    func.func @bilinear(%q: tensor<?x160xf32>, %k: tensor<?x128xf32>,
                        %w: tensor<160x128xf16>) -> tensor<?x?xf32> {
      %s = attention.bilinear_score %q, %k, %w
         : tensor<?x160xf32>, tensor<?x128xf32>, tensor<160x128xf16>
        -> tensor<?x?xf32>
      return %s : tensor<?x?xf32>
    }
    ```
  }];
  let arguments = (ins Attention_FloatTensor:$query,
                       Attention_FloatTensor:$key,
                       Attention_FloatTensor:$weight);
  let assemblyFormat = [{
    $query `,` $key `,` $weight attr-dict
    `:` type($query) `,` type($key) `,` type($weight) `->` type($scores)
  }];
  let extraClassDeclaration = [{
    /// Whether W is applied to the queries, else to the keys: the side where the
    /// projection and the sum over pairs together take fewer multiplications.
    /// Extents known only at run time count as equal to each other.
    bool projectsQuery();
  }];
}

def Attention_AdditiveScoreOp
    : Attention_ScoreFunctionOp<"additive_score", ["buildQueryPart", "buildKeyPart",
                                           "getPairParameters", "buildPair"]> {
  let summary = "Additive (one hidden layer) score of every query and key.";
  let description = [{
    ```
    s[b…, i, j] = Σ_a v[a] · tanh(Σ_d Wq[a, d] · q[b…, i, d]
                                + Σ_e Wk[a, e] · k[b…, j, e] + bias[a])
    ```

    The score of Bahdanau et al. (2015). Queries are [b…, i, d_q], keys
    [b…, j, d_k], Wq is [a, d_q], Wk is [a, d_k], v and the optional bias are
    [a]. Both projections are kept in the compute type and computed once per query
    and once per key, not per pair.

    ```mlir
    func.func @additive(%q: tensor<?x160xf32>, %k: tensor<?x128xf32>,
                        %wq: tensor<64x160xf32>, %wk: tensor<64x128xf32>,
                        %v: tensor<64xf32>, %b: tensor<64xf32>)
        -> tensor<?x?xf32> {
      %s = attention.additive_score %q, %k, %wq, %wk, %v bias(%b : tensor<64xf32>)
         : tensor<?x160xf32>, tensor<?x128xf32>, tensor<64x160xf32>,
           tensor<64x128xf32>, tensor<64xf32> -> tensor<?x?xf32>
      return %s : tensor<?x?xf32>
    }
    ```
  }];
  let arguments = (ins Attention_FloatTensor:$query,
                       Attention_FloatTensor:$key,
                       Attention_FloatTensor:$query_weight,
                       Attention_FloatTensor:$key_weight,
                       Attention_FloatTensor:$value_weight,
                       Optional<Attention_FloatTensor>:$bias);
  let assemblyFormat = [{
    $query `,` $key `,` $query_weight `,` $key_weight `,` $value_weight
    (`bias` `(` $bias^ `:` type($bias) `)`)? attr-dict
    `:` type($query) `,` type($key) `,` type($query_weight) `,`
        type($key_weight) `,` type($value_weight) `->` type($scores)
  }];
}

def Attention_ScoreOp
    : Attention_ScoreFunctionOp<"score", ["getPairParameters", "buildPair"]> {
  let summary = "A score function given by a combine region.";
  let description = [{
    ```
    s[b…, i, j] = Σ_d combine(q[b…, i, d], k[b…, j, d], p0[d], p1[d], …)
    ```

    The general score function. The region combines one feature of a query and a
    key, and of any per-feature parameters, tensors [d]; it takes and yields
    scalars of the compute type, may read values from outside and must have no
    side effects. The named score functions generalise to this op
    (`-attention-generalize-scores`).

    ```mlir
    func.func @weighted_distance(%q: tensor<4x16xf32>, %k: tensor<6x16xf32>,
                                 %w: tensor<16xf32>) -> tensor<4x6xf32> {
      // −Σ_d w[d] · |q[i, d] − k[j, d]|
      %s = attention.score %q, %k params(%w)
          combine (%a: f32, %b: f32, %p: f32) {
        %d = arith.subf %a, %b : f32
        %m = math.absf %d : f32
        %t = arith.mulf %p, %m : f32
        %n = arith.negf %t : f32
        attention.yield %n : f32
      } : tensor<4x16xf32>, tensor<6x16xf32>, tensor<16xf32> -> tensor<4x6xf32>
      return %s : tensor<4x6xf32>
    }
    ```
  }];
  let arguments = (ins Attention_FloatTensor:$query,
                       Attention_FloatTensor:$key,
                       Variadic<Attention_FloatTensor>:$parameters);
  let regions = (region SizedRegion<1>:$combine);
  let hasRegionVerifier = 1;
  let assemblyFormat = [{
    $query `,` $key (`params` `(` $parameters^ `)`)?
    `combine` custom<ArgRegion>($combine) attr-dict
    `:` type($query) `,` type($key) (`,` type($parameters)^)?
    `->` type($scores)
  }];
}

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONSCOREOPS_TD
