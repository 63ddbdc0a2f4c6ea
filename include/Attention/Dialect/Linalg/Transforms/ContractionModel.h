//===- ContractionModel.h - Block sizes of matrix products ------*- C++ -*-===//
//
// How a contraction is cut up: the tile of the result that is kept in
// registers, the terms between two visits to the result, and the blocks that
// run in parallel. A function of shapes and target facts only; and no choice
// changes a result, because each element is the sum of its terms in order.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_LINALG_TRANSFORMS_CONTRACTIONMODEL_H
#define ATTENTION_DIALECT_LINALG_TRANSFORMS_CONTRACTIONMODEL_H

#include "Attention/Target/TargetFacts.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::attention {

/// Extents of a matrix product, any of which may be ShapedType::kDynamic.
struct ContractionShape {
  int64_t rows, columns, terms;
};

struct ContractionSizes {
  /// Rows times vectors of columns that are accumulated in registers.
  int64_t tileRows, tileVectors;
  /// Terms that are summed before the next rows: those of a packed panel.
  int64_t depth;
  /// Rows whose factors are used, or packed where they have to be, at a time.
  int64_t packedRows;
  /// Panels of columns that are packed at a time.
  int64_t panels;
};

/// Chooses the sizes of the sequential part.
ContractionSizes chooseContractionSizes(const TargetFacts &facts,
                                        FloatType type,
                                        const ContractionShape &shape);

struct ContractionBlocks {
  int64_t rows, columns;
  /// Matrix products, all of this size, that one block takes on.
  int64_t products;
};

/// Chooses the blocks of `numProducts` products that run in parallel, if any
/// are worth it: sizes are extents where a dimension is not cut. With
/// `packsRows` every block packs the rows that it reads.
ContractionBlocks chooseContractionBlocks(const TargetFacts &facts,
                                          FloatType type,
                                          const ContractionShape &shape,
                                          int64_t numProducts, bool packsRows);

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_LINALG_TRANSFORMS_CONTRACTIONMODEL_H
