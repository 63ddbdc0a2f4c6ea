//===- Passes.td - Conversions out of the attention dialect ----*- tablegen -*-===//
//
// Declarations of the conversion passes; one folder a conversion.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_CONVERSION_PASSES_TD
#define ATTENTION_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertAttentionToLinalg : Pass<"convert-attention-to-linalg"> {
  let summary = "Lower attention to linalg, op by op: the exact path.";
  let description = [{
    Every graph-level op becomes the linalg operations that its definition in
    docs/Spec.md reads as, without fusing anything: scores, weights and context
    are whole tensors. This is the reference that every faster path is tested
    against. Score functions and normalisers are lowered through
    `ScoreOpInterface` and `NormaliserOpInterface`.

    ```mlir
    func.func @weights(%s: tensor<4x6xf32>) -> tensor<4x6xf32> {
      %w = attention.softmax %s : tensor<4x6xf32>
      return %w : tensor<4x6xf32>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
  ];
}

#endif // ATTENTION_CONVERSION_PASSES_TD
