//===- PanelPacker.cpp - Factors in the order of their use ----------------===//
//
// Vectors are copied where an operand has them, squares transposed where its
// other dimension is contiguous, and elements copied elsewhere and at tails.
//
//===----------------------------------------------------------------------===//

#include "ContractionEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

/// Terms of all panels that are copied before the next ones: rows are read in
/// long stretches, as many at a time as the processor foresees.
static constexpr int64_t numCopiedTerms = 8;

void PanelPacker::packPanels(const MatrixView &rhs, Value k0, Value numTerms,
                             Value j, Value numPanels, Value panels) {
  int64_t width = cast<MemRefType>(panels.getType()).getShape().back();
  auto forPanels = [&](function_ref<void(Value, Value)> body) {
    loop(index(0), numPanels, 1, [&](Value p) {
      body(add(j, b.createOrFold<arith::MulIOp>(loc, p, index(width))), p);
    });
  };
  if (!rhs.hasContiguousColumns)
    return forPanels([&](Value column, Value p) {
      packColumns(rhs, k0, numTerms, column, width / lanes, /*count=*/Value(),
                  {panels, p});
    });
  loop(index(0), numTerms, numCopiedTerms, [&](Value first) {
    Value last = minimum(add(first, numCopiedTerms), numTerms);
    forPanels([&](Value column, Value p) {
      copyVectors(rhs, k0, first, last, column, 0, width / lanes, {panels, p});
    });
  });
}

void PanelPacker::copyVectors(const MatrixView &rhs, Value k0, Value first,
                              Value last, Value j, int64_t begin, int64_t end,
                              Panel panel) {
  if (begin == end)
    return;
  loop(first, last, 1, [&](Value k) {
    for (int64_t v = begin; v < end; ++v) {
      Value vector =
          extend(loadVector(rhs.buffer, rhs.at(add(k0, k), add(j, v * lanes))));
      storeVector(vector, panel.buffer, {panel.index, k, index(v * lanes)});
    }
  });
}

void PanelPacker::packColumns(const MatrixView &rhs, Value k0, Value numTerms,
                              Value j, int64_t vectors, Value count,
                              Panel panel) {
  if (!rhs.hasContiguousColumns) {
    for (int64_t v = 0; v < vectors; ++v)
      if (rhs.hasContiguousRows)
        packTransposed(rhs, k0, numTerms, j, v, count, panel);
      else
        packScalars(rhs, k0, index(0), numTerms, j, v, count, panel);
    return;
  }

  auto copy = [&](int64_t begin, int64_t end) {
    copyVectors(rhs, k0, index(0), numTerms, j, begin, end, panel);
  };
  if (!count)
    return copy(0, vectors);
  if (std::optional<int64_t> known = getConstantIntValue(count)) {
    int64_t numFull = *known / lanes;
    copy(0, numFull);
    for (int64_t v = numFull; v < vectors; ++v)
      packScalars(rhs, k0, index(0), numTerms, j, v, count, panel);
    return;
  }
  for (int64_t v = 0; v < vectors; ++v) {
    Value isFull = b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::sge,
                                                 count, index((v + 1) * lanes));
    scf::IfOp::create(
        b, loc, isFull,
        [&](OpBuilder &, Location) {
          copy(v, v + 1);
          scf::YieldOp::create(b, loc);
        },
        [&](OpBuilder &, Location) {
          packScalars(rhs, k0, index(0), numTerms, j, v, count, panel);
          scf::YieldOp::create(b, loc);
        });
  }
}

void PanelPacker::packScalars(const MatrixView &rhs, Value k0, Value first,
                              Value numTerms, Value j, int64_t vector,
                              Value count, Panel panel) {
  Value last = count ? add(count, -1) : Value();
  loop(first, numTerms, 1, [&](Value k) {
    loop(index(0), index(lanes), 1, [&](Value l) {
      Value column = add(l, vector * lanes);
      Value source = last ? minimum(column, last) : column;
      Value element = extend(memref::LoadOp::create(
          b, loc, rhs.buffer, rhs.at(add(k0, k), add(j, source))));
      memref::StoreOp::create(b, loc, element, panel.buffer,
                              ValueRange{panel.index, k, column});
    });
  });
}

