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

def AttentionFuse : Pass<"attention-fuse"> {
  let summary = "Make one attention.fused of a score, a softmax and a context.";
  let description = [{
    Every `attention.context` whose weights come from a normaliser that has a form
    that reads keys block by block (`NormaliserOpInterface::getOnlineNormaliser`),
    through any number of changes of scores (`ScoreChangeOpInterface`), from a
    score function (`ScoreOpInterface`), becomes one `attention.fused`. Only the
    interfaces are asked.

    ```mlir
    #causal = affine_set<(h, i, j) : (i - j >= 0)>

    func.func @causal(%q: tensor<8x64x32xf32>, %k: tensor<2x64x32xf32>,
                      %v: tensor<2x64x32xf32>) -> tensor<8x64x32xf32> {
      %s = attention.dot_score %q, %k scaled
         : tensor<8x64x32xf32>, tensor<2x64x32xf32> -> tensor<8x64x64xf32>
      %m = attention.mask_scores %s sets(#causal) : tensor<8x64x64xf32>
      %w = attention.softmax %m : tensor<8x64x64xf32>
      %o = attention.context %w, %v
         : tensor<8x64x64xf32>, tensor<2x64x32xf32> -> tensor<8x64x32xf32>
      return %o : tensor<8x64x32xf32>
    }
    ```

    becomes

    ```mlir
    #query = affine_map<(h, i, j, d, e) -> (h, i, d)>
    #key = affine_map<(h, i, j, d, e) -> (h floordiv 4, j, d)>
    #value = affine_map<(h, i, j, d, e) -> (h floordiv 4, j, e)>
    #out = affine_map<(h, i, j, d, e) -> (h, i, e)>
    #causal = affine_set<(h, i, j) : (i - j >= 0)>

    func.func @causal(%q: tensor<8x64x32xf32>, %k: tensor<2x64x32xf32>,
                      %v: tensor<2x64x32xf32>) -> tensor<8x64x32xf32> {
      %scale = arith.constant 0.176776692 : f32
      %empty = tensor.empty() : tensor<8x64x32xf32>
      %o = attention.fused query(%q : tensor<8x64x32xf32> by #query)
          key(%k : tensor<2x64x32xf32> by #key)
          value(%v : tensor<2x64x32xf32> by #value)
          scale(%scale : f32) changes(sets(#causal))
          normaliser(#attention.softmax)
          outs(%empty : tensor<8x64x32xf32> by [#out])
      return %o : tensor<8x64x32xf32>
    }
    ```

    A score's query part and key part (the projections of a bilinear or additive
    score) are computed before. Grouped heads whose number is known at run time
    only make no map: such keys and values are repeated for every head first,
    unless they provably have as many heads as the queries.

    Data movement becomes part of the indexing maps, of operations that were
    `attention.fused` before too: `linalg.transpose`, `linalg.broadcast`,
    `linalg.generic` that only copies, and reshapes where a dimension of the
    operand is one of the source (also the reshape of a broadcast by which heads
    are often repeated), of queries, keys, values, masks and biases; a transpose of
    the context that is its only user. So layouts such as [batch, seq, heads, d]
    are read and written where they lie.

    Attention stays as it is, and a remark says why, where its scores or weights
    have another user, are made in another block, or are of another type than the
    compute type of queries, keys and values.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::attention::AttentionDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect",
  ];
  let statistics = [
    Statistic<"numFused", "num-fused", "Number of contexts that were fused">
  ];
}

def AttentionTile : Pass<"attention-tile"> {
  let summary = "Cut fused attention into blocks of queries and keys.";
  let description = [{
    Every `attention.fused` becomes a parallel loop, `scf.forall`, over batch
    elements and blocks of queries. A block's queries are packed into lanes
    (`attention.pack`), read blocks of keys one after another
    (`attention.online`), and give rows of the context (`attention.finish`).

    Which keys are visited follows from the mask sets, their unions, intersections,
    and quotients and remainders by constants: keys that no query of the block
    sees are left out, and blocks that all queries see carry no mask. Where both
    kinds of keys are a range, that is the loops' bounds; else a loop over
    segments of keys finds them with a few comparisons each. What a set leaves
    out is visited, and a remark says why, where it divides by a symbol or is too
    complicated.

    Where there are fewer blocks of queries than the target's parallelism asks
    for, as when one query reads a long cache, the keys that a block visits are
    split too: one parallel loop over batch elements, blocks of queries and parts
    of the keys leaves a state for each, and a second merges those of a block in
    order (`attention.merge`) and finishes. Parts have at least 512 keys; their
    number follows from shapes and target facts, where the number of keys is
    known at run time only, at run time. It is one where the number of blocks of
    queries is not static.

    Block sizes follow from the shapes and the target's facts
    (`attention-set-target`); options override them. What can not be tiled stays
    as it is, and a remark says why.

    ```mlir
    #query = affine_map<(h, i, j, d, e) -> (h, i, d)>
    #key = affine_map<(h, i, j, d, e) -> (h, j, d)>
    #value = affine_map<(h, i, j, d, e) -> (h, j, e)>
    #out = affine_map<(h, i, j, d, e) -> (h, i, e)>
    #causal = affine_set<(h, i, j) : (i - j >= 0)>

    func.func @causal(%q: tensor<8x1000x64xf32>, %k: tensor<8x1000x64xf32>,
                      %v: tensor<8x1000x64xf32>) -> tensor<8x1000x64xf32> {
      %empty = tensor.empty() : tensor<8x1000x64xf32>
      %o = attention.fused query(%q : tensor<8x1000x64xf32> by #query)
          key(%k : tensor<8x1000x64xf32> by #key)
          value(%v : tensor<8x1000x64xf32> by #value)
          changes(sets(#causal)) normaliser(#attention.softmax)
          outs(%empty : tensor<8x1000x64xf32> by [#out])
      return %o : tensor<8x1000x64xf32>
    }
    ```
  }];
  let options = [
    Option<"queryBlock", "query-block", "int64_t", "0",
           "Queries of a block, rounded up to whole vectors (0: by the model)">,
    Option<"keyBlock", "key-block", "int64_t", "0",
           "Keys of a block (0: by the model)">,
    Option<"runtimeChecks", "runtime-checks", "bool", "false",
           "Check at run time that extents agree (cf.assert), where types leave "
           "that open; afterwards nothing shows that they did not">,
    Option<"keySplits", "key-splits", "int64_t", "0",
           "Parts of the keys that are read at the same time, 1 for no split "
           "(0: by the model)">,
  ];
  let statistics = [
    Statistic<"numTiled", "num-tiled", "Number of ops that were tiled">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::attention::AttentionDialect",
    "::mlir::bufferization::BufferizationDialect",
    "::mlir::cf::ControlFlowDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
  ];
}

#endif // ATTENTION_DIALECT_ATTENTION_TRANSFORMS_PASSES_TD
