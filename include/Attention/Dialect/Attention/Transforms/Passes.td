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
}

def AttentionFuse : Pass<"attention-fuse"> {
  let summary = "Make one attention.fused of a score, a softmax and a context.";
  let description = [{
    Every `attention.context` becomes one `attention.fused` with what gives its
    weights: a normaliser that has a form that reads keys block by block
    (`NormaliserOpInterface::getOnlineNormaliser`), any number of changes of scores
    (`ScoreChangeOpInterface`), and a score function (`ScoreOpInterface`). Only the
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

    What reads the weights becomes part of the operation too: `attention.top_k`,
    `attention.entropy` and any other op that implements `RowReadingOpInterface`,
    where the normaliser allows to read key by key, and `attention.column_mass`. If
    nothing else uses the weights, there is no tensor of them. Where only these, or
    the weights or the log-sum-exp, are used, there is no context to compute: the
    values are one feature, 0. So they become where `attention.fused` itself has a
    context that nobody uses.

    Data movement becomes part of the indexing maps, of operations that were
    `attention.fused` before too: `linalg.transpose`, `linalg.broadcast`,
    `linalg.generic` that only copies, and reshapes where a dimension of the
    operand is one of the source (also the reshape of a broadcast by which heads
    are often repeated), of queries, keys, values, masks and biases; a transpose of
    the context that is its only user. So layouts such as [batch, seq, heads, d]
    are read and written where they lie.

    Weights that somebody else uses become a result of the fused operation, as the
    log-sum-exp does.

    **Scores in memory**, which no score function gives, or which somebody else
    uses, in this block or another, or which are of another type than the compute
    type of queries, keys and values, are fused from there on: they are a bias of
    scores of 0, which queries and keys of one feature, 0, have. **Weights in
    memory** are such scores of `attention.as_weights`: those of other operations,
    of a normaliser that has no form that reads keys block by block or is in
    another block, those that have another context, and those that the values
    depend on. A remark says what is in memory, and why.

    ```mlir
    func.func @scores(%s: tensor<64x77xf32>, %v: tensor<77x32xf32>)
        -> tensor<64x32xf32> {
      %w = attention.softmax %s : tensor<64x77xf32>
      %o = attention.context %w, %v
         : tensor<64x77xf32>, tensor<77x32xf32> -> tensor<64x32xf32>
      return %o : tensor<64x32xf32>
    }
    ```

    becomes

    ```mlir
    #query = affine_map<(i, j, d, e) -> (i, d)>
    #key = affine_map<(i, j, d, e) -> (j, d)>
    #value = affine_map<(i, j, d, e) -> (j, e)>
    #pair = affine_map<(i, j) -> (i, j)>
    #out = affine_map<(i, j, d, e) -> (i, e)>

    func.func @scores(%s: tensor<64x77xf32>, %v: tensor<77x32xf32>)
        -> tensor<64x32xf32> {
      %0 = tensor.empty() : tensor<64x1xf32>
      %zero = arith.constant 0.0 : f32
      %q = linalg.fill ins(%zero : f32) outs(%0 : tensor<64x1xf32>)
         -> tensor<64x1xf32>
      %1 = tensor.empty() : tensor<77x1xf32>
      %zero_0 = arith.constant 0.0 : f32
      %k = linalg.fill ins(%zero_0 : f32) outs(%1 : tensor<77x1xf32>)
         -> tensor<77x1xf32>
      %2 = tensor.empty() : tensor<64x32xf32>
      %o = attention.fused query(%q : tensor<64x1xf32> by #query)
          key(%k : tensor<77x1xf32> by #key)
          value(%v : tensor<77x32xf32> by #value)
          changes(bias(%s : tensor<64x77xf32> by #pair))
          normaliser(#attention.softmax)
          outs(%2 : tensor<64x32xf32> by [#out])
      return %o : tensor<64x32xf32>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::attention::AttentionDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect",
  ];
}

def AttentionRewriteScores : Pass<"attention-rewrite-scores"> {
  let summary = "Make pair bodies of attention.fused cheap.";
  let description = [{
    A pair body is evaluated for every query, key and feature. This pass looks at
    its structure, whatever operation it came from, and rewrites two kinds.

    **A tanh of a sum**, w · tanh(x + y) with x of the query and y of the key, as
    the additive score has, becomes w − 2w / (1 + e^2x · e^2y). The exponentials
    are computed once for every query's and key's element; a pair costs a
    multiply-add and a share of a division. The constant w falls where only
    differences between the scores of a row count, else it is added to the score.
    The error is within 10⁻⁶ · Σ|w|.

    **A sum of products** of one function of the query's and one of the key's
    element becomes a dot product of these functions, with a feature more for
    what depends on the key alone, and on the query alone if it counts. The square
    of a difference, the squared distance, is multiplied out to one.

    Either has inputs for which it is inaccurate. They are looked for at run time,
    once an element, and then the pair body is evaluated as it is:

    - elements of queries *and* of keys of which both exponentials might overflow
      or underflow (|2x| > 70 and |2y| > 70; in f64, 600), or huge weights;
    - squares of which Σ_d x² or Σ_d y² is more than 256: the distance of points
      that are far away, but near each other, would drown in their rounding.

    With fewer than 4 queries nothing is rewritten.

    ```mlir
    #query = affine_map<(i, j, d, e) -> (i, d)>
    #key = affine_map<(i, j, d, e) -> (j, d)>
    #value = affine_map<(i, j, d, e) -> (j, e)>
    #out = affine_map<(i, j, d, e) -> (i, e)>

    func.func @additive(%q: tensor<64x8xf32>, %k: tensor<77x8xf32>,
                        %v: tensor<77x16xf32>, %w: tensor<8xf32>)
        -> tensor<64x16xf32> {
      %empty = tensor.empty() : tensor<64x16xf32>
      %o = attention.fused query(%q : tensor<64x8xf32> by #query)
          key(%k : tensor<77x8xf32> by #key) value(%v : tensor<77x16xf32> by #value)
          params(%w : tensor<8xf32>) combine (%a: f32, %b: f32, %c: f32) {
            %s = arith.addf %a, %b : f32
            %t = math.tanh %s : f32
            %r = arith.mulf %c, %t : f32
            attention.yield %r : f32
          }
          normaliser(#attention.softmax)
          outs(%empty : tensor<64x16xf32> by [#out])
      return %o : tensor<64x16xf32>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
  ];
}

def AttentionShareDivisions : Pass<"attention-share-divisions"> {
  let summary = "Compute sums of quotients with one division.";
  let description = [{
    A sum of up to four quotients that say by `attention.bounded_denominator` that
    their denominators may be multiplied becomes one quotient:
    a/b + c/d = (a·d + c·b) / (b·d). `attention-rewrite-scores` makes such
    quotients, one a feature, and unrolled loops over features add them up. What
    is computed for one sum only moves to it, so that it lives in registers.

    ```mlir
    func.func @sum(%s: vector<8xf32>, %a: vector<8xf32>, %b: vector<8xf32>,
                   %c: vector<8xf32>, %d: vector<8xf32>) -> vector<8xf32> {
      %x = arith.divf %a, %b {attention.bounded_denominator} : vector<8xf32>
      %t = arith.addf %s, %x : vector<8xf32>
      %y = arith.divf %c, %d {attention.bounded_denominator} : vector<8xf32>
      %u = arith.addf %t, %y : vector<8xf32>
      return %u : vector<8xf32>
    }
    ```

    becomes

    ```mlir
    func.func @sum(%s: vector<8xf32>, %a: vector<8xf32>, %b: vector<8xf32>,
                   %c: vector<8xf32>, %d: vector<8xf32>) -> vector<8xf32> {
      %n = arith.mulf %a, %d fastmath<contract> : vector<8xf32>
      %m = arith.mulf %c, %b fastmath<contract> : vector<8xf32>
      %p = arith.addf %n, %m fastmath<contract> : vector<8xf32>
      %q = arith.mulf %b, %d : vector<8xf32>
      %r = arith.divf %p, %q : vector<8xf32>
      %u = arith.addf %s, %r : vector<8xf32>
      return %u : vector<8xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def AttentionTile : Pass<"attention-tile"> {
  let summary = "Cut fused attention into blocks of queries and keys.";
  let description = [{
    Every `attention.fused` becomes a parallel loop, `scf.forall`, over batch
    elements and blocks of queries. A block's queries are packed into lanes
    (`attention.pack`), read blocks of keys one after another
    (`attention.online`), and give rows of the context (`attention.finish`). If the
    weights are a result, a second pass over the keys follows, which scores them
    again (`attention.weights`). The mass of columns is a second parallel loop,
    over batch elements and parts of the keys, which goes through all blocks of
    queries (`attention.mass`).

    Which keys are visited follows from the mask sets, their unions, intersections,
    and quotients and remainders by constants: keys that no query of the block
    sees are left out, and blocks that all queries see carry no mask. Where both
    kinds of keys are a range, that is the loops' bounds; else a loop over
    segments of keys finds them with a few comparisons each. What a set leaves
    out is visited, and a remark says why, where it divides by a symbol or is too
    complicated.

    Masks that are data are looked at by blocks, once, before the parallel loop: a
    boolean tensor that several batch elements share is read; of a `where` region,
    as of documents, `doc[i] == doc[j]`, it is computed from the least and the
    greatest element that a block loads whether it can keep a pair of it, and
    whether it keeps all. So such blocks are left out, or need no mask, as well.

    Where there are fewer blocks of queries than the target's parallelism asks
    for, as when one query reads a long cache, the keys that a block visits are
    split too: one parallel loop over batch elements, blocks of queries and parts
    of the keys leaves a state for each, and a second merges those of a block in
    order (`attention.merge`) and finishes; weights are then a third, over as many
    parts. Parts have at least 512 keys; their number follows from shapes and
    target facts, where the number of keys is known at run time only, at run time.
    It is one where the number of blocks of queries is not static.

    Block sizes follow from the shapes and the target's facts
    (`attention-set-target`); options override them. Where a pair body or a change
    has an operation without a vector form (`scf.if`, a call), graph-level
    operations compute the scores up to there, one by one, and a remark says so:
    what follows is tiled and reads them as a bias of scores of 0. What can not be
    tiled, as it has an extent of 0 or such an operation and an origin, stays as it
    is, and a remark says why.

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
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect",
    "::mlir::attention::AttentionDialect",
    "::mlir::bufferization::BufferizationDialect",
    "::mlir::cf::ControlFlowDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect",
  ];
}

#endif // ATTENTION_DIALECT_ATTENTION_TRANSFORMS_PASSES_TD
