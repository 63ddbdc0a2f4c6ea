//===- AbsorbDataMovement.cpp - Copies into maps of attention.fused -------===//
//
// Transposes, broadcasts and reshapes of what attention.fused reads, and
// transposes of what it writes, become part of its indexing maps, so layouts
// such as [batch, seq, heads, d] are read and written where they lie.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/Transforms.h"
#include "MappedExtents.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::attention;

//===----------------------------------------------------------------------===//
// Data movement as maps
//===----------------------------------------------------------------------===//

/// A tensor that an operation reads from: result[x] = source[map(x)].
static MappedValue getTransposed(linalg::TransposeOp op) {
  return {op.getInput(), inversePermutation(AffineMap::getPermutationMap(
                             op.getPermutation(), op.getContext()))};
}

static MappedValue getBroadcast(linalg::BroadcastOp op) {
  int64_t rank = cast<ShapedType>(op.getInit().getType()).getRank();
  SmallVector<unsigned> kept;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(op.getDimensions(), dim))
      kept.push_back(dim);
  return {op.getInput(),
          AffineMap::getMultiDimMapWithTargets(rank, kept, op.getContext())};
}

/// A generic operation that only copies elements of one tensor.
static MappedValue getCopied(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 ||
      !op.hasPureTensorSemantics() ||
      op.getNumParallelLoops() != op.getNumLoops())
    return {};
  Block *body = op.getBody();
  if (!llvm::hasSingleElement(*body) ||
      body->front().getOperand(0) != body->getArgument(0))
    return {};
  AffineMap input = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (!output.isPermutation())
    return {};
  return {op.getDpsInputs().front(), input.compose(inversePermutation(output))};
}

/// The index of each dimension of a group in the one dimension `index` that it
/// is collapsed to. Fails where that needs an extent known at run time only.
static LogicalResult splitIndex(AffineExpr index, ArrayRef<int64_t> extents,
                                SmallVectorImpl<AffineExpr> &indices) {
  bool isFirst = true;
  for (unsigned position = 0; position < extents.size(); ++position) {
    ArrayRef<int64_t> inner = extents.drop_front(position + 1);
    bool isLast = llvm::all_of(inner, [](int64_t n) { return n == 1; });
    if (extents[position] == 1 && !(isFirst && isLast)) {
      indices.push_back(getAffineConstantExpr(0, index.getContext()));
      continue;
    }
    int64_t size = 1;
    for (int64_t extent : inner) {
      if (ShapedType::isDynamic(extent) || extent == 0)
        return failure();
      size *= extent;
    }
    AffineExpr result = index.floorDiv(size);
    if (!isFirst) {
      if (ShapedType::isDynamic(extents[position]) || extents[position] == 0)
        return failure();
      result = result % extents[position];
    }
    indices.push_back(result);
    isFirst = false;
  }
  return success();
}

static MappedValue getCollapsed(tensor::CollapseShapeOp op) {
  SmallVector<AffineExpr> results;
  for (auto [dim, group] : llvm::enumerate(op.getReassociationIndices())) {
    auto extents = llvm::map_to_vector(
        group, [&](int64_t d) { return op.getSrcType().getDimSize(d); });
    if (failed(splitIndex(getAffineDimExpr(dim, op.getContext()), extents,
                          results)))
      return {};
  }
  return {op.getSrc(), AffineMap::get(op.getResultType().getRank(), 0, results,
                                      op.getContext())};
}

/// Groups of one dimension that is not a static 1: others would be sums.
static MappedValue getExpanded(tensor::ExpandShapeOp op) {
  MLIRContext *context = op.getContext();
  SmallVector<AffineExpr> results;
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    AffineExpr index;
    for (int64_t dim : group) {
      if (op.getResultType().getDimSize(dim) == 1)
        continue;
      if (index)
        return {};
      index = getAffineDimExpr(dim, context);
    }
    results.push_back(index ? index : getAffineConstantExpr(0, context));
  }
  return {op.getSrc(),
          AffineMap::get(op.getResultType().getRank(), 0, results, context)};
}

/// What `op` reads its result from, or null.
static MappedValue getSource(Operation *op) {
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op))
    return getTransposed(transpose);
  if (auto broadcast = dyn_cast<linalg::BroadcastOp>(op))
    return getBroadcast(broadcast);
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    return getCopied(generic);
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return getCollapsed(collapse);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return getExpanded(expand);
  if (auto cast = dyn_cast<tensor::CastOp>(op))
    if (auto type = dyn_cast<RankedTensorType>(cast.getSource().getType()))
      return {cast.getSource(), AffineMap::getMultiDimIdentityMap(
                                    type.getRank(), op->getContext())};
  return {};
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Whether attention.fused may read by `map`: distinct plain dimensions, among
/// them all of `required`, the others below `numFree`; quotients of those; 0.
static bool isReadable(AffineMap map, ArrayRef<unsigned> required,
                       unsigned numFree) {
  llvm::SmallDenseSet<unsigned> found;
  for (AffineExpr result : map.getResults()) {
    if (result == 0)
      continue;
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (dim &&
        (dim.getPosition() < numFree ||
         llvm::is_contained(required, dim.getPosition())) &&
        found.insert(dim.getPosition()).second)
      continue;
    if (result.getKind() != AffineExprKind::FloorDiv)
      return false;
    auto quotient = cast<AffineBinaryOpExpr>(result);
    auto divided = dyn_cast<AffineDimExpr>(quotient.getLHS());
    if (!divided || divided.getPosition() >= numFree ||
        !isa<AffineConstantExpr>(quotient.getRHS()))
      return false;
  }
  return llvm::all_of(required,
                      [&](unsigned dim) { return found.contains(dim); });
}

