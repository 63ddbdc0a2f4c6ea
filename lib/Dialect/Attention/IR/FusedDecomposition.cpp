//===- FusedDecomposition.cpp - attention.fused as graph-level ops --------===//
//
// What fused attention means, in operations that each do one step of it: the
// first half of the exact lowering, and the way back for whoever decides that
// an attention is better not fused.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
/// Builds the graph-level operations of one attention.fused.
class Decomposer {
public:
  Decomposer(OpBuilder &builder, FusedOp op)
      : builder(builder), loc(op.getLoc()), op(op),
        computeType(op.getComputeType()) {
    for (const Range &range : op.getIterationDomain(builder))
      extents.push_back(range.size);
    for (unsigned dim = 0; dim < op.getNumBatch(); ++dim)
      batch.push_back(dim);
  }

  SmallVector<Value> decompose();
  /// The scores after the first `numChanges` changes.
  Value buildScores(unsigned numChanges);

private:
  using BuildBody =
      function_ref<Value(OpBuilder &, Value score, ValueRange indices)>;

  /// The batch dimensions and then `dims`, of the iteration space.
  SmallVector<unsigned> withBatch(ArrayRef<unsigned> dims) {
    SmallVector<unsigned> result = batch;
    llvm::append_range(result, dims);
    return result;
  }
  RankedTensorType getType(ArrayRef<unsigned> dims, Type elementType);
  Value buildCast(Value tensor, Type type);
  Value buildCopy(Value source, AffineMap sourceMap, Value target,
                  AffineMap targetMap);
  Value readOperand(Value operand, AffineMap map, ArrayRef<unsigned> dims);
  Value writeResult(Value result, ArrayRef<unsigned> dims, unsigned index);

  Value buildScoresBeforeChanges();
  Value buildChange(Value scores, const ScoreChange &change);
  Value buildSets(Value scores, const ScoreChange &change);
  Value buildMask(Value scores, ArrayAttr sets, ValueRange symbols);
  Value buildWhere(Value scores, BuildBody build);
  Value buildModify(Value scores, BuildBody build);
  void buildBody(Region &region, TypeRange types, BuildBody build);

  OpBuilder &builder;
  Location loc;
  FusedOp op;
  Type computeType;
  SmallVector<OpFoldResult> extents;
  SmallVector<unsigned> batch;
};
} // namespace

//===----------------------------------------------------------------------===//
// Operands and results by their maps
//===----------------------------------------------------------------------===//

/// `map` from some dimensions of the iteration space, which are all that it
/// uses: `dims`, in their order.
static AffineMap restrictMap(AffineMap map, ArrayRef<unsigned> dims) {
  MLIRContext *context = map.getContext();
  SmallVector<AffineExpr> replacements(map.getNumDims(),
                                       getAffineConstantExpr(0, context));
  for (auto [index, dim] : llvm::enumerate(dims))
    replacements[dim] = getAffineDimExpr(index, context);
  return map.replaceDimsAndSymbols(replacements, {}, dims.size(), 0);
}

RankedTensorType Decomposer::getType(ArrayRef<unsigned> dims,
                                     Type elementType) {
  SmallVector<int64_t> shape;
  for (unsigned dim : dims)
    shape.push_back(
        getConstantIntValue(extents[dim]).value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, elementType);
}

Value Decomposer::buildCast(Value tensor, Type type) {
  if (tensor.getType() == type)
    return tensor;
  return tensor::CastOp::create(builder, loc, type, tensor);
}

