//===- Heatmap.cpp - Drawing matrices -------------------------------------===//

#include "Attention/Runner/Heatmap.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Unicode.h"
#include <cmath>

using namespace mlir;
using namespace mlir::attention;
using namespace mlir::attention::runner;

/// Rows and columns that a terminal, and an SVG file of sane size, have room
/// for.
static constexpr int64_t maxTextCells = 64;
static constexpr int64_t maxSvgCells = 256;

llvm::Expected<std::vector<std::string>> runner::parseLabels(StringRef text) {
  std::vector<std::string> labels;
  for (StringRef rest = text;;) {
    std::string label;
    if (rest.consume_front("\"")) {
      // Up to a quote that is not one of a pair.
      while (true) {
        size_t quote = rest.find('"');
        if (quote == StringRef::npos)
          return makeError("a label starts with a double quote and does not "
                           "end with one");
        label += rest.take_front(quote);
        rest = rest.drop_front(quote + 1);
        if (!rest.consume_front("\""))
          break;
        label += '"';
      }
      if (!rest.empty() && !rest.starts_with(","))
        return makeError("label '", label,
                         "' goes on after its closing double "
                         "quote");
    } else {
      label = rest.take_until([](char c) { return c == ','; }).str();
      rest = rest.drop_front(label.size());
    }
    auto *start = reinterpret_cast<const llvm::UTF8 *>(label.data());
    const llvm::UTF8 *end = start + label.size();
    bool hasControls = llvm::any_of(
        label, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
    if (hasControls || !llvm::isLegalUTF8String(&start, end))
      return makeError("label ", labels.size(),
                       " is not printable text in UTF-8");
    labels.push_back(std::move(label));
    if (!rest.consume_front(","))
      return labels;
  }
}

llvm::Expected<Heatmap>
runner::makeHeatmap(const Tensor &tensor, std::vector<std::string> rowLabels,
                    std::vector<std::string> columnLabels) {
  ArrayRef<int64_t> shape = tensor.shape();
  if (shape.size() < 2 ||
      llvm::any_of(shape.drop_back(2), [](int64_t size) { return size != 1; }))
    return makeError("a heat map shows two dimensions, and ", tensor.describe(),
                     " has not two (leading ones of size 1 do not count)");
  Heatmap heatmap;
  heatmap.rows = shape[shape.size() - 2];
  heatmap.columns = shape.back();
  for (int64_t i = 0; i < tensor.size(); ++i)
    heatmap.values.push_back(tensor.valueAt(i));
  heatmap.rowLabels = std::move(rowLabels);
  heatmap.columnLabels = std::move(columnLabels);
  auto checkLabels = [](StringRef axis, size_t labels,
                        int64_t size) -> llvm::Error {
    if (labels == 0 || labels == size_t(size))
      return llvm::Error::success();
    return makeError(labels, " ", axis, " labels for ", size, " ", axis, "s");
  };
  if (llvm::Error error =
          checkLabels("row", heatmap.rowLabels.size(), heatmap.rows))
    return std::move(error);
  if (llvm::Error error =
          checkLabels("column", heatmap.columnLabels.size(), heatmap.columns))
    return std::move(error);
  return heatmap;
}

/// Shrinks a matrix to at most `maxCells` rows and columns, each the largest
/// element of a patch, so that a thin diagonal stays. A patch has the label of
/// its first row or column.
static Heatmap shrink(const Heatmap &heatmap, int64_t maxCells,
                      std::string &note) {
  if (heatmap.rows <= maxCells && heatmap.columns <= maxCells)
    return heatmap;
  int64_t patchRows = llvm::divideCeil(heatmap.rows, maxCells);
  int64_t patchColumns = llvm::divideCeil(heatmap.columns, maxCells);
  Heatmap small;
  small.rows = llvm::divideCeil(heatmap.rows, patchRows);
  small.columns = llvm::divideCeil(heatmap.columns, patchColumns);
  small.values.assign(small.rows * small.columns, -INFINITY);
  for (int64_t row = 0; row < heatmap.rows; ++row)
    for (int64_t column = 0; column < heatmap.columns; ++column) {
      double value = heatmap.at(row, column);
      double &cell =
          small.values[row / patchRows * small.columns + column / patchColumns];
      // A NaN anywhere in a patch shows.
      if (std::isnan(value) || value > cell)
        cell = value;
    }
  for (size_t i = 0; i < heatmap.rowLabels.size(); i += patchRows)
    small.rowLabels.push_back(heatmap.rowLabels[i]);
  for (size_t i = 0; i < heatmap.columnLabels.size(); i += patchColumns)
    small.columnLabels.push_back(heatmap.columnLabels[i]);
  note = llvm::formatv("; a cell is the largest of {0} x {1} elements",
                       patchRows, patchColumns)
             .str();
  return small;
}

namespace {
/// What the lightest and the darkest shade stand for: the least element or 0,
/// whichever is lower, and the greatest. Infinities do not count.
struct Scale {
  double low = 0, high = -INFINITY;

  explicit Scale(const Heatmap &heatmap) {
    for (double value : heatmap.values)
      if (std::isfinite(value)) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
    if (high == -INFINITY)
      high = low;
  }

  /// Where a value lies between both: 0 to 1.
  double operator()(double value) const {
    if (value >= high)
      return value > low ? 1 : 0;
    // Halves, since high - low may overflow.
    return value <= low ? 0 : (value / 2 - low / 2) / (high / 2 - low / 2);
  }
};
} // namespace

/// Columns a terminal needs for a label; 0 for what it cannot measure.
static int textWidth(StringRef label) {
  return std::max(0, llvm::sys::unicode::columnWidthUTF8(label));
}

static int maxTextWidth(ArrayRef<std::string> labels) {
  int width = 0;
  for (const std::string &label : labels)
    width = std::max(width, textWidth(label));
  return width;
}

static std::string repeat(StringRef text, int count) {
  std::string repeated;
  while (count-- > 0)
    repeated += text;
  return repeated;
}

void runner::drawText(llvm::raw_ostream &os, const Heatmap &whole) {
  constexpr StringLiteral shades[] = {" ", "░", "▒", "▓", "█"};
  std::string note;
  Heatmap heatmap = shrink(whole, maxTextCells, note);
  Scale scale(heatmap);
  int margin = maxTextWidth(heatmap.rowLabels);
  // A cell is about square, or as wide as the labels need with a blank.
  int width = std::max(2, maxTextWidth(heatmap.columnLabels) + 1);
  if (!heatmap.columnLabels.empty()) {
    os.indent(margin + 2);
    for (const std::string &label : heatmap.columnLabels)
      os << label << std::string(width - textWidth(label), ' ');
    os << "\n";
  }
  for (int64_t row = 0; row < heatmap.rows; ++row) {
    StringRef label =
        heatmap.rowLabels.empty() ? "" : StringRef(heatmap.rowLabels[row]);
    os.indent(margin - textWidth(label)) << label << " │";
    for (int64_t column = 0; column < heatmap.columns; ++column) {
      double value = heatmap.at(row, column);
      os << (std::isnan(value)
                 ? repeat("?", width)
                 : repeat(shades[std::lround(4 * scale(value))], width));
    }
    os << "│\n";
  }
  os.indent(margin + 2) << "' ' " << llvm::format("%g", scale.low) << ", '█' "
                        << llvm::format("%g", scale.high) << note << "\n";
}

/// Text for the inside of an XML element.
static std::string escapeXml(StringRef text) {
  std::string escaped;
  llvm::raw_string_ostream os(escaped);
  llvm::printHTMLEscaped(text, os);
  return escaped;
}

/// White to dark blue; red for NaN.
static std::string colourOf(double value, const Scale &scale) {
  if (std::isnan(value))
    return "#d62728";
  double shade = scale(value);
  auto mix = [&](int light, int dark) {
    return static_cast<int>(std::lround(light + shade * (dark - light)));
  };
  return llvm::formatv("#{0:x-2}{1:x-2}{2:x-2}", mix(255, 8), mix(255, 48),
                       mix(255, 107))
      .str();
}

void runner::drawSvg(llvm::raw_ostream &os, const Heatmap &whole) {
  std::string note;
  Heatmap heatmap = shrink(whole, maxSvgCells, note);
  Scale scale(heatmap);
  constexpr int cell = 24, letter = 9, gap = 6, footer = 28;
  int columnWidth = maxTextWidth(heatmap.columnLabels);
  // Labels that are wider than a cell stand upright.
  bool standsUpright = columnWidth * letter > cell;
  int left = gap + maxTextWidth(heatmap.rowLabels) * letter + gap;
  int top = gap + (standsUpright ? columnWidth * letter + gap : cell);
  std::string legend =
      llvm::formatv("white {0}, dark {1}{2}", llvm::format("%g", scale.low),
                    llvm::format("%g", scale.high), note)
          .str();
  int64_t width = std::max<int64_t>(left + heatmap.columns * cell,
                                    left + int64_t(legend.size()) * letter) +
                  gap;
  int64_t height = top + heatmap.rows * cell + footer;

  os << llvm::formatv(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" "
      "height=\"{1}\" viewBox=\"0 0 {0} {1}\" font-family=\"monospace\" "
      "font-size=\"14\">\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
      width, height);
  for (auto [column, label] : llvm::enumerate(heatmap.columnLabels)) {
    int64_t x = left + int64_t(column) * cell + cell / 2;
    if (standsUpright)
      os << llvm::formatv("<text transform=\"translate({0} {1}) rotate(-90)\" "
                          "dy=\"0.35em\">{2}</text>\n",
                          x, top - gap, escapeXml(label));
    else
      os << llvm::formatv(
          "<text x=\"{0}\" y=\"{1}\" text-anchor=\"middle\">{2}</text>\n", x,
          top - gap, escapeXml(label));
  }
  for (int64_t row = 0; row < heatmap.rows; ++row) {
    int64_t y = top + row * cell;
    if (!heatmap.rowLabels.empty())
      os << llvm::formatv("<text x=\"{0}\" y=\"{1}\" dy=\"0.35em\" "
                          "text-anchor=\"end\">{2}</text>\n",
                          left - gap, y + cell / 2,
                          escapeXml(heatmap.rowLabels[row]));
    for (int64_t column = 0; column < heatmap.columns; ++column) {
      double value = heatmap.at(row, column);
      os << llvm::formatv(
          "<rect x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{2}\" "
          "fill=\"{3}\"><title>[{4},{5}] {6}</title></rect>\n",
          left + column * cell, y, cell, colourOf(value, scale), row, column,
          llvm::format("%g", value));
    }
  }
  os << llvm::formatv("<rect x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\" "
                      "fill=\"none\" stroke=\"#888888\"/>\n",
                      left, top, heatmap.columns * cell, heatmap.rows * cell)
     << llvm::formatv("<text x=\"{0}\" y=\"{1}\">{2}</text>\n</svg>\n", left,
                      height - gap - 2, escapeXml(legend));
}
