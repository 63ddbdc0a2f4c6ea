//===- ContractionEmitter.cpp - Matrix products as vectors ----------------===//
//
// The loops around a tile of the result that is accumulated in registers, from
// broadcast elements of the left-hand side and vectors of the right-hand side.
// Every element is the sum of its terms in order, so no size of any block
// changes a result.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
class ContractionEmitter : PanelPacker {
public:
  ContractionEmitter(OpBuilder &builder, linalg::LinalgOp op,
                     const Contraction &contraction, const TargetFacts &facts,
                     ScratchProvider scratch)
      : PanelPacker(builder, op.getLoc(), contraction.type,
                    facts.lanes(contraction.type)),
        op(op), contraction(contraction),
        shape{contraction.row ? contraction.getExtent(*contraction.row) : 1,
              contraction.getExtent(contraction.column),
              contraction.getExtent(contraction.term)},
        sizes(chooseContractionSizes(facts, c, shape)),
        loadsRuns(facts.laneMultiplyAddOperations == 1), scratch(scratch) {}

  /// for all other dimensions:
  ///   for groups of panels of columns: for blocks of terms:
  ///     pack panels
  ///     for blocks of rows:
  ///       pack rows, if they have to be
  ///       for panels: for tiles of rows: out += rows · columns
  void emit() {
    numRows = contraction.row ? extent(*contraction.row) : index(1);
    numColumns = extent(contraction.column);
    numTerms = extent(contraction.term);
    classifyOperands();
    allocateScratch();
    SmallVector<Value> indices(op.getNumLoops());
    emitOthers(contraction.others, indices);
  }

private:
  enum class LhsForm { InPlace, Converted, Packed };

  Value extent(unsigned dim) {
    int64_t known = contraction.getExtent(dim);
    if (!ShapedType::isDynamic(known))
      return index(known);
    for (OpOperand *operand :
         {contraction.out, contraction.lhs, contraction.rhs})
      if (auto position = contraction.getPosition(operand, dim))
        return memref::DimOp::create(b, loc, operand->get(), *position);
    llvm_unreachable("every dimension is one of an operand's");
  }

  bool hasComputeType(OpOperand *operand) {
    return getElementTypeOrSelf(operand->get()) == c;
  }

  void classifyOperands() {
    // Rows of elements that are next to each other are read where they lie.
    if (!contraction.isContiguous(contraction.lhs, contraction.term))
      lhsForm = LhsForm::Packed;
    else if (!hasComputeType(contraction.lhs))
      lhsForm = LhsForm::Converted;
    // A panel that only one tile of rows reads is not worth packing.
    readsRhsInPlace =
        !ShapedType::isDynamic(shape.rows) && shape.rows <= sizes.tileRows &&
        hasComputeType(contraction.rhs) &&
        contraction.isContiguous(contraction.rhs, contraction.column);
    stagesOut = !contraction.isContiguous(contraction.out, contraction.column);
  }

  int64_t width() { return sizes.tileVectors * lanes; }

  void allocateScratch() {
    if (!readsRhsInPlace || ShapedType::isDynamic(shape.columns) ||
        shape.columns % width() != 0)
      panels = scratch(
          "columns",
          MemRefType::get(
              {readsRhsInPlace ? 1 : sizes.panels, sizes.depth, width()}, c));
    if (lhsForm == LhsForm::Converted)
      rowBlock =
          scratch("rows", MemRefType::get({sizes.packedRows, sizes.depth}, c));
    else if (lhsForm == LhsForm::Packed)
      rowBlock = scratch(
          "rows", MemRefType::get({static_cast<int64_t>(llvm::divideCeil(
                                       sizes.packedRows, sizes.tileRows)),
                                   sizes.depth, sizes.tileRows},
                                  c));
    if (stagesOut)
      stage = scratch("out", MemRefType::get({sizes.tileRows, width()}, c));
  }

  /// Loops over the dimensions in `dims`, with the others fixed.
  void emitOthers(ArrayRef<unsigned> dims, MutableArrayRef<Value> at) {
    if (dims.empty())
      return emitProduct(at);
    loop(index(0), extent(dims.front()), 1, [&](Value i) {
      at[dims.front()] = i;
      emitOthers(dims.drop_front(), at);
    });
  }

