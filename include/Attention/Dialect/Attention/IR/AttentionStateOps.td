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

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONSTATEOPS_TD
