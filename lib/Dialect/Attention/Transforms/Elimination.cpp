//===- Elimination.cpp - Exact elimination of variables -------------------===//
//
// Fourier and Motzkin's method where it is exact over the integers. Bounds are
// divided by common factors as expressions of the parameters, floor(rest / g),
// where Presburger's library would have to make them variables again. At most
// one variable may be left: it numbers the members of a family that repeats
// with a period.
//
//===----------------------------------------------------------------------===//

#include "Elimination.h"

#include <numeric>

using namespace mlir;
using namespace mlir::attention;

bool attention::hasVariables(const PairForm &form) {
  return llvm::any_of(form.coefficients, [](int64_t c) { return c != 0; });
}

std::optional<PairForm> attention::combine(const PairForm &x, int64_t a,
                                           const PairForm &y, int64_t b) {
  PairForm result;
  result.coefficients.resize(
      std::max(x.coefficients.size(), y.coefficients.size()));
  auto add = [&](const PairForm &form, int64_t factor) {
    for (auto [index, coefficient] : llvm::enumerate(form.coefficients)) {
      // Both are at most maxCoefficient.
      int64_t &sum = result.coefficients[index];
      sum += coefficient * factor;
    }
  };
  if (std::abs(a) > maxCoefficient || std::abs(b) > maxCoefficient)
    return std::nullopt;
  add(x, a);
  add(y, b);
  if (llvm::any_of(result.coefficients,
                   [](int64_t c) { return std::abs(c) > maxCoefficient; }))
    return std::nullopt;
  result.rest = x.rest * a + y.rest * b;
  return result;
}

/// Adds a row in lowest terms, unless it says nothing.
void Elimination::add(PairRow row) {
  int64_t factor = 0;
  for (int64_t coefficient : row.form.coefficients)
    factor = std::gcd(factor, coefficient);
  if (factor == 0) {
    // About the parameters only.
    if (auto value = dyn_cast<AffineConstantExpr>(row.form.rest)) {
      empty |= value.getValue() < 0;
      return;
    }
    if (!row.isDefinition && !isProvedNonNegative(row.form.rest) &&
        !llvm::is_contained(conditions, row.form.rest))
      conditions.push_back(row.form.rest);
    return;
  }
  for (int64_t &coefficient : row.form.coefficients)
    coefficient /= factor;
  row.form.rest = row.form.rest.floorDiv(factor);
  row.bound = row.bound / factor + 1;
  for (PairRow &known : rows) {
    if (known.form.coefficients != row.form.coefficients)
      continue;
    // Of two that differ by a constant the tighter one remains.
    AffineExpr difference = row.form.rest - known.form.rest;
    auto value = dyn_cast<AffineConstantExpr>(difference);
    if (!value)
      continue;
    if (value.getValue() < 0)
      known = row;
    else if (value.getValue() == 0)
      known.isDefinition |= row.isDefinition;
    return;
  }
  rows.push_back(std::move(row));
}

std::optional<PairRow> Elimination::combineRows(const PairRow &x, int64_t a,
                                                const PairRow &y, int64_t b) {
  PairRow result;
  std::optional<PairForm> form = combine(x.form, a, y.form, b);
  result.bound = x.bound * std::abs(a) + y.bound * std::abs(b);
  if (!form || result.bound > maxBound) {
    isTooLarge = true;
    return std::nullopt;
  }
  result.form = std::move(*form);
  result.isDefinition = x.isDefinition && y.isDefinition;
  return result;
}

static bool isZero(AffineExpr expr) {
  auto constant = dyn_cast<AffineConstantExpr>(expr);
  return constant && constant.getValue() == 0;
}

/// Replaces a variable that an equality gives, with a factor of ±1.
bool Elimination::substitute(unsigned variable) {
  for (PairRow &lower : rows) {
    if (lower.form.coefficients[variable] != 1)
      continue;
    for (PairRow &upper : rows) {
      if (upper.form.coefficients[variable] != -1)
        continue;
      std::optional<PairForm> sum = combine(lower.form, 1, upper.form, 1);
      if (!sum || hasVariables(*sum) || !isZero(sum->rest))
        continue;
      PairRow least = lower, most = upper;
      SmallVector<PairRow> old = std::move(rows);
      rows.clear();
      for (PairRow &row : old) {
        int64_t factor = row.form.coefficients[variable];
        if (factor == 0) {
          add(std::move(row));
        } else if (auto combined = combineRows(
                       row, 1, factor > 0 ? most : least, std::abs(factor))) {
          add(std::move(*combined));
        }
      }
      return true;
    }
  }
  return false;
}