  MatrixView view(OpOperand *operand, std::optional<unsigned> row,
                  unsigned column, ArrayRef<Value> at) {
    MatrixView result{operand->get(),
                      {},
                      row ? contraction.getPosition(operand, *row)
                          : std::nullopt,
                      contraction.getPosition(operand, column),
                      row && contraction.isContiguous(operand, *row),
                      contraction.isContiguous(operand, column)};
    SmallVector<Value> dims(at);
    for (Value &dim : dims)
      if (!dim)
        dim = index(0);
    for (AffineExpr expr : contraction.getMap(operand).getResults())
      result.base.push_back(
          affine::expandAffineExpr(b, loc, expr, dims, /*symbolValues=*/{}));
    return result;
  }

  void emitProduct(ArrayRef<Value> at) {
    lhs = view(contraction.lhs, contraction.row, contraction.term, at);
    rhs = view(contraction.rhs, contraction.term, contraction.column, at);
    out = view(contraction.out, contraction.row, contraction.column, at);
    emitGroups();
  }

  /// Calls `body` for blocks of `size`, the last of what is left.
  void loopOverBlocks(Value end, int64_t size,
                      function_ref<void(Value, Value)> body) {
    std::optional<int64_t> known = getConstantIntValue(end);
    if (known && *known <= size && *known > 0)
      return body(index(0), end);
    loop(index(0), end, size, [&](Value begin) {
      bool isDivisor = known && *known % size == 0;
      body(begin,
           isDivisor ? index(size) : minimum(index(size), sub(end, begin)));
    });
  }

  /// Panels of whole vectors, in groups that are packed at a time, and what is
  /// left of the columns.
  void emitGroups() {
    Value whole = roundDown(numColumns, width());
    if (ShapedType::isDynamic(shape.columns)) {
      emitWholeGroups(whole);
      ifThen(isLess(whole, numColumns), [&] {
        emitGroup(whole, index(0), {sizes.tileVectors, sub(numColumns, whole)});
      });
      return;
    }
    int64_t rest = shape.columns % width();
    PanelTail tail{static_cast<int64_t>(llvm::divideCeil(rest, lanes)),
                   rest == 0 ? Value() : index(rest)};
    // Rows are packed for each group: the tail has none of its own if it can.
    if (readsRhsInPlace || static_cast<int64_t>(llvm::divideCeil(
                               shape.columns, width())) <= sizes.panels)
      return emitGroup(index(0), index(shape.columns / width()), tail);
    emitWholeGroups(whole);
    if (tail.count)
      emitGroup(whole, index(0), tail);
  }

  void emitWholeGroups(Value end) {
    if (readsRhsInPlace)
      return emitGroup(index(0), divide(end, width()), {});
    loopOverBlocks(end, sizes.panels * width(), [&](Value j, Value count) {
      emitGroup(j, divide(count, width()), {});
    });
  }

  /// What columns there are beyond whole panels: `count` of them, in as many
  /// vectors; null for none.
  struct PanelTail {
    int64_t vectors = 0;
    Value count;
  };

  /// `numPanels` panels of columns from j on, and the tail after them.
  void emitGroup(Value j, Value numPanels, PanelTail tail) {
    Value tailColumn =
        add(j, b.createOrFold<arith::MulIOp>(loc, numPanels, index(width())));
    Value tailPanel = readsRhsInPlace ? index(0) : numPanels;
    loopOverBlocks(numTerms, sizes.depth, [&](Value k, Value depth) {
      firstTerm = k;
      blockTerms = depth;
      if (!readsRhsInPlace)
        packPanels(rhs, k, depth, j, numPanels, panels);
      if (tail.count)
        packColumns(rhs, k, depth, tailColumn, tail.vectors, tail.count,
                    {panels, tailPanel});
      auto emitRows = [&](Value i, Value count) {
        firstRow = i;
        blockRows = count;
        if (lhsForm == LhsForm::Converted)
          convertRows(lhs, i, count, k, depth, rowBlock);
        else if (lhsForm == LhsForm::Packed)
          packRows(lhs, i, count, k, depth, rowBlock);
        loop(index(0), numPanels, 1, [&](Value p) {
          Value column =
              add(j, b.createOrFold<arith::MulIOp>(loc, p, index(width())));
          emitPanel(column, sizes.tileVectors, /*count=*/Value(), p);
        });
        if (tail.count)
          emitPanel(tailColumn, tail.vectors, tail.count, tailPanel);
      };
      loopOverBlocks(numRows, sizes.packedRows, emitRows);
    });
  }

