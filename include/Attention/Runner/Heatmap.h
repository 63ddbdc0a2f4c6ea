//===- Heatmap.h - Drawing matrices -----------------------------*- C++ -*-===//
//
// Pictures of attention weights (the alignment): a matrix as shades in the
// terminal or as an SVG file, with labels along both axes.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_RUNNER_HEATMAP_H
#define ATTENTION_RUNNER_HEATMAP_H

#include "Attention/Runner/Tensor.h"

namespace mlir::attention::runner {

/// A matrix to draw. Labels are one a row or column, or none at all.
struct Heatmap {
  int64_t rows = 0, columns = 0;
  std::vector<double> values;
  std::vector<std::string> rowLabels, columnLabels;

  double at(int64_t row, int64_t column) const {
    return values[row * columns + column];
  }
};

/// Splits "a,b,c" as CSV (RFC 4180): a label in double quotes may hold commas,
/// and double quotes written twice. No label may hold control characters.
llvm::Expected<std::vector<std::string>> parseLabels(StringRef text);

/// Takes a tensor of rank 2, or of more where only the last two dimensions are
/// not 1. Labels must be as many as rows and columns, or none.
llvm::Expected<Heatmap> makeHeatmap(const Tensor &tensor,
                                    std::vector<std::string> rowLabels,
                                    std::vector<std::string> columnLabels);

/// Draws with shades of Unicode block characters, a NaN as '?'. Larger
/// matrices are drawn as the largest element of each patch.
void drawText(llvm::raw_ostream &os, const Heatmap &heatmap);

/// Writes a whole SVG document.
void drawSvg(llvm::raw_ostream &os, const Heatmap &heatmap);

} // namespace mlir::attention::runner

#endif // ATTENTION_RUNNER_HEATMAP_H
