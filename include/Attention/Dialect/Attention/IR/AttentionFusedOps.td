//===- AttentionFusedOps.td - Fused and block level ------------*- tablegen -*-===//
//
// attention.fused is a whole attention that no tensor of scores is made for; the
// block level is what tiling makes of it: queries packed into lanes, one block of
// keys after another, and the context unpacked.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONFUSEDOPS_TD
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONFUSEDOPS_TD

include "Attention/Dialect/Attention/IR/AttentionDestinationOp.td"

def Attention_FusedOp
    : Attention_ScoringOp<"fused", [
        DeclareOpInterfaceMethods<AggregatedOpInterface, ["decomposeOperation"]>]> {
  let summary = "A whole attention, without a tensor of scores.";
  let description = [{
    ```
    s[b…, i, j] = scale · Σ_d combine(query(b…, i, d), key(b…, j, d), params[d]…)
    s           = changes(s)                          // in order
    w[b…, i, j] = normaliser(s[b…, i, :])[j]
    o[b…, i, e] = Σ_{j : w ≠ 0} w[b…, i, j] · value(b…, j, e)
    ```

    Each tensor has an indexing map from the iteration space (b…, i, j, d, e), as
    in `linalg.generic`: layouts such as [batch, seq, heads, d], broadcasts and
    grouped heads (`h floordiv 4`) are maps, never copies. Results of maps are
    dimensions, quotients of a batch dimension by a constant, or 0.

    Without `combine` the pair body is the product of the query's and the key's
    element. `changes` lists masks, biases and modifiers in program order, as
    `attention.mask_scores` and `attention.modify_scores` have them; their maps
    take (b…, i, j), and everything in them is indexed globally, so tiling leaves
    them as they are and only moves `origin`, the index (b…, i, j) of the op's
    first pair in the whole (0 without it). `init` are the normaliser's init
    operands, a softmax's sinks, with maps from the batch dimensions.

    Results are in destination style and in a fixed order, each with a map: the
    context, of any float type; with `lse` the log-sum-exp; with `weights` the
    weights; with `reads` what each of a list of readings gives, attributes that
    implement RowReadingAttrInterface; with `column_mass` the sum of the weights
    of each key. Readings have one value a row, or a list: its map is that of the
    rows, and the elements of the list are the last dimension.

    ```mlir
    #query = affine_map<(h, i, j, d, e) -> (i, h, d)>
    #key = affine_map<(h, i, j, d, e) -> (h floordiv 4, j, d)>
    #value = affine_map<(h, i, j, d, e) -> (h floordiv 4, j, e)>
    #out = affine_map<(h, i, j, d, e) -> (i, h, e)>
    #causal = affine_set<(h, i, j) : (i - j >= 0)>

    func.func @grouped(%q: tensor<77x8x32xf32>, %k: tensor<2x77x32xf32>,
                       %v: tensor<2x77x32xbf16>) -> tensor<77x8x32xf32> {
      %scale = arith.constant 0.125 : f32
      %empty = tensor.empty() : tensor<77x8x32xf32>
      %o = attention.fused query(%q : tensor<77x8x32xf32> by #query)
          key(%k : tensor<2x77x32xf32> by #key)
          value(%v : tensor<2x77x32xbf16> by #value)
          scale(%scale : f32)
          changes(sets(#causal), modify (%s: f32, %h: index, %i: index, %j: index) {
            %t = math.tanh %s : f32
            attention.yield %t : f32
          })
          normaliser(#attention.softmax)
          outs(%empty : tensor<77x8x32xf32> by [#out])
      return %o : tensor<77x8x32xf32>
    }

    #row = affine_map<(i, j, d, e) -> (i)>

    // The three keys that each query reads most, its entropy, and how much each
    // key is read.
    func.func @read(%q: tensor<64x32xf32>, %k: tensor<77x32xf32>,
                    %v: tensor<77x32xf32>, %o: tensor<64x32xf32>,
                    %top: tensor<64x3xf32>, %keys: tensor<64x3xi32>,
                    %h: tensor<64xf32>, %m: tensor<77xf32>)
        -> (tensor<64x3xf32>, tensor<64x3xi32>, tensor<64xf32>, tensor<77xf32>) {
      %r:5 = attention.fused
          query(%q : tensor<64x32xf32> by affine_map<(i, j, d, e) -> (i, d)>)
          key(%k : tensor<77x32xf32> by affine_map<(i, j, d, e) -> (j, d)>)
          value(%v : tensor<77x32xf32> by affine_map<(i, j, d, e) -> (j, e)>)
          normaliser(#attention.softmax)
          outs(%o, %top, %keys, %h, %m
             : tensor<64x32xf32>, tensor<64x3xf32>, tensor<64x3xi32>,
               tensor<64xf32>, tensor<77xf32>
            by [affine_map<(i, j, d, e) -> (i, e)>, #row, #row, #row,
                affine_map<(i, j, d, e) -> (j)>])
          reads([#attention.top_k<3>, #attention.entropy]) column_mass
      return %r#1, %r#2, %r#3, %r#4
           : tensor<64x3xf32>, tensor<64x3xi32>, tensor<64xf32>, tensor<77xf32>
    }
    ```
  }];
  let arguments = (ins
    Attention_FloatTensor:$query,
    Attention_FloatTensor:$key,
    Attention_FloatTensor:$value,
    Variadic<Attention_FloatTensor>:$parameters,
    Optional<AnyTypeOf<[F32, F64]>>:$scale,
    Variadic<Attention_ChangeSymbol>:$symbols,
    Variadic<Attention_ChangeShaped>:$change_tensors,
    Variadic<Attention_ScoreTensor>:$init_operands,
    Variadic<Index>:$origin,
    Variadic<Attention_OutTensor>:$outs,
    AffineMapAttr:$query_map,
    AffineMapAttr:$key_map,
    AffineMapAttr:$value_map,
    AffineMapArrayAttr:$output_maps,
    OptionalAttr<AffineMapArrayAttr>:$init_maps,
    DefaultValuedAttr<Attention_ScoreChangesAttr, "{}">:$changes,
    DefaultValuedAttr<Attention_ChangeSetsAttr, "{}">:$change_sets,
    OnlineNormaliserAttrInterface:$normaliser,
    UnitAttr:$lse,
    UnitAttr:$weights,
    DefaultValuedAttr<Attention_ReadingsAttr, "{}">:$readings,
    UnitAttr:$column_mass);
  let builders = [
    // Clones the regions of the changes; `combine` is left empty, so the score
    // is a dot product until there is a body in it.
    OpBuilder<(ins "MappedValue":$query, "MappedValue":$key,
                   "MappedValue":$value, "ValueRange":$parameters,
                   "Value":$scale, "ArrayRef<ScoreChange>":$changes,
                   "OnlineNormaliserAttrInterface":$normaliser,
                   "ArrayRef<MappedValue>":$initOperands, "ValueRange":$origin,
                   "ArrayRef<MappedValue>":$outs, "bool":$lse,
                   "bool":$weights, "ArrayRef<Attribute>":$readings,
                   "bool":$columnMass)>
  ];
  let assemblyFormat = !strconcat([{
    `query` `(` $query `:` type($query) `by` $query_map `)`
    `key` `(` $key `:` type($key) `by` $key_map `)`
    `value` `(` $value `:` type($value) `by` $value_map `)`
  }], scoreFormat, [{
    `normaliser` `(` $normaliser `)`
    (`init` `(` $init_operands^ `:` type($init_operands) `by` $init_maps `)`)?
    (`origin` `(` $origin^ `)`)?
    `outs` `(` $outs `:` custom<Destinations>(type($outs), type($results))
    `by` $output_maps `)` (`lse` $lse^)? (`weights` $weights^)?
    (`reads` `(` $readings^ `)`)? (`column_mass` $column_mass^)? attr-dict
  }]);
  let extraClassDeclaration = !strconcat(scoringDeclaration, [{
    /// The number of batch dimensions.
    unsigned getNumBatch() { return getQueryMap().getNumDims() - 4; }
    /// Positions of the other dimensions of the iteration space.
    unsigned getQueryDim() { return getNumBatch(); }
    unsigned getKeyDim() { return getNumBatch() + 1; }
    unsigned getFeatureDim() { return getNumBatch() + 2; }
    unsigned getValueDim() { return getNumBatch() + 3; }
    ::mlir::AffineMap getOutputMap(unsigned index);
    /// What each result is, in order.
    ::llvm::SmallVector<FusedResult> getFusedResults();
    ::mlir::AffineMap getInitMap(unsigned index);
    /// Builds graph-level operations that compute the scores after the first
    /// `numChanges` changes, [b…, i, j].
    ::mlir::Value buildScores(::mlir::OpBuilder &builder, unsigned numChanges);
  }]);
  let extraClassDefinition = scoringDefinition;
}