  Value divide(Value value, int64_t divisor) {
    return b.createOrFold<arith::DivUIOp>(loc, value, index(divisor));
  }

  /// The tiles of a block of rows and the columns from j on, `count` of them
  /// or, if that is null, all that `vectors` vectors have.
  void emitPanel(Value j, int64_t vectors, Value count, Value panel) {
    bool isInPlace = readsRhsInPlace && !count;
    // Whole tiles, then what is left of one in ever smaller tiles.
    SmallVector<int64_t> tileRows = {sizes.tileRows};
    if (std::optional<int64_t> known = getConstantIntValue(blockRows))
      tileRows.push_back(*known % sizes.tileRows);
    else
      for (int64_t rows = llvm::bit_floor<uint64_t>(sizes.tileRows - 1);
           rows > 0; rows /= 2)
        tileRows.push_back(rows);
    Value begin = index(0);
    for (int64_t rows : tileRows) {
      if (rows == 0)
        continue;
      Value end = add(begin, roundDown(sub(blockRows, begin), rows));
      loop(begin, end, rows, [&](Value i) {
        emitTile(i, rows, j, vectors, count, isInPlace ? Value() : panel);
      });
      begin = end;
    }
  }

  /// out[i …, j …] += lhs[i …, :] · rhs[:, j …] in registers, from a panel or,
  /// if it is null, from where the columns lie.
  void emitTile(Value i, int64_t rows, Value j, int64_t vectors, Value count,
                Value panel) {
    if (stagesOut)
      copyToStage(i, rows, j, vectors, count);
    Values sums;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        sums.push_back(loadSum(i, r, j, v, count));
    Value rowPanel, rowInPanel;
    if (lhsForm == LhsForm::Packed) {
      rowPanel = b.createOrFold<arith::DivUIOp>(loc, i, index(sizes.tileRows));
      rowInPanel =
          rows == sizes.tileRows
              ? index(0)
              : b.createOrFold<arith::RemUIOp>(loc, i, index(sizes.tileRows));
    }
    // Packed rows have the elements of a term next to each other, others those
    // of a row.
    bool isPacked = lhsForm == LhsForm::Packed;
    auto loadTerms = [&](int64_t r, Value k, int64_t count) {
      if (lhsForm == LhsForm::Converted)
        return loadRun(rowBlock, {add(i, r), k}, 1, count, loadsRuns);
      return loadRun(lhs.buffer,
                     lhs.at(add(firstRow, add(i, r)), add(firstTerm, k)),
                     *lhs.columnPosition, count, loadsRuns);
    };
    auto body = [&](Value first, int64_t steps, ValueRange now) {
      SmallVector<ElementRun> terms;
      if (!isPacked)
        for (int64_t r = 0; r < rows; ++r)
          terms.push_back(loadTerms(r, first, steps));
      Values next(now);
      for (int64_t step = 0; step < steps; ++step) {
        Value k = add(first, step);
        Values columns;
        for (int64_t v = 0; v < vectors; ++v)
          columns.push_back(
              panel ? loadVector(panels, {panel, k, index(v * lanes)})
                    : loadVector(rhs.buffer,
                                 rhs.at(add(firstTerm, k), add(j, v * lanes))));
        ElementRun column;
        if (isPacked)
          column =
              loadRun(rowBlock, {rowPanel, k, rowInPanel}, 2, rows, loadsRuns);
        for (int64_t r = 0; r < rows; ++r) {
          Value factor = splat(isPacked ? getElement(column, r)
                                        : getElement(terms[r], step));
          for (int64_t v = 0; v < vectors; ++v) {
            Value &sum = next[r * vectors + v];
            sum = vector::FMAOp::create(b, loc, factor, columns[v], sum);
          }
        }
      }
      return next;
    };
    sums = loopWithTail(blockTerms, unrollFactor, sums, body);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        storeSum(sums[r * vectors + v], i, r, j, v, count);
    if (stagesOut)
      copyFromStage(i, rows, j, vectors, count);
  }