Value Decomposer::buildCopy(Value source, AffineMap sourceMap, Value target,
                            AffineMap targetMap) {
  SmallVector<utils::IteratorType> iterators(sourceMap.getNumDims(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, target.getType(), source, target,
             ArrayRef<AffineMap>{sourceMap, targetMap}, iterators,
             [](OpBuilder &builder, Location loc, ValueRange arguments) {
               linalg::YieldOp::create(builder, loc, arguments.front());
             })
      .getResult(0);
}

/// The tensor over dimensions `dims` that `map` reads from `operand`.
Value Decomposer::readOperand(Value operand, AffineMap map,
                              ArrayRef<unsigned> dims) {
  AffineMap local = restrictMap(map, dims);
  RankedTensorType type = getType(dims, getElementTypeOrSelf(operand));
  if (local.isIdentity())
    return buildCast(operand, type);
  SmallVector<OpFoldResult> sizes;
  for (unsigned dim : dims)
    sizes.push_back(extents[dim]);
  Value empty =
      tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  return buildCopy(operand, local, empty,
                   builder.getMultiDimIdentityMap(dims.size()));
}

/// Result `index` of the op, from a tensor over dimensions `dims`, and that of
/// a list where it has one.
Value Decomposer::writeResult(Value result, ArrayRef<unsigned> dims,
                              unsigned index) {
  Value out = op.getOuts()[index];
  AffineMap local = restrictMap(op.getOutputMap(index), dims);
  if (local.isIdentity())
    return buildCast(result, out.getType());
  unsigned rank = cast<RankedTensorType>(result.getType()).getRank();
  if (rank > dims.size())
    local = AffineMap::get(rank, 0, local.getResults(), op.getContext())
                .insertResult(builder.getAffineDimExpr(rank - 1),
                              local.getNumResults());
  return buildCopy(result, builder.getMultiDimIdentityMap(rank), out, local);
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// Fills `region` with a block that takes `types`, a score or none and then
/// indices, and yields what `build` makes of the score and global indices.
void Decomposer::buildBody(Region &region, TypeRange types, BuildBody build) {
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&region, region.end(), types,
                                     SmallVector<Location>(types.size(), loc));
  ValueRange arguments = block->getArguments();
  Value score;
  if (!types.front().isIndex()) {
    score = arguments.front();
    arguments = arguments.drop_front();
  }
  SmallVector<Value> indices(arguments);
  for (auto [index, origin] : llvm::zip(indices, op.getOrigin()))
    index = arith::AddIOp::create(builder, loc, index, origin);
  YieldOp::create(builder, loc, build(builder, score, indices));
}

Value Decomposer::buildModify(Value scores, BuildBody build) {
  auto modify = ModifyScoresOp::create(builder, loc, scores.getType(), scores);
  SmallVector<Type> types(3 + batch.size(), builder.getIndexType());
  types.front() = computeType;
  buildBody(modify.getModify(), types, build);
  return modify.getResult();
}

Value Decomposer::buildMask(Value scores, ArrayAttr sets, ValueRange symbols) {
  return MaskScoresOp::create(builder, loc, scores.getType(), scores, sets,
                              symbols, /*keep=*/Value(),
                              /*keep_map=*/AffineMapAttr(), /*bias=*/Value(),
                              /*bias_map=*/AffineMapAttr())
      .getResult();
}

Value Decomposer::buildWhere(Value scores, BuildBody build) {
  Value masked = buildMask(scores, builder.getArrayAttr({}), {});
  SmallVector<Type> types(2 + batch.size(), builder.getIndexType());
  buildBody(masked.getDefiningOp<MaskScoresOp>().getWhere(), types, build);
  return masked;
}

/// Sets of local indices, for an op with an origin: its symbols follow those of
/// each set.
///
///   (i, j)[n] : (n - j >= 0)  ->  (i, j)[n, i0, j0] : (n - (j + j0) >= 0)
Value Decomposer::buildSets(Value scores, const ScoreChange &change) {
  MLIRContext *context = op.getContext();
  OperandRange origin = op.getOrigin();
  SmallVector<Value> symbols;
  SmallVector<Attribute> unions;
  for (ArrayRef<MaskSet> members : change.sets) {
    SmallVector<Attribute> moved;
    for (const MaskSet &member : members) {
      IntegerSet set = member.set;
      unsigned numSymbols = set.getNumSymbols();
      SmallVector<AffineExpr> positions, same;
      for (unsigned dim = 0; dim < set.getNumDims(); ++dim) {
        AffineExpr index = getAffineDimExpr(dim, context);
        if (!origin.empty())
          index = index + getAffineSymbolExpr(numSymbols + dim, context);
        positions.push_back(index);
      }
      for (unsigned symbol = 0; symbol < numSymbols; ++symbol)
        same.push_back(getAffineSymbolExpr(symbol, context));
      moved.push_back(IntegerSetAttr::get(set.replaceDimsAndSymbols(
          positions, same, set.getNumDims(), numSymbols + origin.size())));
      for (Value symbol : member.symbols) {
        auto type = dyn_cast<RankedTensorType>(symbol.getType());
        if (type && !origin.empty()) {
          auto offsets = getAsOpFoldResult(origin.take_front(type.getRank()));
          SmallVector<OpFoldResult> strides(type.getRank(),
                                            builder.getIndexAttr(1));
          symbol = tensor::ExtractSliceOp::create(
              builder, loc, symbol, offsets,
              ArrayRef(extents).take_front(type.getRank()), strides);
        }
        symbols.push_back(symbol);
      }
      llvm::append_range(symbols, origin);
    }
    unions.push_back(builder.getArrayAttr(moved));
  }
  return buildMask(scores, builder.getArrayAttr(unions), symbols);
}

Value Decomposer::buildChange(Value scores, const ScoreChange &change) {
  switch (change.kind) {
  case ScoreChangeKind::Sets:
    return buildSets(scores, change);
  case ScoreChangeKind::Keep:
    return buildWhere(
        scores, [&](OpBuilder &builder, Value, ValueRange indices) {
          return buildChangeElement(builder, loc, change, indices);
        });
  case ScoreChangeKind::Where:
    return buildWhere(
        scores, [&](OpBuilder &builder, Value, ValueRange indices) {
          return cloneScalarRegion(builder, *change.region, indices);
        });
  case ScoreChangeKind::Bias:
    return buildModify(
        scores,
        [&](OpBuilder &builder, Value score, ValueRange indices) -> Value {
          Value bias = buildChangeElement(builder, loc, change, indices);
          // By way of f32: not every target extends 16-bit types to f64 in one
          // step.
          for (Type step : {Type(builder.getF32Type()), computeType})
            if (bias.getType().getIntOrFloatBitWidth() <
                step.getIntOrFloatBitWidth())
              bias = arith::ExtFOp::create(builder, loc, step, bias);
          return arith::AddFOp::create(builder, loc, score, bias);
        });
  case ScoreChangeKind::Modify:
    return buildModify(
        scores, [&](OpBuilder &builder, Value score, ValueRange indices) {
          SmallVector<Value> arguments = {score};
          llvm::append_range(arguments, indices);
          return cloneScalarRegion(builder, *change.region, arguments);
        });
  }
  llvm_unreachable("all kinds of change are above");
}

Value Decomposer::buildScoresBeforeChanges() {
  unsigned i = op.getQueryDim(), j = op.getKeyDim(), d = op.getFeatureDim();
  Value query = readOperand(op.getQuery(), op.getQueryMap(), withBatch({i, d}));
  Value key = readOperand(op.getKey(), op.getKeyMap(), withBatch({j, d}));
  RankedTensorType type = getType(withBatch({i, j}), computeType);
  if (op.isDot())
    return DotScoreOp::create(builder, loc, type, query, key, op.getScale(),
                              /*scaled=*/false);

  auto score =
      ScoreOp::create(builder, loc, type, query, key, op.getParameters());
  Region &combine = score.getCombine();
  builder.cloneRegionBefore(op.getCombine(), combine, combine.end());
  Value scale = op.getScale();
  if (!scale)
    return score.getScores();
  // A sum over no features is 0 whatever the scale.
  Value numFeatures = getValueOrCreateConstantIndexOp(builder, loc, extents[d]);
  Value isEmpty =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, numFeatures,
                            arith::ConstantIndexOp::create(builder, loc, 0));
  Value zero = arith::ConstantOp::create(
      builder, loc, builder.getFloatAttr(computeType, 0.0));
  Value factor = arith::SelectOp::create(builder, loc, isEmpty, zero, scale);
  auto scaled = ModifyScoresOp::create(builder, loc, type, score.getScores());
  SmallVector<Type> types(3 + batch.size(), builder.getIndexType());
  types.front() = computeType;
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&scaled.getModify(), {}, types,
                                    SmallVector<Location>(types.size(), loc));
  Value product =
      arith::MulFOp::create(builder, loc, body->getArgument(0), factor);
  YieldOp::create(builder, loc, product);
  return scaled.getResult();
}

