//===- ContractionEmitter.h - Matrix products as vectors --------*- C++ -*-===//
//
// What the parts of the lowering share: how operands are indexed at a given
// batch element, and the scratch that panels are packed into.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_CONTRACTIONTOVECTOR_CONTRACTIONEMITTER_H
#define ATTENTION_LIB_CONVERSION_CONTRACTIONTOVECTOR_CONTRACTIONEMITTER_H

#include "../AttentionToVector/TransposeEmitter.h"
#include "Attention/Dialect/Linalg/Transforms/Contraction.h"
#include "Attention/Dialect/Linalg/Transforms/ContractionModel.h"

namespace mlir::attention {

/// A matrix within a buffer: all indices but those of rows and columns fixed.
struct MatrixView {
  Value buffer;
  SmallVector<Value> base;
  /// The buffer's dimensions; one that it does not have is not stepped along.
  std::optional<unsigned> rowPosition, columnPosition;
  bool hasContiguousRows, hasContiguousColumns;

  SmallVector<Value> at(Value row, Value column) const {
    SmallVector<Value> indices = base;
    if (rowPosition)
      indices[*rowPosition] = row;
    if (columnPosition)
      indices[*columnPosition] = column;
    return indices;
  }
};

/// Scratch for `type`, which is static, in which the same `purpose` finds what
/// it wrote last.
using ScratchProvider = function_ref<Value(StringRef purpose, MemRefType type)>;

/// Copies parts of the factors to scratch, in the compute type and in the order
/// in which they are multiplied.
class PanelPacker : protected TransposeEmitter {
public:
  PanelPacker(OpBuilder &builder, Location loc, FloatType type, int64_t lanes)
      : TransposeEmitter(builder, loc, type, lanes) {}

  /// One of a buffer's panels [panel, term, column].
  struct Panel {
    Value buffer, index;
  };

  /// panels[p, term, column] = rhs[k0 + term, j + p · width + column], for
  /// `numTerms` terms and `numPanels` panels.
  void packPanels(const MatrixView &rhs, Value k0, Value numTerms, Value j,
                  Value numPanels, Value panels);

  /// panel[term, column] = rhs[k0 + term, j + column], for `numTerms` terms and
  /// `vectors` vectors of columns. Where only `count` columns exist (null: all
  /// do) the others are copies of the last.
  void packColumns(const MatrixView &rhs, Value k0, Value numTerms, Value j,
                   int64_t vectors, Value count, Panel panel);

  /// block[row, term] = lhs[i0 + row, k0 + term], row by row.
  void convertRows(const MatrixView &lhs, Value i0, Value numRows, Value k0,
                   Value numTerms, Value block);

  /// panels[row / tile, term, row % tile] = lhs[i0 + row, k0 + term].
  void packRows(const MatrixView &lhs, Value i0, Value numRows, Value k0,
                Value numTerms, Value panels);

private:
  /// Vectors [begin, end) of terms [first, last).
  void copyVectors(const MatrixView &rhs, Value k0, Value first, Value last,
                   Value j, int64_t begin, int64_t end, Panel panel);
  void packScalars(const MatrixView &rhs, Value k0, Value first, Value numTerms,
                   Value j, int64_t vector, Value count, Panel panel);
  void packTransposed(const MatrixView &rhs, Value k0, Value numTerms, Value j,
                      int64_t vector, Value count, Panel panel);
};

/// Builds, before `op`, code that computes it on buffers.
void lowerContraction(OpBuilder &builder, linalg::LinalgOp op,
                      const Contraction &contraction, const TargetFacts &facts,
                      ScratchProvider scratch);

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_CONTRACTIONTOVECTOR_CONTRACTIONEMITTER_H
