//===- AttentionReadingOps.td - Graph level: readings of weights -*- tablegen -*-//
//
// What people look at attention for, without looking at all of it: the keys that
// a query reads most, how spread its weights are, how much each key is read.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONREADINGOPS_TD
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONREADINGOPS_TD

include "Attention/Dialect/Attention/IR/AttentionInterfaces.td"
include "Attention/Dialect/Attention/IR/AttentionTensorOp.td"

/// An operation on a tensor of weights [b…, i, j].
class Attention_ReadingOp<string mnemonic, list<Trait> traits = []>
    : Attention_TensorOp<mnemonic, !listconcat(traits, [
        InferTypeOpAdaptorWithIsCompatible])> {
  let hasVerifier = 1;
}

def Attention_TopKOp
    : Attention_ReadingOp<"top_k", [
        DeclareOpInterfaceMethods<RowReadingOpInterface, ["getRowReading"]>]> {
  let summary = "The keys of largest weight of every query.";
  let description = [{
    ```
    indices[b…, i, 0], indices[b…, i, 1], … = the keys j with w[b…, i, j] > 0,
        by decreasing weight, of equal weights the lower key first
    top_weights[b…, i, t] = w[b…, i, indices[b…, i, t]]
    ```

    The weights are [b…, i, j], the results [b…, i, k]: weights, and keys as i32.
    Where a row has fewer than k keys of a weight greater than 0, what is left of
    it has weight 0 and key −1; a key that is masked out is never listed. A row in
    which a weight is NaN has NaN for weights and −1 for keys.

    ```mlir
    func.func @most_read(%q: tensor<8x64x32xf32>, %k: tensor<8x77x32xf32>)
        -> (tensor<8x64x3xf32>, tensor<8x64x3xi32>) {
      %s = attention.dot_score %q, %k scaled
         : tensor<8x64x32xf32>, tensor<8x77x32xf32> -> tensor<8x64x77xf32>
      %w = attention.softmax %s : tensor<8x64x77xf32>
      %top, %keys = attention.top_k %w k(3)
         : tensor<8x64x77xf32> -> tensor<8x64x3xf32>, tensor<8x64x3xi32>
      return %top, %keys : tensor<8x64x3xf32>, tensor<8x64x3xi32>
    }
    ```
  }];
  let arguments = (ins Attention_ScoreTensor:$weights,
                       ConfinedAttr<I64Attr, [IntPositive]>:$k);
  let results = (outs Attention_ScoreTensor:$top_weights,
                      RankedTensorOf<[I32]>:$indices);
  let assemblyFormat = [{
    $weights `k` `(` $k `)` attr-dict
    `:` type($weights) `->` type($top_weights) `,` type($indices)
  }];
}

def Attention_EntropyOp
    : Attention_ReadingOp<"entropy", [
        DeclareOpInterfaceMethods<RowReadingOpInterface, ["getRowReading"]>]> {
  let summary = "How spread the weights of every query are.";
  let description = [{
    ```
    h[b…, i] = −Σ_j w[b…, i, j] · ln w[b…, i, j]    0 · ln 0 = 0
    ```

    The Shannon entropy of the attention distribution, in nats: 0 where all weight
    is on one key, ln N_kv where all keys have the same. A row without a live pair
    has entropy 0. The sum is over the keys: a softmax's sinks take weight, but
    have no term of their own.

    ```mlir
    func.func @spread(%w: tensor<8x64x77xf32>) -> tensor<8x64xf32> {
      %h = attention.entropy %w : tensor<8x64x77xf32> -> tensor<8x64xf32>
      return %h : tensor<8x64xf32>
    }
    ```
  }];
  let arguments = (ins Attention_ScoreTensor:$weights);
  let results = (outs Attention_ScoreTensor:$entropy);
  let assemblyFormat = [{
    $weights attr-dict `:` type($weights) `->` type($entropy)
  }];
}

def Attention_ColumnMassOp : Attention_ReadingOp<"column_mass"> {
  let summary = "How much weight every key receives, of all queries.";
  let description = [{
    ```
    m[b…, j] = Σ_i w[b…, i, j]
    ```

    Keys that hardly any query reads have a mass near 0: those to drop from a
    cache of keys and values first.

    ```mlir
    func.func @heavy_hitters(%w: tensor<8x64x77xf32>) -> tensor<8x77xf32> {
      %m = attention.column_mass %w : tensor<8x64x77xf32> -> tensor<8x77xf32>
      return %m : tensor<8x77xf32>
    }
    ```
  }];
  let arguments = (ins Attention_ScoreTensor:$weights);
  let results = (outs Attention_ScoreTensor:$mass);
  let assemblyFormat = [{
    $weights attr-dict `:` type($weights) `->` type($mass)
  }];
}

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONREADINGOPS_TD
