//===- Passes.td - Passes within the attention dialect ---------*- tablegen -*-===//
//
// Declarations of the passes that rewrite attention IR into attention IR.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_TRANSFORMS_PASSES_TD
#define ATTENTION_DIALECT_ATTENTION_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def AttentionGeneralizeScores : Pass<"attention-generalize-scores"> {
  let summary = "Rewrite named score functions into attention.score.";
  let description = [{
    Every op that implements `ScoreOpInterface`, other than `attention.score`
    itself, becomes its query part, its key part, an `attention.score` with its
    pair body, and, where it has a scale, an `attention.modify_scores` that
    multiplies by it. A bilinear score's W is applied on the side that costs fewer
    multiplications; an additive score's projections become one `linalg.matmul`
    each, which loop-invariant code motion lifts out of a decoder's loop where the
    keys do not change.

    ```mlir
    func.func @bilinear(%q: tensor<4x8xf32>, %k: tensor<6x3xf32>,
                        %w: tensor<8x3xf32>) -> tensor<4x6xf32> {
      %s = attention.bilinear_score %q, %k, %w
         : tensor<4x8xf32>, tensor<6x3xf32>, tensor<8x3xf32> -> tensor<4x6xf32>
      return %s : tensor<4x6xf32>
    }
    ```

    becomes

    ```mlir
    func.func @bilinear(%q: tensor<4x8xf32>, %k: tensor<6x3xf32>,
                        %w: tensor<8x3xf32>) -> tensor<4x6xf32> {
      %empty = tensor.empty() : tensor<4x3xf32>
      %zero = arith.constant 0.0 : f32
      %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x3xf32>)
           -> tensor<4x3xf32>
      %p = linalg.matmul ins(%q, %w : tensor<4x8xf32>, tensor<8x3xf32>)
                         outs(%init : tensor<4x3xf32>) -> tensor<4x3xf32>
      %s = attention.score %p, %k combine (%a: f32, %b: f32) {
        %m = arith.mulf %a, %b : f32
        attention.yield %m : f32
      } : tensor<4x3xf32>, tensor<6x3xf32> -> tensor<4x6xf32>
      return %s : tensor<4x6xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::attention::AttentionDialect"];
  let statistics = [
    Statistic<"numGeneralized", "num-generalized",
              "Number of named scores that were generalised">
  ];
}

#endif // ATTENTION_DIALECT_ATTENTION_TRANSFORMS_PASSES_TD