def Attention_PackOp : Attention_DestinationOp<"pack", [AttrSizedOperandSegments]> {
  let summary = "Puts a block of queries into the lanes of a tile.";
  let description = [{
    ```
    tile[d, i] = scale · query(i, d)   where i is less than the number of queries
    tile[d, i] = anything              in the lanes beyond
    ```

    The first step of a block of queries: the tile is static in its lanes, of the
    compute type, and read by every `attention.online` of the block. The map takes
    (i, d).

    ```mlir
    func.func @pack(%q: tensor<?x32xbf16>, %scale: f32, %init: tensor<32x64xf32>)
        -> tensor<32x64xf32> {
      %t = attention.pack %q by affine_map<(i, d) -> (i, d)> scale(%scale : f32)
         : tensor<?x32xbf16> outs(%init : tensor<32x64xf32>)
      return %t : tensor<32x64xf32>
    }
    ```
  }];
  let arguments = (ins Attention_FloatShaped:$query,
                       Optional<AnyTypeOf<[F32, F64]>>:$scale,
                       Variadic<Attention_FloatShaped>:$outs,
                       AffineMapAttr:$query_map);
  let assemblyFormat = [{
    $query `by` $query_map (`scale` `(` $scale^ `:` type($scale) `)`)? attr-dict
    `:` type($query)
    `outs` `(` $outs `:` custom<Destinations>(type($outs), type($results)) `)`
  }];
  let hasVerifier = 1;
}

