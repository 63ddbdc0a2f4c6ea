//===- AttentionDestinationOp.td - Fused and block level: bases -*- tablegen -*-===//
//
// Operations in destination style on tensors or buffers, those of them that make
// scores, and those of these that have a block of keys.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONDESTINATIONOP_TD
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONDESTINATIONOP_TD

include "Attention/Dialect/Attention/IR/AttentionReadingAttrs.td"
include "mlir/Dialect/Linalg/IR/LinalgInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/TilingInterface.td"

/// A tensor or buffer of the elements that attention reads.
def Attention_FloatShaped
    : AnyTypeOf<[RankedTensorOf<[F16, BF16, F32, F64]>,
                 StridedMemRefOf<[F16, BF16, F32, F64]>]>;

/// What a state is made of: floats, and keys.
def Attention_StateShaped
    : AnyTypeOf<[RankedTensorOf<[F16, BF16, F32, F64, I32]>,
                 StridedMemRefOf<[F16, BF16, F32, F64, I32]>]>;

/// What fused attention gives: floats, and keys.
def Attention_OutTensor : RankedTensorOf<[F16, BF16, F32, F64, I32]>;

/// What score changes read: mask and bias tensors or buffers.
def Attention_ChangeShaped
    : AnyTypeOf<[RankedTensorOf<[I1, F16, BF16, F32, F64]>,
                 StridedMemRefOf<[I1, F16, BF16, F32, F64]>]>;

/// What symbols of sets are bound to, after bufferisation too.
def Attention_ChangeSymbol
    : AnyTypeOf<[Attention_SetSymbol,
                 StridedMemRefOf<[Index, I32, I64]>]>;

/// An operation in destination style on tensors or on buffers.
class Attention_DestinationOp<string mnemonic, list<Trait> traits = []>
    : Attention_Op<mnemonic, !listconcat(traits, [
        DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                                  ["reifyResultShapes"]>])> {
  let results = (outs Variadic<RankedTensorOf<[F16, BF16, F32, F64, I32]>>:$results);
  code destinationDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutsMutable(); }
  }];
  let extraClassDeclaration = destinationDeclaration;
  code destinationDefinition = [{
    void $cppClass::getEffects(
        ::llvm::SmallVectorImpl<::mlir::MemoryEffects::EffectInstance> &effects) {
      getDestinationEffects(*this, effects);
    }
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &builder,
        ::mlir::ReifiedRankedShapedTypeDims &shapes) {
      return reifyDestinations(*this, builder, shapes);
    }
  }];
  let extraClassDefinition = destinationDefinition;
}

/// One that makes scores, in tiles: a pair body, and what is done to its sums.
class Attention_ScoringOp<string mnemonic, list<Trait> traits = []>
    : Attention_DestinationOp<mnemonic, !listconcat(traits, [
        AttrSizedOperandSegments,
        DeclareOpInterfaceMethods<TilingInterface, [
          "getLoopIteratorTypes", "getIterationDomain", "getTiledImplementation",
          "getResultTilePosition"]>])> {
  let regions = (region AnyRegion:$combine,
                        VariadicRegion<SizedRegion<1>>:$change_regions);
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;
  /// The pair body, the scale, and the changes.
  string scoreFormat = [{
    (`params` `(` $parameters^ `:` type($parameters) `)`)?
    `` custom<Combine>($combine)
    (`scale` `(` $scale^ `:` type($scale) `)`)?
    `` custom<ScoreChanges>($changes, $change_sets, $symbols, type($symbols),
                            $change_tensors, type($change_tensors),
                            $change_regions)
  }];
  code scoringDeclaration = !strconcat(destinationDeclaration, [{
    /// What is done to the scores, in order. Values and regions are the op's.
    ::llvm::SmallVector<ScoreChange> getScoreChanges();
    /// Whether the pair body is the product: the score is a dot product.
    bool isDot() { return getCombine().empty(); }
    /// The type of scores, weights and state.
    ::mlir::FloatType getComputeType();
  }]);
  code scoringDefinition = !strconcat(destinationDefinition, [{
    ::llvm::SmallVector<ScoreChange> $cppClass::getScoreChanges() {
      return collectScoreChanges(getChanges(), getChangeSets(), getSymbols(),
                                 getChangeTensors(), getChangeRegions());
    }
    ::llvm::LogicalResult $cppClass::verifyRegions() {
      return verifyScoreRegions(*this, getChanges(), getCombine(),
                                getParameters().size(), getChangeRegions(),
                                getNumBatch() + 2, getComputeType());
    }
  }]);
}

/// One that makes the scores of packed queries and a block of keys. The keys are
/// its only loop; what comes out of it belongs to the queries, or to more keys:
/// every tile has all of it.
class Attention_BlockScoringOp<string mnemonic, list<Trait> traits = []>
    : Attention_ScoringOp<mnemonic, traits> {
  let extraClassDeclaration = !strconcat(scoringDeclaration, [{
    unsigned getNumBatch() { return getOrigin().size() - 2; }
    /// What its scores are made of. Values and regions are the op's.
    BlockScores getBlockScores();
  }]);
  let extraClassDefinition = !strconcat(scoringDefinition, [{
    ::mlir::FloatType $cppClass::getComputeType() {
      return ::mlir::cast<::mlir::FloatType>(
          ::mlir::getElementTypeOrSelf(getQuery()));
    }
    BlockScores $cppClass::getBlockScores() { return collectBlockScores(*this); }
    void $cppClass::getCanonicalizationPatterns(
        ::mlir::RewritePatternSet &patterns, ::mlir::MLIRContext *) {
      populateFoldCastsPattern(patterns, getOperationName());
    }
    ::llvm::SmallVector<::mlir::utils::IteratorType>
    $cppClass::getLoopIteratorTypes() {
      return {::mlir::utils::IteratorType::reduction};
    }
    ::llvm::SmallVector<::mlir::Range>
    $cppClass::getIterationDomain(::mlir::OpBuilder &builder) {
      return {getKeyRange(builder, getLoc(), getKey(), getKeyMap())};
    }
    ::mlir::FailureOr<::mlir::TilingResult> $cppClass::getTiledImplementation(
        ::mlir::OpBuilder &builder,
        ::llvm::ArrayRef<::mlir::OpFoldResult> offsets,
        ::llvm::ArrayRef<::mlir::OpFoldResult> sizes) {
      return buildKeyTile(builder, *this, offsets[0], sizes[0], getOuts());
    }
    ::llvm::LogicalResult $cppClass::getResultTilePosition(
        ::mlir::OpBuilder &builder, unsigned number,
        ::llvm::ArrayRef<::mlir::OpFoldResult>,
        ::llvm::ArrayRef<::mlir::OpFoldResult>,
        ::llvm::SmallVector<::mlir::OpFoldResult> &offsets,
        ::llvm::SmallVector<::mlir::OpFoldResult> &sizes) {
      getWhole(builder, getLoc(), getOuts()[number], offsets, sizes);
      return ::mlir::success();
    }
  }]);
}

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONDESTINATIONOP_TD
