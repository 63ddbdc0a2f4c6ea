//===- AttentionDialect.td - The attention dialect -------------*- tablegen -*-===//
//
// The dialect and the type and attribute constraints its operations share.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONDIALECT_TD
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinAttributes.td"

def Attention_Dialect : Dialect {
  let name = "attention";
  let cppNamespace = "::mlir::attention";
  let summary = "Attention: scores, masks, a softmax, a weighted sum of values.";
  let description = [{
    The *graph level* of attention: one operation a mathematical step, on
    tensors. A **score** function compares every query with every key; scores may
    be modified and masked; a softmax over the keys turns the scores of a row into
    **weights**; the **context** is the sum of the values under the weights.

    Shapes are written with b… for any number of leading batch dimensions:
    queries q[b…, i, d], keys k[b…, j, d], values v[b…, j, e], scores and weights
    [b…, i, j], context [b…, i, e]. A batch dimension of the keys or values equals
    the queries', or is a static 1 (broadcast), or, for the last one, divides the
    queries' (grouped heads: head h reads key/value head h / (H / H_kv)).

    Elements are f16, bf16, f32 or f64. The *compute type* is f64 if queries,
    keys or values are f64, else f32: score tensors, region scalars, weights and
    log-sum-exps have it; other elements are extended to it where they are read;
    only the context is rounded, once, to the type the user asks for.

    −inf in a score tensor means that the pair is absent. Masks write it, and
    everything after a mask passes it through. docs/Spec.md states the semantics
    in full.

    ```mlir
    func.func @causal(%q: tensor<8x64x32xf32>, %k: tensor<8x64x32xf32>,
                      %v: tensor<8x64x32xf32>) -> tensor<8x64x32xf32> {
      %s = attention.dot_score %q, %k scaled
         : tensor<8x64x32xf32>, tensor<8x64x32xf32> -> tensor<8x64x64xf32>
      %m = attention.mask_scores %s sets(affine_set<(b, i, j) : (i - j >= 0)>)
         : tensor<8x64x64xf32>
      %w = attention.softmax %m : tensor<8x64x64xf32>
      %o = attention.context %w, %v
         : tensor<8x64x64xf32>, tensor<8x64x32xf32> -> tensor<8x64x32xf32>
      return %o : tensor<8x64x32xf32>
    }
    ```
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::tensor::TensorDialect",
  ];
}

class Attention_Op<string mnemonic, list<Trait> traits = []>
    : Op<Attention_Dialect, mnemonic, traits>;

/// A tensor that attention reads: queries, keys, values, parameters.
def Attention_FloatTensor : RankedTensorOf<[F16, BF16, F32, F64]>;

/// A tensor of the compute type: scores, weights, log-sum-exps, sinks.
def Attention_ScoreTensor : RankedTensorOf<[F32, F64]>;

/// What the symbols of a mask's integer sets are bound to: a scalar, or a tensor
/// of one value per index of the first r batch dimensions.
def Attention_SetSymbol
    : AnyTypeOf<[Index, I32, I64, RankedTensorOf<[Index, I32, I64]>]>;

def Attention_UnionAttr
    : TypedArrayAttrBase<IntegerSetAttr, "a union of integer sets">;

/// Intersection of unions of integer sets over (b…, i, j).
def Attention_MaskSetsAttr
    : TypedArrayAttrBase<Attention_UnionAttr,
                         "an intersection of unions of integer sets">;

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONDIALECT_TD