  //===--------------------------------------------------------------------===//
  // The result
  //===--------------------------------------------------------------------===//

  Value outRow(Value i, int64_t r) { return add(firstRow, add(i, r)); }

  /// The lanes of vector `v` that exist, or null if all do.
  Value mask(int64_t v, Value count) {
    if (!count)
      return {};
    std::optional<int64_t> known = getConstantIntValue(count);
    if (known && *known >= (v + 1) * lanes)
      return {};
    return vector::CreateMaskOp::create(b, loc,
                                        VectorType::get(lanes, b.getI1Type()),
                                        sub(count, index(v * lanes)));
  }

  Value loadSum(Value i, int64_t r, Value j, int64_t v, Value count) {
    if (stagesOut)
      return loadVector(stage, {index(r), index(v * lanes)});
    SmallVector<Value> at = out.at(outRow(i, r), add(j, v * lanes));
    if (Value exists = mask(v, count))
      return vector::MaskedLoadOp::create(b, loc, vectorType, out.buffer, at,
                                          exists, zeroVector());
    return loadVector(out.buffer, at);
  }

  void storeSum(Value sum, Value i, int64_t r, Value j, int64_t v,
                Value count) {
    if (stagesOut)
      return storeVector(sum, stage, {index(r), index(v * lanes)});
    SmallVector<Value> at = out.at(outRow(i, r), add(j, v * lanes));
    if (Value exists = mask(v, count))
      vector::MaskedStoreOp::create(b, loc, out.buffer, at, exists, sum);
    else
      storeVector(sum, out.buffer, at);
  }

  /// Calls `body` with the index of each element of a tile in the result, and
  /// in the stage.
  void forElements(Value i, int64_t rows, Value j, int64_t vectors, Value count,
                   function_ref<void(ValueRange, ValueRange)> body) {
    loop(index(0), index(rows), 1, [&](Value r) {
      loop(index(0), count ? count : index(vectors * lanes), 1, [&](Value l) {
        body(out.at(add(firstRow, add(i, r)), add(j, l)), {r, l});
      });
    });
  }

  void copyToStage(Value i, int64_t rows, Value j, int64_t vectors,
                   Value count) {
    forElements(
        i, rows, j, vectors, count, [&](ValueRange inOut, ValueRange inStage) {
          Value element = memref::LoadOp::create(b, loc, out.buffer, inOut);
          memref::StoreOp::create(b, loc, element, stage, inStage);
        });
  }

  void copyFromStage(Value i, int64_t rows, Value j, int64_t vectors,
                     Value count) {
    forElements(
        i, rows, j, vectors, count, [&](ValueRange inOut, ValueRange inStage) {
          Value element = memref::LoadOp::create(b, loc, stage, inStage);
          memref::StoreOp::create(b, loc, element, out.buffer, inOut);
        });
  }

  linalg::LinalgOp op;
  const Contraction &contraction;
  ContractionShape shape;
  ContractionSizes sizes;
  /// Whether factors are loaded as vectors.
  bool loadsRuns;
  ScratchProvider scratch;

  LhsForm lhsForm = LhsForm::InPlace;
  bool readsRhsInPlace = false, stagesOut = false;
  Value panels, rowBlock, stage;
  Value numRows, numColumns, numTerms;
  /// The product, and the part of it, at work.
  MatrixView lhs, rhs, out;
  Value firstRow, blockRows, firstTerm, blockTerms;
};
} // namespace

void attention::lowerContraction(OpBuilder &builder, linalg::LinalgOp op,
                                 const Contraction &contraction,
                                 const TargetFacts &facts,
                                 ScratchProvider scratch) {
  ContractionEmitter(builder, op, contraction, facts, scratch).emit();
}