/// Whether `op` is a cast whose result's type states more than its source's.
static bool isRefiningCast(Operation *op) {
  auto cast = dyn_cast<tensor::CastOp>(op);
  return cast && !tensor::preservesStaticInformation(
                     cast.getDest().getType(), cast.getSource().getType());
}

/// The tensor furthest back from which `operand` is data movement that makes a
/// map to read by, in the form [operand, map]; null where there is none. Steps
/// on the way need not make such a map: the broadcast and the reshape that
/// repeat heads do so only together. Appends the names of the steps.
static MappedValue findSource(MappedValue operand, ArrayRef<unsigned> required,
                              unsigned numFree,
                              SmallVectorImpl<StringRef> &names) {
  MappedValue current = operand, best;
  SmallVector<StringRef> steps;
  while (Operation *op = current.value.getDefiningOp()) {
    MappedValue source = getSource(op);
    if (!source.value)
      break;
    current = {source.value,
               simplifyAffineMap(source.map.compose(current.map))};
    steps.push_back(op->getName().getStringRef());
    if (isRefiningCast(op) || !isReadable(current.map, required, numFree))
      continue;
    best = current;
    names.append(steps);
    steps.clear();
  }
  return best;
}

/// Erases `op` and what it was computed from, as far as nobody else uses it;
/// attention stays, as a caller may be about to look at it.
static void eraseUnused(RewriterBase &rewriter, Operation *op) {
  SmallVector<Operation *> worklist = {op};
  while (!worklist.empty()) {
    Operation *next = worklist.pop_back_val();
    if (!next || isa<AttentionDialect>(next->getDialect()) ||
        !isOpTriviallyDead(next))
      continue;
    for (Value operand : llvm::SmallSetVector<Value, 4>(next->operand_begin(),
                                                        next->operand_end()))
      worklist.push_back(operand.getDefiningOp());
    llvm::erase(worklist, next);
    rewriter.eraseOp(next);
  }
}

/// Reads `operand`, by `map`, from where it was moved from; returns the map to
/// read by now, or null where nothing was absorbed.
///
///   %t = linalg.transpose ins(%q : tensor<77x8x32xf32>) permutation = [1, 0,
///   2] fused query(%t by (h, i, j, d, e) -> (h, i, d))
///   ->
///   fused query(%q by (h, i, j, d, e) -> (i, h, d))
static AffineMap absorbOperand(RewriterBase &rewriter, FusedOp op,
                               OpOperand &operand, AffineMap map,
                               ArrayRef<unsigned> required, unsigned numFree,
                               SmallVectorImpl<StringRef> &names) {
  MappedValue moved = {operand.get(), map};
  MappedValue source = findSource(moved, required, numFree, names);
  if (!source.value)
    return AffineMap();
  // What the type knew about the iteration space it still has to know.
  MappedExtents extents(map.getNumDims());
  extents.add(moved);
  source.value = extents.refine(rewriter, op.getLoc(), source);
  rewriter.modifyOpInPlace(op, [&] { operand.set(source.value); });
  eraseUnused(rewriter, moved.value.getDefiningOp());
  return source.map;
}