def Attention_OnlineOp
    : Attention_BlockScoringOp<"online", [
        DeclareOpInterfaceMethods<PartialReductionOpInterface, [
          "generateInitialTensorForPartialReduction", "tileToPartialReduction",
          "mergeReductions", "getPartialResultTilePosition"]>]> {
  let summary = "One block of queries against one block of keys.";
  let description = [{
    Scores a tile of packed queries against a block of keys, changes the scores,
    and brings the running context and the normaliser's state up to date:

    ```
    s[j, i]     = changes(scale · Σ_d combine(tile[d, i], key(j, d), params[d]…))
    pivot'[i]   = pivot of pivot[i] and s[:, i]
    p[j, i]     = weight(s[j, i], pivot'[i])
    f[i]        = rescale(pivot[i], pivot'[i])
    sum'[i]     = f[i] · sum[i] + Σ_j p[j, i]
    acc'[e, i]  = f[i] · acc[e, i] + Σ_{j : p ≠ 0} p[j, i] · value(j, e)
    ```

    Parts of the keys may be read apart, each into a state of its own, and merged
    by `attention.merge` (PartialReductionOpInterface).

    `outs` are the accumulator [e, lanes] and, where the normaliser has a state,
    the pivot and the sum [lanes]. With `reads` follow the states of the readings,
    [slots, lanes] for each type of their values; keys are by their global index,
    and blocks of them come in increasing order. The maps of keys and values take (j, d) and
    (j, e). `origin` is the global index (b…, i, j) of the first pair, and `live`
    the number of lanes that hold queries: changes are made there only.

    ```mlir
    #rows = affine_map<(r, c) -> (r, c)>
    #causal = affine_set<(h, i, j) : (i - j >= 0)>

    func.func @block(%tile: tensor<32x64xf32>, %k: tensor<?x32xf32>,
                     %v: tensor<?x16xf32>, %h: index, %i: index, %j: index,
                     %live: index, %acc: tensor<16x64xf32>, %max: tensor<64xf32>,
                     %sum: tensor<64xf32>)
        -> (tensor<16x64xf32>, tensor<64xf32>, tensor<64xf32>) {
      %o:3 = attention.online query(%tile : tensor<32x64xf32>)
          key(%k : tensor<?x32xf32> by #rows) value(%v : tensor<?x16xf32> by #rows)
          changes(sets(#causal)) normaliser(#attention.softmax)
          origin(%h, %i, %j) live(%live)
          outs(%acc, %max, %sum
             : tensor<16x64xf32>, tensor<64xf32>, tensor<64xf32>)
      return %o#0, %o#1, %o#2
           : tensor<16x64xf32>, tensor<64xf32>, tensor<64xf32>
    }

    func.func @block_and_top_2(
        %tile: tensor<32x64xf32>, %k: tensor<96x32xf32>, %v: tensor<96x16xf32>,
        %h: index, %i: index, %j: index, %live: index, %acc: tensor<16x64xf32>,
        %max: tensor<64xf32>, %sum: tensor<64xf32>, %scores: tensor<2x64xf32>,
        %keys: tensor<2x64xi32>) -> (tensor<2x64xf32>, tensor<2x64xi32>) {
      %o:5 = attention.online query(%tile : tensor<32x64xf32>)
          key(%k : tensor<96x32xf32> by #rows) value(%v : tensor<96x16xf32> by #rows)
          normaliser(#attention.softmax) reads([#attention.top_k<2>])
          origin(%h, %i, %j) live(%live)
          outs(%acc, %max, %sum, %scores, %keys
             : tensor<16x64xf32>, tensor<64xf32>, tensor<64xf32>,
               tensor<2x64xf32>, tensor<2x64xi32>)
      return %o#3, %o#4 : tensor<2x64xf32>, tensor<2x64xi32>
    }
    ```
  }];
  let arguments = (ins
    Attention_FloatShaped:$query,
    Attention_FloatShaped:$key,
    Attention_FloatShaped:$value,
    Variadic<Attention_FloatShaped>:$parameters,
    Optional<AnyTypeOf<[F32, F64]>>:$scale,
    Variadic<Attention_ChangeSymbol>:$symbols,
    Variadic<Attention_ChangeShaped>:$change_tensors,
    Variadic<Index>:$origin,
    Index:$live,
    Variadic<Attention_StateShaped>:$outs,
    AffineMapAttr:$key_map,
    AffineMapAttr:$value_map,
    DefaultValuedAttr<Attention_ScoreChangesAttr, "{}">:$changes,
    DefaultValuedAttr<Attention_ChangeSetsAttr, "{}">:$change_sets,
    OnlineNormaliserAttrInterface:$normaliser,
    DefaultValuedAttr<Attention_ReadingsAttr, "{}">:$readings);
  let builders = [
    // Clones the pair body, which may be empty, and the regions of the changes.
    OpBuilder<(ins "Value":$query, "MappedValue":$key, "MappedValue":$value,
                   "ValueRange":$parameters, "Value":$scale,
                   "Region &":$combine, "ArrayRef<ScoreChange>":$changes,
                   "OnlineNormaliserAttrInterface":$normaliser,
                   "ArrayAttr":$readings, "ValueRange":$origin, "Value":$live,
                   "ValueRange":$outs)>
  ];
  let assemblyFormat = !strconcat([{
    `query` `(` $query `:` type($query) `)`
    `key` `(` $key `:` type($key) `by` $key_map `)`
    `value` `(` $value `:` type($value) `by` $value_map `)`
  }], scoreFormat, [{
    `normaliser` `(` $normaliser `)` (`reads` `(` $readings^ `)`)?
    `origin` `(` $origin `)` `live` `(` $live `)`
    `outs` `(` $outs `:` custom<Destinations>(type($outs), type($results)) `)`
    attr-dict
  }]);
}

