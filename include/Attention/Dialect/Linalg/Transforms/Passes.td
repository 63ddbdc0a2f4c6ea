//===- Passes.td - Linalg around attention ---------------------*- tablegen -*-===//
//
// Declarations of the passes on the matrix products before and after attention.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_LINALG_TRANSFORMS_PASSES_TD
#define ATTENTION_DIALECT_LINALG_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def AttentionTileContractions : Pass<"attention-tile-contractions"> {
  let summary = "Cut matrix products into blocks that run in parallel.";
  let description = [{
    A linalg operation on tensors that is a sum of products of two operands, of
    whatever name and whatever order of dimensions, becomes a parallel loop,
    `scf.forall`, over blocks of rows and columns of its result and over batch
    elements. A `linalg.fill` or `linalg.broadcast` that the result starts from
    moves into the loop, so that each block is set where it is computed. Sums are
    never cut: each is computed whole, in order, by one iteration.

    Products too small for a parallel loop, and those inside of one, stay as they
    are. Block sizes follow from the shapes and the target's facts
    (`attention-set-target`).

    ```mlir
    func.func @project(%x: tensor<480x512xf32>, %w: tensor<512x512xf32>)
        -> tensor<480x512xf32> {
      %zero = arith.constant 0.0 : f32
      %empty = tensor.empty() : tensor<480x512xf32>
      %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<480x512xf32>)
          -> tensor<480x512xf32>
      %p = linalg.matmul ins(%x, %w : tensor<480x512xf32>, tensor<512x512xf32>)
          outs(%init : tensor<480x512xf32>) -> tensor<480x512xf32>
      return %p : tensor<480x512xf32>
    }
    ```
  }];
  let options = [
    Option<"runtimeChecks", "runtime-checks", "bool", "false",
           "Check at run time that extents agree, where types leave that open">,
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::cf::ControlFlowDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect",
  ];
}

#endif // ATTENTION_DIALECT_LINALG_TRANSFORMS_PASSES_TD