/// Absorbs into the maps of mask and bias tensors.
static void absorbChangeTensors(RewriterBase &rewriter, FusedOp op,
                                SmallVectorImpl<StringRef> &names) {
  SmallVector<Attribute> changes(op.getChanges().getValue());
  unsigned next = op.getChangeTensors().getBeginOperandIndex();
  unsigned numDims = op.getNumBatch() + 2;
  for (Attribute &attribute : changes) {
    auto change = cast<ScoreChangeAttr>(attribute);
    if (!change.getMap())
      continue;
    AffineMap map = absorbOperand(rewriter, op, op->getOpOperand(next++),
                                  change.getMap().getValue(),
                                  /*required=*/{}, /*numFree=*/numDims, names);
    if (map)
      attribute = ScoreChangeAttr::get(op.getContext(), change.getKind(),
                                       AffineMapAttr::get(map));
  }
  rewriter.modifyOpInPlace(
      op, [&] { op.setChangesAttr(rewriter.getArrayAttr(changes)); });
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// What the only user of `result`, a copy that permutes it, permutes it by,
/// with that user's result; looks through casts of the shape.
static MappedValue findPermutation(OpResult result) {
  Value value = result;
  while (value.hasOneUse()) {
    Operation *user = *value.user_begin();
    if (user->getNumResults() != 1)
      return {};
    Value moved = user->getResult(0);
    MappedValue source = getSource(user);
    if (source.value != value || !isa<RankedTensorType>(moved.getType()))
      return {};
    if (!isa<tensor::CastOp>(user))
      return isa<linalg::LinalgOp>(user) && source.map.isPermutation()
                 ? MappedValue{moved, source.map}
                 : MappedValue();
    value = moved;
  }
  return {};
}

/// Writes a result where it was moved to:
///
///   %o = fused … outs(%empty by (h, i, j, d, e) -> (h, i, e))
///   %t = linalg.transpose ins(%o) outs(%init) permutation = [1, 0, 2]
///   ->
///   %t = fused … outs(%init by (h, i, j, d, e) -> (i, h, e))
///
/// A destination that is not there yet, or says less of the shape than the
/// result's does, gives way to an empty one. A list stays the last dimension.
static bool absorbResult(RewriterBase &rewriter, FusedOp op,
                         const FusedResult &description, OpResult result,
                         SmallVectorImpl<StringRef> &names) {
  MappedValue moved = findPermutation(result);
  if (!moved.value)
    return false;
  Operation *mover = moved.value.getDefiningOp();
  AffineMap inverse = inversePermutation(moved.map), mapped = inverse;
  if (description.listLength) {
    unsigned last = inverse.getNumDims() - 1;
    if (inverse.getDimPosition(last) != last)
      return false;
    mapped = AffineMap::get(last, 0, inverse.getResults().drop_back(),
                            op.getContext());
  }
  Location loc = op.getLoc();
  rewriter.setInsertionPoint(op);
  unsigned index = result.getResultNumber();
  Value out = op.getOuts()[index];
  auto oldEmpty = out.getDefiningOp<tensor::EmptyOp>();
  SmallVector<OpFoldResult> sizes =
      oldEmpty ? oldEmpty.getMixedSizes()
               : tensor::getMixedSizes(rewriter, loc, out);
  SmallVector<OpFoldResult> newSizes;
  for (AffineExpr position : inverse.getResults())
    newSizes.push_back(sizes[cast<AffineDimExpr>(position).getPosition()]);

  Value init = cast<DestinationStyleOpInterface>(mover).getDpsInits()[0];
  SmallVector<int64_t> shape = applyPermutationMap(
      inverse, cast<RankedTensorType>(out.getType()).getShape());
  auto type = cast<RankedTensorType>(out.getType()).clone(shape);
  if (init.getType() != type || init.getDefiningOp<tensor::EmptyOp>() ||
      !DominanceInfo(op->getParentOp()).properlyDominates(init, op))
    init =
        tensor::EmptyOp::create(rewriter, loc, newSizes, type.getElementType());
  SmallVector<Attribute> maps(op.getOutputMaps().getValue());
  maps[index] = AffineMapAttr::get(mapped.compose(op.getOutputMap(index)));
  rewriter.modifyOpInPlace(op, [&] {
    op.getOutsMutable()[index].set(init);
    op.setOutputMapsAttr(rewriter.getArrayAttr(maps));
    result.setType(init.getType());
  });
  names.push_back(mover->getName().getStringRef());

  rewriter.setInsertionPoint(mover);
  Value replacement = result;
  if (replacement.getType() != moved.value.getType())
    replacement = tensor::CastOp::create(rewriter, loc, moved.value.getType(),
                                         replacement);
  rewriter.replaceAllUsesWith(moved.value, replacement);
  eraseUnused(rewriter, mover);
  if (oldEmpty)
    eraseUnused(rewriter, oldEmpty);
  return true;
}

SmallVector<StringRef> attention::absorbDataMovement(RewriterBase &rewriter,
                                                     FusedOp op) {
  OpBuilder::InsertionGuard guard(rewriter);
  SmallVector<StringRef> names;
  unsigned numBatch = op.getNumBatch();
  auto absorb = [&](OpOperand &operand, AffineMap map,
                    ArrayRef<unsigned> required) {
    rewriter.setInsertionPoint(op);
    AffineMap absorbed = absorbOperand(rewriter, op, operand, map, required,
                                       /*numFree=*/numBatch, names);
    return absorbed ? absorbed : map;
  };
  unsigned i = op.getQueryDim(), j = op.getKeyDim(), d = op.getFeatureDim(),
           e = op.getValueDim();
  AffineMap query = absorb(op.getQueryMutable(), op.getQueryMap(), {i, d});
  AffineMap key = absorb(op.getKeyMutable(), op.getKeyMap(), {j, d});
  AffineMap value = absorb(op.getValueMutable(), op.getValueMap(), {j, e});
  rewriter.modifyOpInPlace(op, [&] {
    op.setQueryMap(query);
    op.setKeyMap(key);
    op.setValueMap(value);
  });
  absorbChangeTensors(rewriter, op, names);
  for (auto [result, description] :
       llvm::zip(op->getResults(), op.getFusedResults()))
    while (absorbResult(rewriter, op, description, result, names)) {
    }
  return names;
}