/// How many rows eliminating the variable adds, if that is exact.
std::optional<size_t> Elimination::getCost(unsigned variable) {
  size_t numLowers = 0, numUppers = 0;
  for (const PairRow &lower : rows) {
    int64_t a = lower.form.coefficients[variable];
    numLowers += a > 0;
    numUppers += a < 0;
    if (a <= 1)
      continue;
    for (const PairRow &upper : rows) {
      int64_t b = -upper.form.coefficients[variable];
      if (b <= 1)
        continue;
      // Between L ≤ a·x and b·x ≤ U lies an integer if b·U' … is large enough.
      std::optional<PairForm> sum = combine(lower.form, b, upper.form, a);
      if (!sum || hasVariables(*sum))
        return std::nullopt;
      std::optional<int64_t> bound = getLowerBound(sum->rest, numBatch + 1);
      if (!bound || *bound < (a - 1) * (b - 1))
        return std::nullopt;
    }
  }
  return numLowers * numUppers;
}

void Elimination::eliminate(unsigned variable) {
  SmallVector<PairRow> old = std::move(rows), lowers, uppers;
  rows.clear();
  for (PairRow &row : old) {
    int64_t coefficient = row.form.coefficients[variable];
    if (coefficient == 0)
      add(std::move(row));
    else
      (coefficient > 0 ? lowers : uppers).push_back(std::move(row));
  }
  for (const PairRow &lower : lowers)
    for (const PairRow &upper : uppers)
      if (auto combined = combineRows(lower, -upper.form.coefficients[variable],
                                      upper, lower.form.coefficients[variable]))
        add(std::move(*combined));
}

LogicalResult Elimination::run() {
  while (!isTooLarge && !empty) {
    if (rows.size() > maxRows)
      return failure();
    if (rows.empty())
      return success();
    unsigned numVariables = rows.front().form.coefficients.size();
    bool changed = false;
    std::optional<std::pair<size_t, unsigned>> best;
    for (unsigned variable = 1; variable < numVariables && !changed;
         ++variable) {
      if (llvm::all_of(rows, [&](const PairRow &row) {
            return row.form.coefficients[variable] == 0;
          }))
        continue;
      changed = substitute(variable);
      if (changed)
        break;
      std::optional<size_t> cost = getCost(variable);
      if (cost && (!best || *cost < best->first))
        best = {*cost, variable};
    }
    if (changed)
      continue;
    if (!best)
      return success();
    eliminate(best->second);
  }
  return failure(isTooLarge);
}

FailureOr<KeyFamily> Elimination::getFamily() {
  KeyFamily family;
  family.conditions = conditions;
  std::optional<unsigned> member;
  for (const PairRow &row : rows)
    for (auto [variable, coefficient] : llvm::enumerate(row.form.coefficients))
      if (variable != keyVariable && coefficient != 0) {
        if (member && *member != variable)
          return failure();
        member = variable;
      }
  // The sign of the member's number is chosen so that keys grow with it.
  for (const PairRow &row : rows) {
    int64_t key = row.form.coefficients[keyVariable];
    int64_t number = member ? row.form.coefficients[*member] : 0;
    if (key != 0 && number != 0)
      family.period = key > 0 ? -number : number;
  }
  int64_t sign = family.period < 0 ? -1 : 1;
  family.period *= sign;
  for (const PairRow &row : rows) {
    int64_t key = row.form.coefficients[keyVariable];
    int64_t number = member ? row.form.coefficients[*member] * sign : 0;
    AffineExpr rest = row.form.rest;
    // In lowest terms the only coefficient is ±1.
    if (number == 0)
      (key > 0 ? family.lowers : family.uppers)
          .push_back(key > 0 ? -rest : rest);
    else if (key == 0)
      (number > 0 ? family.firsts : family.lasts)
          .push_back(number > 0 ? -rest : rest);
    else if (key == 1 && number == -family.period)
      family.begins.push_back(-rest);
    else if (key == -1 && number == family.period)
      family.ends.push_back(rest);
    else
      return failure();
    if (row.bound * std::max<double>(family.period, 1) > maxBound)
      return failure();
  }
  if (member && (family.begins.empty() || family.ends.empty()))
    return failure();
  return family;
}