def Attention_FinishOp : Attention_DestinationOp<"finish", [AttrSizedOperandSegments]> {
  let summary = "Turns a block's accumulator into rows of the context.";
  let description = [{
    ```
    context(i, e) = acc[e, i] · contextFactor(state[i])   rounded once
    lse[i]        = lse(state[i])
    results[i, t] = results(slot[t, i], state[i])         of each reading
    ```

    for the rows that the context has; lanes beyond are dropped. The map of the
    context takes (i, e). `state` and `outs` are in the order of `attention.online`
    and of `attention.fused`: the log-sum-exp is given where there is an out for it,
    and a reading's results are lists [rows, slots] or values [rows].

    ```mlir
    func.func @finish(%acc: tensor<16x64xf32>, %max: tensor<64xf32>,
                      %sum: tensor<64xf32>, %o: tensor<?x16xbf16>,
                      %l: tensor<?xf32>) -> (tensor<?x16xbf16>, tensor<?xf32>) {
      %r:2 = attention.finish %acc state(%max, %sum : tensor<64xf32>, tensor<64xf32>)
          normaliser(#attention.softmax) by affine_map<(i, e) -> (i, e)>
          : tensor<16x64xf32>
          outs(%o, %l : tensor<?x16xbf16>, tensor<?xf32>)
      return %r#0, %r#1 : tensor<?x16xbf16>, tensor<?xf32>
    }

    func.func @finish_with_entropy(
        %acc: tensor<16x64xf32>, %max: tensor<64xf32>, %sum: tensor<64xf32>,
        %mass: tensor<1x64xf32>, %moment: tensor<1x64xf32>, %o: tensor<?x16xf32>,
        %h: tensor<?xf32>) -> (tensor<?x16xf32>, tensor<?xf32>) {
      %r:2 = attention.finish %acc
          state(%max, %sum, %mass, %moment
              : tensor<64xf32>, tensor<64xf32>, tensor<1x64xf32>, tensor<1x64xf32>)
          normaliser(#attention.softmax) reads([#attention.entropy])
          by affine_map<(i, e) -> (i, e)> : tensor<16x64xf32>
          outs(%o, %h : tensor<?x16xf32>, tensor<?xf32>)
      return %r#0, %r#1 : tensor<?x16xf32>, tensor<?xf32>
    }
    ```
  }];
  let arguments = (ins Attention_FloatShaped:$accumulator,
                       Variadic<Attention_StateShaped>:$state,
                       Variadic<Attention_StateShaped>:$outs,
                       OnlineNormaliserAttrInterface:$normaliser,
                       DefaultValuedAttr<Attention_ReadingsAttr, "{}">:$readings,
                       AffineMapAttr:$output_map);
  let assemblyFormat = [{
    $accumulator (`state` `(` $state^ `:` type($state) `)`)?
    `normaliser` `(` $normaliser `)` (`reads` `(` $readings^ `)`)? `by` $output_map attr-dict
    `:` type($accumulator)
    `outs` `(` $outs `:` custom<Destinations>(type($outs), type($results)) `)`
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = !strconcat(destinationDeclaration, [{
    /// The type of the state.
    ::mlir::FloatType getComputeType();
    /// Whether the log-sum-exp is among the results.
    bool hasLse();
  }]);
}

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONFUSEDOPS_TD
