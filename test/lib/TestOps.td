//===- TestOps.td - Ops that no pass knows -------------------*- tablegen -*-===//
//
// A score function, a normaliser and a reading of another dialect, as ops and
// as attributes. The passes lower them by their interfaces alone: that is what
// the tests that use them show.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_TEST_LIB_TESTOPS_TD
#define ATTENTION_TEST_LIB_TESTOPS_TD

include "Attention/Dialect/Attention/IR/AttentionAttrs.td"
include "Attention/Dialect/Attention/IR/AttentionDialect.td"
include "Attention/Dialect/Attention/IR/AttentionInterfaces.td"
include "Attention/Dialect/Attention/IR/AttentionReadingAttrs.td"
include "mlir/Dialect/Linalg/IR/LinalgInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def AttentionTest_Dialect : Dialect {
  let name = "attention_test";
  let cppNamespace = "::mlir::attention_test";
  let dependentDialects = ["::mlir::attention::AttentionDialect"];
  let useDefaultAttributePrinterParser = 1;
}

class AttentionTest_Op<string mnemonic, list<Trait> traits>
    : Op<AttentionTest_Dialect, mnemonic, !listconcat(traits, [Pure])>;

/// s[i, j] = −½ Σ_d |q[i, d] − k[j, d]|
def AttentionTest_DistanceScoreOp
    : AttentionTest_Op<"distance_score", [
        DeclareOpInterfaceMethods<ScoreOpInterface,
                                  ["buildPair", "buildScale"]>]> {
  let arguments = (ins Attention_FloatTensor:$query,
                       Attention_FloatTensor:$key);
  let results = (outs Attention_ScoreTensor:$scores);
  let assemblyFormat = [{
    $query `,` $key attr-dict `:` type($query) `,` type($key) `->` type($scores)
  }];
}

/// w[i, j] = 1 / (1 + exp(−s[i, j])): no state. `whole_rows` denies the form that
/// reads keys block by block.
def AttentionTest_SigmoidOp
    : AttentionTest_Op<"sigmoid", [
        AllTypesMatch<["scores", "weights"]>,
        DeclareOpInterfaceMethods<NormaliserOpInterface,
                                  ["getOnlineNormaliser"]>]> {
  let arguments = (ins Attention_ScoreTensor:$scores, UnitAttr:$whole_rows);
  let results = (outs Attention_ScoreTensor:$weights);
  let assemblyFormat = [{
    $scores (`whole_rows` $whole_rows^)? attr-dict `:` type($scores)
  }];
}

/// The same function for the fused and block levels: `#attention_test.sigmoid`.
def AttentionTest_SigmoidAttr
    : AttrDef<AttentionTest_Dialect, "OnlineSigmoid",
        [DeclareAttrInterfaceMethods<OnlineNormaliserAttrInterface>]> {
  let mnemonic = "sigmoid";
}

/// m[i] = Σ_j w[i, j] · (j + first): where a query looks, if weights add up to 1.
def AttentionTest_MeanKeyOp
    : AttentionTest_Op<"mean_key", [
        DeclareOpInterfaceMethods<RowReadingOpInterface, ["getRowReading"]>,
        DeclareOpInterfaceMethods<AggregatedOpInterface, ["decomposeOperation"]>]> {
  let arguments = (ins Attention_ScoreTensor:$weights, Optional<Index>:$first);
  let results = (outs Attention_ScoreTensor:$mean);
  let assemblyFormat = [{
    $weights (`first` `(` $first^ `)`)? attr-dict
    `:` type($weights) `->` type($mean)
  }];
}

/// The same, key by key, of any weights: `#attention_test.mean_key`.
def AttentionTest_MeanKeyAttr
    : AttrDef<AttentionTest_Dialect, "MeanKeyReading",
        [DeclareAttrInterfaceMethods<RowReadingAttrInterface,
           ["buildInsert", "buildRescale"]>]> {
  let mnemonic = "mean_key";
}

#endif // ATTENTION_TEST_LIB_TESTOPS_TD