void PanelPacker::packTransposed(const MatrixView &rhs, Value k0,
                                 Value numTerms, Value j, int64_t vector,
                                 Value count, Panel panel) {
  Value last = count ? add(count, -1) : Value();
  Value tail = roundDown(numTerms, lanes);
  loop(index(0), tail, lanes, [&](Value k) {
    Values rows;
    for (int64_t l = 0; l < lanes; ++l) {
      Value column = index(vector * lanes + l);
      if (last)
        column = minimum(column, last);
      rows.push_back(
          extend(loadVector(rhs.buffer, rhs.at(add(k0, k), add(j, column)))));
    }
    for (auto [position, terms] : llvm::enumerate(transpose(rows)))
      storeVector(terms, panel.buffer,
                  {panel.index, add(k, position), index(vector * lanes)});
  });
  packScalars(rhs, k0, tail, numTerms, j, vector, count, panel);
}

void PanelPacker::convertRows(const MatrixView &lhs, Value i0, Value numRows,
                              Value k0, Value numTerms, Value block) {
  loop(index(0), numRows, 1, [&](Value i) {
    Value tail = roundDown(numTerms, lanes);
    loop(index(0), tail, lanes, [&](Value k) {
      Value vector =
          extend(loadVector(lhs.buffer, lhs.at(add(i0, i), add(k0, k))));
      storeVector(vector, block, {i, k});
    });
    loop(tail, numTerms, 1, [&](Value k) {
      Value element = extend(memref::LoadOp::create(
          b, loc, lhs.buffer, lhs.at(add(i0, i), add(k0, k))));
      memref::StoreOp::create(b, loc, element, block, ValueRange{i, k});
    });
  });
}

/// Terms that rows are packed for at a time.
static constexpr int64_t numPackedTerms = 16;

void PanelPacker::packRows(const MatrixView &lhs, Value i0, Value numRows,
                           Value k0, Value numTerms, Value panels) {
  int64_t tileRows = cast<MemRefType>(panels.getType()).getShape().back();
  Value tail = roundDown(numRows, tileRows);
  auto loadElement = [&](Value i, Value k) {
    return extend(memref::LoadOp::create(b, loc, lhs.buffer,
                                         lhs.at(add(i0, i), add(k0, k))));
  };
  auto panelOf = [&](Value i) -> Value {
    return b.createOrFold<arith::DivUIOp>(loc, i, index(tileRows));
  };

  // A few terms at a time, so that what is read of a cache line is used before
  // the line is lost: large strides leave room for few.
  loop(index(0), numTerms, numPackedTerms, [&](Value firstTerm) {
    Value endTerm = minimum(add(firstTerm, numPackedTerms), numTerms);
    loop(index(0), tail, tileRows, [&](Value i) {
      Value panel = panelOf(i);
      loop(firstTerm, endTerm, 1, [&](Value k) {
        if (lhs.hasContiguousRows) {
          auto type =
              VectorType::get(tileRows, getElementTypeOrSelf(lhs.buffer));
          Value column = extend(vector::LoadOp::create(
              b, loc, type, lhs.buffer, lhs.at(add(i0, i), add(k0, k))));
          return storeVector(column, panels, {panel, k, index(0)});
        }
        for (int64_t r = 0; r < tileRows; ++r)
          memref::StoreOp::create(b, loc, loadElement(add(i, r), k), panels,
                                  ValueRange{panel, k, index(r)});
      });
    });
  });
  loop(tail, numRows, 1, [&](Value i) {
    Value panel = panelOf(i), r = sub(i, tail);
    loop(index(0), numTerms, 1, [&](Value k) {
      memref::StoreOp::create(b, loc, loadElement(i, k), panels,
                              ValueRange{panel, k, r});
    });
  });
}
