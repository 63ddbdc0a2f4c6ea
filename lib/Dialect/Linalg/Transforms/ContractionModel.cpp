//===- ContractionModel.cpp - Block sizes of matrix products --------------===//
//
// Measured with benchmarks/matmul; the reasons are in docs/Rationale.md.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Linalg/Transforms/ContractionModel.h"

#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir;
using namespace mlir::attention;

/// Rows that amortise packing a panel of the right-hand side, which takes about
/// as long as multiplying two of them.
static constexpr int64_t minBlockRows = 96;

/// Columns that amortise reading the left-hand side.
static constexpr int64_t minBlockColumns = 64;

/// Columns that amortise packing the left-hand side.
static constexpr int64_t minColumnsOfPackedRows = 256;

/// Multiply-adds that are worth a thread's while: some tens of microseconds.
static constexpr int64_t minBlockWork = 1 << 20;

/// Packed rows and packed panels, for both of which the stack of any thread has
/// space.
static constexpr int64_t maxPackedRowBytes = 128 << 10;
static constexpr int64_t maxPackedPanelBytes = 256 << 10;

/// What a dynamic extent is taken for.
static constexpr int64_t assumedExtent = 512;

static int64_t assume(int64_t extent) {
  return ShapedType::isDynamic(extent) ? assumedExtent : extent;
}

/// The size of parts of at most `size` that are as equal as multiples of `unit`
/// can be: all of `extent` if it fits.
static int64_t balance(int64_t extent, int64_t size, int64_t unit) {
  if (!ShapedType::isDynamic(extent) && extent <= size)
    return std::max<int64_t>(extent, 1);
  size = std::max<int64_t>(llvm::alignDown(size, unit), unit);
  if (ShapedType::isDynamic(extent))
    return size;
  int64_t numParts = llvm::divideCeil(extent, size);
  return llvm::alignTo(llvm::divideCeil(extent, numParts), unit);
}

ContractionSizes
attention::chooseContractionSizes(const TargetFacts &facts, FloatType type,
                                  const ContractionShape &shape) {
  int64_t lanes = facts.lanes(type), bytes = type.getWidth() / 8;
  int64_t vectors = facts.tileVectors(), rows = facts.tileRows(vectors);
  // With fewer rows more vectors fit.
  if (!ShapedType::isDynamic(shape.rows) && shape.rows < rows) {
    rows = std::max<int64_t>(shape.rows, 1);
    while (rows * vectors * 2 + vectors * 2 + 2 <= facts.vectorRegisters)
      vectors *= 2;
  }
  if (!ShapedType::isDynamic(shape.columns))
    vectors =
        std::clamp<int64_t>(llvm::divideCeil(shape.columns, lanes), 1, vectors);

  // A panel is as large as the first-level cache: it streams from the second
  // level well enough, and long sums make up for loading and storing them.
  int64_t depth = facts.l1Bytes / (vectors * lanes * bytes);
  depth = std::clamp<int64_t>(depth, 64, 512);
  depth = balance(shape.terms, depth, 8);

  // A block of rows stays in a quarter of the second-level cache, packed panels
  // in half of it.
  int64_t packedRows =
      std::min(facts.l2Bytes / 4, maxPackedRowBytes) / (depth * bytes);
  packedRows = balance(shape.rows, packedRows, rows);
  int64_t width = vectors * lanes;
  int64_t columns =
      std::min(facts.l2Bytes / 2, maxPackedPanelBytes) / (depth * bytes);
  columns = balance(shape.columns, columns, width);
  int64_t panels = llvm::divideCeil(columns, width);
  return {rows, vectors, depth, packedRows, panels};
}

ContractionBlocks
attention::chooseContractionBlocks(const TargetFacts &facts, FloatType type,
                                   const ContractionShape &shape,
                                   int64_t numProducts, bool packsRows) {
  ContractionSizes sizes = chooseContractionSizes(facts, type, shape);
  int64_t width = sizes.tileVectors * facts.lanes(type);
  int64_t rows = assume(shape.rows), columns = assume(shape.columns);
  auto work = [&]() {
    return double(rows) * double(columns) * double(assume(shape.terms));
  };
  auto numBlocks = [&]() {
    auto parts = [](int64_t extent, int64_t size) -> double {
      return llvm::divideCeil(assume(extent), std::max<int64_t>(size, 1));
    };
    return parts(shape.rows, rows) * parts(shape.columns, columns) *
           static_cast<double>(assume(numProducts));
  };
  // Every block packs its columns, and its rows where they have to be packed,
  // which costs more: columns are cut first where rows are read in place, and
  // the longer side elsewhere.
  int64_t minColumns =
      std::max(packsRows ? minColumnsOfPackedRows : minBlockColumns, width);
  while (numBlocks() < facts.parallelism && work() >= 2.0 * minBlockWork) {
    bool canHalveRows = rows >= 2 * minBlockRows;
    bool canHalveColumns = columns >= 2 * minColumns;
    if (!canHalveRows && !canHalveColumns)
      break;
    if (canHalveColumns && (!packsRows || columns >= rows || !canHalveRows))
      columns = llvm::alignTo(llvm::divideCeil(columns, 2), width);
    else
      rows = llvm::alignTo(llvm::divideCeil(rows, 2), sizes.tileRows);
  }
  int64_t products = 1;
  if (work() < minBlockWork)
    products = std::min<int64_t>(
        std::max<int64_t>(assume(numProducts), 1),
        static_cast<int64_t>(minBlockWork / std::max(work(), 1.0)));
  // Equal parts, so that none is much shorter.
  return {balance(shape.rows, rows, sizes.tileRows),
          balance(shape.columns, columns, width), products};
}
