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
    Every op becomes the linalg operations that its definition in docs/Spec.md
    reads as, without fusing anything: scores, weights and context are whole
    tensors. This is the reference that every faster path is tested against.
    Score functions and normalisers are lowered through `ScoreOpInterface` and
    `NormaliserOpInterface`. `attention.fused` first becomes the graph-level ops
    that it stands for; `attention.pack`, `online`, `merge` and `finish` are lowered
    on tensors, before bufferisation, with whole blocks of scores and weights.

    ```mlir
    func.func @weights(%s: tensor<4x6xf32>) -> tensor<4x6xf32> {
      %w = attention.softmax %s : tensor<4x6xf32>
      return %w : tensor<4x6xf32>
    }
    ```
  }];
  let options = [
    Option<"keepBlocks", "keep-blocks", "bool", "false",
           "Leave the block level for convert-attention-to-vector">,
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
  ];
}

def ConvertAttentionToVector : Pass<"convert-attention-to-vector"> {
  let summary = "Lower the block level on buffers to vectors and loops.";
  let description = [{
    `attention.pack`, `online`, `merge`, `finish`, `weights` and `mass` on buffers
    become scf loops over vectors of the target's width, with queries in the lanes: keys and values
    are read where they lie, an element at a time, and broadcast.
    Scores and context are accumulated in registers, as many rows times vectors
    as the target has registers for; the scores of a block are kept in a strip of
    scratch, allocated on the stack at the start of the surrounding parallel
    loop's body or function. Exponentials are built from arithmetic.

    Pair bodies, modifiers and masks are vectorised as they are: what is the same
    for all queries stays scalar. They are evaluated at live pairs only: what may
    load or trap is masked elsewhere. An operation in them without a vector form
    is an error.

    Vector width and registers are the target's facts, see `attention-set-target`.

    ```mlir
    func.func @finish(%acc: memref<16x64xf32>, %max: memref<64xf32>,
                      %sum: memref<64xf32>, %o: memref<?x16xf32>) {
      attention.finish %acc state(%max, %sum : memref<64xf32>, memref<64xf32>)
          normaliser(#attention.softmax) by affine_map<(i, e) -> (i, e)>
          : memref<16x64xf32> outs(%o : memref<?x16xf32>)
      return
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
  ];
}

def ConvertContractionToVector : Pass<"convert-contraction-to-vector"> {
  let summary = "Lower matrix products on buffers to vectors and loops.";
  let description = [{
    A linalg operation on buffers that sums products of two operands in f32 or
    f64 becomes scf loops over vectors of the target's width: `linalg.matmul`,
    `batch_matmul`, `vecmat`, `contract` and any `generic` of that meaning, with
    its dimensions in any order. Factors may be narrower floats that the body
    extends.

    A tile of the result, as many rows times vectors of columns as the target has
    registers for, is accumulated over a stretch of terms, from broadcast elements
    of one operand and vectors of the other. The latter are packed into panels
    that pass through the first-level cache, as many at a time as half of the
    second holds, unless only one tile of rows would read them; the former are
    read where they lie if those of a row are contiguous, and packed if not, in
    blocks of rows that stay in a quarter of the second-level cache. Both packed forms have the type of the sums. Scratch is
    allocated on the stack, at the start of the surrounding parallel loop's body
    or function.

    Every element is the sum of its terms in their order, each added by one
    `vector.fma`, whatever the sizes of tiles and blocks. These follow from the
    target's facts, see `attention-set-target`. Rows and columns that fill no tile
    are computed in smaller ones and under masks; nothing is read or written
    beyond the operands.

    ```mlir
    func.func @project(%x: memref<?x512xf32>, %w: memref<256x512xbf16>,
                       %p: memref<?x256xf32>) {
      linalg.generic {
          indexing_maps = [affine_map<(i, o, d) -> (i, d)>,
                           affine_map<(i, o, d) -> (o, d)>,
                           affine_map<(i, o, d) -> (i, o)>],
          iterator_types = ["parallel", "parallel", "reduction"]}
          ins(%x, %w : memref<?x512xf32>, memref<256x512xbf16>)
          outs(%p : memref<?x256xf32>) {
      ^bb0(%a: f32, %b: bf16, %sum: f32):
        %wide = arith.extf %b : bf16 to f32
        %product = arith.mulf %a, %wide : f32
        %next = arith.addf %sum, %product : f32
        linalg.yield %next : f32
      }
      return
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect",
  ];
}

def ConvertMathToPolynomial : Pass<"convert-math-to-polynomial"> {
  let summary = "Make arithmetic of elementary functions.";
  let description = [{
    A function of the math dialect that no instruction computes becomes a call of
    the C library in the end, an element at a time. Here it becomes arithmetic,
    on scalars and on vectors alike. The error is a few units in the last place
    over the whole range; NaN, infinities and signs of zeros are kept, and
    subnormal results are as good as a subnormal number can be.

    ```mlir
    func.func @softcap(%x: vector<8xf32>) -> vector<8xf32> {
      %y = math.tanh %x : vector<8xf32>
      return %y : vector<8xf32>
    }
    ```

    | functions | types |
    |---|---|
    | `exp`, `exp2`, `expm1`, `tanh`, `log`, `log2`, `log10`, `log1p` | f32, f64; f16 and bf16 by way of f32 |
    | `powf` | f32, f16, bf16, computed in f64 |
    | `acos`, `asin`, `erf`, `erfc` | f32; f16 and bf16 by way of f32 |

    Functions that have an instruction stay (`sqrt`, `fma`, `floor`, …), as do all
    others, which are right and slow.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect",
  ];
}

def ConvertViewsToReinterpretCast : Pass<"convert-views-to-reinterpret-cast"> {
  let summary = "Lower views of buffers to a base, an offset, sizes and strides.";
  let description = [{
    Does to views, as `memref.subview`, and their metadata what upstream's
    `expand-strided-metadata` does, and leaves all other operations as they are. On
    a `memref.expand_shape` with a group of more than one dynamic extent upstream's
    pass crashes; here it becomes a `memref.reinterpret_cast` with the extents that
    the op states.

    ```mlir
    func.func @split(%m: memref<?x8xf32>, %a: index, %b: index)
        -> memref<?x?x8xf32> {
      %r = memref.expand_shape %m [[0, 1], [2]] output_shape [%a, %b, 8]
         : memref<?x8xf32> into memref<?x?x8xf32>
      return %r : memref<?x?x8xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::affine::AffineDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect"];
}

def ExpandVectors : Pass<"expand-vectors"> {
  let summary = "Make vector operations of ones that LLVM has.";
  let description = [{
    Rewrites what LLVM has no instruction for: transposes, as shuffles; masks of a
    number of elements, as comparisons; slices; vectors of several dimensions. It
    is the first half of upstream's `convert-vector-to-llvm`, but leaves all
    operations that are not on vectors as they are; `convert-to-llvm` does the
    second half, together with the other dialects.

    ```mlir
    func.func @transposed(%x: vector<4x4xf32>) -> vector<4x4xf32> {
      %r = vector.transpose %x, [1, 0] : vector<4x4xf32> to vector<4x4xf32>
      return %r : vector<4x4xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif // ATTENTION_CONVERSION_PASSES_TD
