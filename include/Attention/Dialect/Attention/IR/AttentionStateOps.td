//===- AttentionStateOps.td - Block level: states ---------*- tablegen -*-===//
//
// What is done with the state that attention.online carries, away from the
// loop over keys.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONSTATEOPS_TD
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONSTATEOPS_TD

include "Attention/Dialect/Attention/IR/AttentionFusedOps.td"

def Attention_MergeOp : Attention_DestinationOp<"merge", [AttrSizedOperandSegments]> {
  let summary = "Merges the states of several parts of the keys into one.";
  let description = [{
    Brings a state up to date with states of disjoint parts of the keys, one part
    after another:

    ```
    pivot'[i]  = pivot of pivot[i] and pivots[:, i]
    f[i]       = rescale(pivot[i], pivot'[i])
    f[p, i]    = rescale(pivots[p, i], pivot'[i])
    sum'[i]    = f[i] · sum[i] + Σ_p f[p, i] · sums[p, i]
    acc'[e, i] = f[i] · acc[e, i] + Σ_{p : f ≠ 0} f[p, i] · accs[p, e, i]
    ```

    A normaliser without state has accumulators only, and they are added. The
    partial states are `attention.online`'s, with the dimension of parts in front:
    accumulators [parts, e, lanes], pivots and sums [parts, lanes], and with
    `reads` the states of readings, [parts, slots, lanes], whose parts may be of any
    keys. A normaliser's init operands, such as sinks, belong into one of the states that are merged:
    the destination's.

    ```mlir
    func.func @merge(%accs: tensor<4x16x64xf32>, %maxima: tensor<4x64xf32>,
                     %sums: tensor<4x64xf32>, %acc: tensor<16x64xf32>,
                     %max: tensor<64xf32>, %sum: tensor<64xf32>)
        -> (tensor<16x64xf32>, tensor<64xf32>, tensor<64xf32>) {
      %o:3 = attention.merge %accs
          state(%maxima, %sums : tensor<4x64xf32>, tensor<4x64xf32>)
          normaliser(#attention.softmax) : tensor<4x16x64xf32>
          outs(%acc, %max, %sum
             : tensor<16x64xf32>, tensor<64xf32>, tensor<64xf32>)
      return %o#0, %o#1, %o#2
           : tensor<16x64xf32>, tensor<64xf32>, tensor<64xf32>
    }
    ```
  }];
  let arguments = (ins Attention_FloatShaped:$accumulators,
                       Variadic<Attention_StateShaped>:$states,
                       Variadic<Attention_StateShaped>:$outs,
                       OnlineNormaliserAttrInterface:$normaliser,
                       DefaultValuedAttr<Attention_ReadingsAttr, "{}">:$readings);
  let assemblyFormat = [{
    $accumulators (`state` `(` $states^ `:` type($states) `)`)?
    `normaliser` `(` $normaliser `)` (`reads` `(` $readings^ `)`)? attr-dict `:` type($accumulators)
    `outs` `(` $outs `:` custom<Destinations>(type($outs), type($results)) `)`
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = !strconcat(destinationDeclaration, [{
    /// The type of the state.
    ::mlir::FloatType getComputeType();
  }]);
}

/// An operation on a tile of packed queries, a block of keys and the state of all
/// keys: what makes the scores, the state, and where the block's keys begin among
/// those of the destination.
class Attention_SecondPassOp<string mnemonic>
    : Attention_BlockScoringOp<mnemonic> {
  dag scoresAndState = (ins
    Attention_FloatShaped:$query,
    Attention_FloatShaped:$key,
    Variadic<Attention_FloatShaped>:$parameters,
    Optional<AnyTypeOf<[F32, F64]>>:$scale,
    Variadic<Attention_ChangeSymbol>:$symbols,
    Variadic<Attention_ChangeShaped>:$change_tensors,
    Variadic<Attention_FloatShaped>:$state,
    Variadic<Index>:$origin,
    Index:$live,
    Index:$first,
    Variadic<Attention_FloatShaped>:$outs,
    AffineMapAttr:$key_map,
    DefaultValuedAttr<Attention_ScoreChangesAttr, "{}">:$changes,
    DefaultValuedAttr<Attention_ChangeSetsAttr, "{}">:$change_sets,
    OnlineNormaliserAttrInterface:$normaliser);
  string scoresAndStateFormat = !strconcat([{
    `query` `(` $query `:` type($query) `)`
    `key` `(` $key `:` type($key) `by` $key_map `)`
  }], scoreFormat, [{
    `normaliser` `(` $normaliser `)`
    (`state` `(` $state^ `:` type($state) `)`)?
    `origin` `(` $origin `)` `live` `(` $live `)` `first` `(` $first `)`
  }]);
}

def Attention_WeightsOp : Attention_SecondPassOp<"weights"> {
  let summary = "The weights of a block of keys, from the state of all keys.";
  let description = [{
    Scores a tile of packed queries against a block of keys and changes the scores
    as `attention.online` does, and turns them into weights by a state that has
    seen all keys:

    ```
    s[j, i]               = changes(scale · Σ_d combine(tile[d, i], key(j, d), params[d]…))
    weights(i, first + j) = weight(s[j, i], shift(pivot[i])) · contextFactor(pivot[i], sum[i])
    weights(i, first + j) = 0   where the pair is absent
    ```

    for the rows that the weights have, of which those from `live` on are
    unspecified; lanes beyond are dropped. It is the second
    of two passes over the keys: weights can not be known before the last key, and
    keeping the scores would need a place for all pairs. The map of the weights
    takes (i, j).

    The destination may have the weights of more keys than the block has: those of
    the block begin at `first`, and the others stay as they are.
    So a loop over blocks of keys carries the destination as a whole, as one over
    `attention.online` carries a state.

    ```mlir
    #rows = affine_map<(r, c) -> (r, c)>
    #causal = affine_set<(h, i, j) : (i - j >= 0)>

    // The weights of one block, keys %j and on of all.
    func.func @weights(%tile: tensor<32x64xf32>, %k: tensor<?x32xf32>,
                       %max: tensor<64xf32>, %sum: tensor<64xf32>, %h: index,
                       %i: index, %j: index, %live: index, %w: tensor<?x?xf32>)
        -> tensor<?x?xf32> {
      %o = attention.weights query(%tile : tensor<32x64xf32>)
          key(%k : tensor<?x32xf32> by #rows)
          changes(sets(#causal)) normaliser(#attention.softmax)
          state(%max, %sum : tensor<64xf32>, tensor<64xf32>)
          origin(%h, %i, %j) live(%live) first(%j)
          outs(%w : tensor<?x?xf32> by #rows)
      return %o : tensor<?x?xf32>
    }
    ```
  }];
  let arguments = !con(scoresAndState, (ins AffineMapAttr:$output_map));
  let builders = [
    // Clones the regions of the scores.
    OpBuilder<(ins "const BlockScores &":$scores,
                   "OnlineNormaliserAttrInterface":$normaliser,
                   "ValueRange":$state, "Value":$first,
                   "MappedValue":$weights)>
  ];
  let assemblyFormat = !strconcat(scoresAndStateFormat, [{
    `outs` `(` $outs `:` custom<Destinations>(type($outs), type($results))
    `by` $output_map `)` attr-dict
  }]);
}

def Attention_MassOp : Attention_SecondPassOp<"mass"> {
  let summary = "Adds the weights of a block of queries to the mass of its keys.";
  let description = [{
    ```
    mass'[first + j] = mass[first + j] + Σ_{i < live} weights(i, first + j)
    ```

    with the weights that `attention.weights` would give: a block's part of the
    mass of columns, the sum of each key's weights. Blocks of queries add to it
    one after another, so that the order of the sum is fixed. As there, the
    destination may have more keys than the block; its keys begin at `first`.

    ```mlir
    #rows = affine_map<(r, c) -> (r, c)>
    #causal = affine_set<(h, i, j) : (i - j >= 0)>

    func.func @mass(%tile: tensor<32x64xf32>, %k: tensor<?x32xf32>,
                    %max: tensor<64xf32>, %sum: tensor<64xf32>, %h: index,
                    %i: index, %j: index, %live: index, %m: tensor<?xf32>)
        -> tensor<?xf32> {
      %o = attention.mass query(%tile : tensor<32x64xf32>)
          key(%k : tensor<?x32xf32> by #rows)
          changes(sets(#causal)) normaliser(#attention.softmax)
          state(%max, %sum : tensor<64xf32>, tensor<64xf32>)
          origin(%h, %i, %j) live(%live) first(%j) outs(%m : tensor<?xf32>)
      return %o : tensor<?xf32>
    }
    ```
  }];
  let arguments = scoresAndState;
  let builders = [
    // Clones the regions of the scores.
    OpBuilder<(ins "const BlockScores &":$scores,
                   "OnlineNormaliserAttrInterface":$normaliser,
                   "ValueRange":$state, "Value":$first, "Value":$mass)>
  ];
  let assemblyFormat = !strconcat(scoresAndStateFormat, [{
    `outs` `(` $outs `:` custom<Destinations>(type($outs), type($results)) `)`
    attr-dict
  }]);
}

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONSTATEOPS_TD