Value Decomposer::buildScores(unsigned numChanges) {
  Value scores = buildScoresBeforeChanges();
  SmallVector<ScoreChange> changes = op.getScoreChanges();
  for (const ScoreChange &change : ArrayRef(changes).take_front(numChanges))
    scores = buildChange(scores, change);
  return scores;
}

//===----------------------------------------------------------------------===//
// AggregatedOpInterface
//===----------------------------------------------------------------------===//

SmallVector<Value> Decomposer::decompose() {
  unsigned i = op.getQueryDim(), j = op.getKeyDim(), e = op.getValueDim();
  Value scores = buildScores(op.getScoreChanges().size());

  SmallVector<Value> initOperands;
  for (auto [index, operand] : llvm::enumerate(op.getInitOperands()))
    initOperands.push_back(readOperand(operand, op.getInitMap(index), batch));
  SmallVector<Value> normalised = op.getNormaliser().buildGraphLevel(
      builder, loc, scores, initOperands, op.getLse());
  Value weights = normalised.front();

  Value value = readOperand(op.getValue(), op.getValueMap(), withBatch({j, e}));
  Type elementType = getElementTypeOrSelf(op.getOuts().front());
  SmallVector<Value> values = {ContextOp::create(
      builder, loc, getType(withBatch({i, e}), elementType), weights, value)};
  if (op.getLse())
    values.push_back(normalised[1]);
  if (op.getWeights())
    values.push_back(weights);
  Value firstKey = op.getOrigin().empty() ? Value() : op.getOrigin().back();
  for (Attribute reading : op.getReadings())
    llvm::append_range(values,
                       cast<RowReadingAttrInterface>(reading).buildGraphLevel(
                           builder, loc, weights, firstKey));
  if (op.getColumnMass())
    values.push_back(ColumnMassOp::create(builder, loc, weights));
  SmallVector<Value> results;
  for (auto [index, result] : llvm::enumerate(op.getFusedResults()))
    results.push_back(
        writeResult(values[index], withBatch(result.dims), index));
  return results;
}

/// %o = fused query(%q by #q) key(%k by #k) value(%v by #v) scale(%x)
///        changes(sets(#set), modify { … }) normaliser(#attention.softmax)
///        outs(%out by [#o])
/// ->
/// %s0 = dot_score %q', %k' scale(%x)        // %q', … copied where maps differ
/// %s1 = mask_scores %s0 sets(#set')         // moved by the origin
/// %s2 = modify_scores %s1 { … }             // at indices moved by the origin
/// %w  = softmax %s2
/// %o' = context %w, %v'                     // and copied into %out
///                                           // then readings of %w, if any
FailureOr<SmallVector<Value>> FusedOp::decomposeOperation(OpBuilder &builder) {
  return Decomposer(builder, *this).decompose();
}

Value FusedOp::buildScores(OpBuilder &builder, unsigned numChanges) {
  return Decomposer(builder, *this).buildScores(numChanges);
}
