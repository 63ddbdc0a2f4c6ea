//===- PairSystem.cpp - Sets of pairs, and the keys in them ---------------===//
//
// Quotients by constants become variables with two inequalities each. Variables
// are eliminated by Fourier and Motzkin's method where that is exact over the
// integers; bounds are divided by common factors as expressions of the
// parameters, floor(rest / g), where Presburger's library would have to make
// them variables again. At most one variable may be left: it numbers the
// members of a family that repeats with a period.
//
//===----------------------------------------------------------------------===//

#include "PairSystem.h"

#include "ExprBounds.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlir::attention;

/// Limits that keep the time and the numbers small; cases are of one quotient.
/// Indices are less than maxIndex: no memory holds more rows.
static constexpr size_t maxRows = 64, maxQuotients = 8;
static constexpr int64_t maxCoefficient = int64_t(1) << 20;
static constexpr double maxCases = 8, maxIndex = 0x1p40, maxBound = 0x1p60;
static constexpr unsigned keyVariable = 0, queryVariable = 1;

static constexpr const char *tooComplicated = "it is too complicated";

PairSystem::PairSystem(MLIRContext *context, unsigned numBatch,
                       unsigned numSymbols, SmallVectorImpl<ClampedTerm> &terms)
    : context(context), numBatch(numBatch), numSymbols(numSymbols),
      terms(terms) {}

AffineExpr PairSystem::constant(int64_t value) const {
  return getAffineConstantExpr(value, context);
}

//===----------------------------------------------------------------------===//
// Constraints as rows
//===----------------------------------------------------------------------===//

bool PairSystem::hasSymbols(AffineExpr expr) const {
  bool found = false;
  expr.walk([&](AffineExpr part) { found |= isa<AffineSymbolExpr>(part); });
  return found;
}

/// A bound on the absolute value of an expression of batch indices.
static double getMagnitude(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return std::abs(static_cast<double>(constant.getValue()));
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return maxIndex;
  double lhs = getMagnitude(binary.getLHS());
  double rhs = getMagnitude(binary.getRHS());
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return lhs + rhs;
  case AffineExprKind::Mul:
    return lhs * rhs;
  case AffineExprKind::Mod:
    return rhs;
  default:
    return lhs + 1;
  }
}

double PairSystem::getVariableBound(size_t variable) const {
  return variable < 2 ? maxIndex : quotients[variable - 2].bound;
}

static bool hasVariables(const PairForm &form) {
  return llvm::any_of(form.coefficients, [](int64_t c) { return c != 0; });
}

/// a · x + b · y, or nothing where coefficients get too large.
static std::optional<PairForm> combine(const PairForm &x, int64_t a,
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

std::optional<PairForm> PairSystem::divide(PairForm dividend, int64_t divisor,
                                           std::string &reason) {
  if (!hasVariables(dividend)) {
    dividend.rest = dividend.rest.floorDiv(divisor);
    return dividend;
  }
  if (divisor > maxCoefficient || quotients.size() == maxQuotients) {
    reason = tooComplicated;
    return std::nullopt;
  }
  // What divides without a remainder, and the quotient of the rest, which may
  // be too large to be added to anything, stand outside.
  PairForm outside;
  for (int64_t &coefficient : dividend.coefficients) {
    bool divides = coefficient % divisor == 0;
    outside.coefficients.push_back(divides ? coefficient / divisor : 0);
    if (divides)
      coefficient = 0;
  }
  outside.rest = dividend.rest.floorDiv(divisor);
  dividend.rest = dividend.rest % divisor;
  if (!hasVariables(dividend))
    return outside;
  double bound = 2;
  for (auto [variable, coefficient] : llvm::enumerate(dividend.coefficients))
    bound += std::abs(static_cast<double>(coefficient)) / divisor *
             getVariableBound(variable);
  size_t position = 2;
  for (const Quotient &known : quotients) {
    PairForm extended = dividend;
    extended.coefficients.resize(known.dividend.coefficients.size());
    if (known.divisor == divisor && known.dividend.rest == dividend.rest &&
        dividend.coefficients.size() <= known.dividend.coefficients.size() &&
        extended.coefficients == known.dividend.coefficients)
      break;
    ++position;
  }
  if (position - 2 == quotients.size()) {
    quotients.push_back({dividend, divisor, bound});
    isSplit.push_back(false);
  }
  if (outside.coefficients.size() <= position)
    outside.coefficients.resize(position + 1);
  outside.coefficients[position] += 1;
  return outside;
}

std::optional<PairForm> PairSystem::flatten(AffineExpr expr,
                                            std::string &reason) {
  PairForm result{{0, 0}, constant(0)};
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (dim && dim.getPosition() == numBatch)
      result.coefficients[queryVariable] = 1;
    else if (dim && dim.getPosition() == numBatch + 1)
      result.coefficients[keyVariable] = 1;
    else
      result.rest = expr;
    return result;
  }
  std::optional<PairForm> lhs = flatten(binary.getLHS(), reason);
  if (!lhs)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add) {
    std::optional<PairForm> rhs = flatten(binary.getRHS(), reason);
    if (!rhs)
      return std::nullopt;
    std::optional<PairForm> sum = combine(*lhs, 1, *rhs, 1);
    if (!sum)
      reason = tooComplicated;
    return sum;
  }
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (!factor) {
    reason = expr.getKind() == AffineExprKind::Mul ? "it has a product"
                                                   : "it divides by a symbol";
    return std::nullopt;
  }
  int64_t value = factor.getValue();
  std::optional<PairForm> combined;
  switch (expr.getKind()) {
  case AffineExprKind::Mul:
    combined = combine(*lhs, value, result, 0);
    break;
  case AffineExprKind::FloorDiv:
    return divide(*lhs, value, reason);
  case AffineExprKind::CeilDiv:
    lhs->rest = lhs->rest + (value - 1);
    return divide(*lhs, value, reason);
  default: {
    std::optional<PairForm> quotient = divide(*lhs, value, reason);
    if (!quotient)
      return std::nullopt;
    combined = combine(*lhs, 1, *quotient, -value);
    // Known to be small in this form.
    if (combined)
      combined->rest = lhs->rest % value;
  }
  }
  if (!combined)
    reason = tooComplicated;
  return combined;
}

LogicalResult PairSystem::addRow(PairForm form, std::string &reason) {
  double others = 1;
  for (auto [variable, coefficient] : llvm::enumerate(form.coefficients))
    others +=
        std::abs(static_cast<double>(coefficient)) * getVariableBound(variable);
  double limit = std::exp2(std::ceil(std::log2(others)) + 1);
  double bound = getMagnitude(form.rest);
  reason = tooComplicated;
  if (rows.size() == maxRows || limit > maxBound / 4)
    return failure();
  if (hasSymbols(form.rest)) {
    ClampedTerm term{form.rest, static_cast<int64_t>(limit)};
    auto *found = llvm::find_if(terms, [&](const ClampedTerm &known) {
      return known.expr == term.expr && known.limit == term.limit;
    });
    unsigned position = numSymbols + (found - terms.begin());
    if (found == terms.end())
      terms.push_back(term);
    form.rest = getAffineSymbolExpr(position, context);
    bound = limit;
  } else if (auto value = dyn_cast<AffineConstantExpr>(form.rest)) {
    // The sign of the whole is the rest's beyond the limit.
    int64_t most = static_cast<int64_t>(limit);
    form.rest = constant(std::clamp(value.getValue(), -most, most));
    bound = std::min(bound, limit);
  }
  if (bound > maxBound / 4)
    return failure();
  rows.push_back({std::move(form), bound, /*isDefinition=*/false});
  reason.clear();
  return success();
}

LogicalResult PairSystem::addConstraint(const KeySet &member, AffineExpr expr,
                                        bool negated, std::string &reason) {
  SmallVector<AffineExpr> symbols;
  for (unsigned position : member.symbols)
    symbols.push_back(getAffineSymbolExpr(position, context));
  std::optional<PairForm> form = flatten(expr.replaceSymbols(symbols), reason);
  if (!form)
    return failure();
  if (negated) {
    for (int64_t &coefficient : form->coefficients)
      coefficient = -coefficient;
    form->rest = -form->rest - 1;
  }
  return addRow(*form, reason);
}

LogicalResult PairSystem::addSet(const KeySet &member, std::string &reason) {
  for (auto [index, expr] : llvm::enumerate(member.set.getConstraints())) {
    if (failed(addConstraint(member, expr, /*negated=*/false, reason)))
      return failure();
    if (member.set.isEq(index) &&
        failed(addConstraint(member, -expr, /*negated=*/false, reason)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Elimination
//===----------------------------------------------------------------------===//

namespace {
/// What is left of a system while variables are eliminated.
class Elimination {
public:
  Elimination(SmallVector<PairRow> rows, unsigned numBatch)
      : numBatch(numBatch) {
    for (PairRow &row : rows)
      add(std::move(row));
  }

  /// Eliminates what can be, exactly. Fails if it gets too much.
  LogicalResult run();

  bool isEmpty() const { return empty; }
  FailureOr<KeyFamily> getFamily();

private:
  void add(PairRow row);
  bool isProvedNonNegative(AffineExpr expr) const {
    std::optional<int64_t> bound = getLowerBound(expr, numBatch + 1);
    return bound && *bound >= 0;
  }
  std::optional<PairRow> combineRows(const PairRow &x, int64_t a,
                                     const PairRow &y, int64_t b);
  bool substitute(unsigned variable);
  std::optional<size_t> getCost(unsigned variable);
  void eliminate(unsigned variable);

  unsigned numBatch;
  SmallVector<PairRow> rows;
  SmallVector<AffineExpr> conditions;
  bool empty = false, isTooLarge = false;
};
} // namespace

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

//===----------------------------------------------------------------------===//
// Projection
//===----------------------------------------------------------------------===//

int64_t PairSystem::getMinWidth(const KeyFamily &family,
                                std::optional<int64_t> numQueries) const {
  int64_t width = std::numeric_limits<int64_t>::max();
  AffineExpr queries = getAffineDimExpr(numBatch + 1, context);
  for (AffineExpr begin : family.begins)
    for (AffineExpr end : family.ends) {
      AffineExpr expr = end - begin + 1;
      if (numQueries)
        expr = expr.replace(queries, constant(*numQueries));
      std::optional<int64_t> bound = getLowerBound(expr, numBatch + 1);
      if (!bound)
        return std::numeric_limits<int64_t>::min();
      width = std::min(width, *bound);
    }
  return width;
}

/// Where that fails, cases are made of what a quotient of the query is, which
/// has few values within a block: i floordiv 512 is (first query) floordiv 512
/// or one more.
FailureOr<std::vector<KeyFamily>>
PairSystem::project(int64_t numBlockQueries) const {
  std::vector<KeyFamily> families;
  FailureOr<std::optional<KeyFamily>> whole = projectWhole();
  if (succeeded(whole)) {
    if (*whole)
      families.push_back(**whole);
    return families;
  }
  for (auto [index, quotient] : llvm::enumerate(quotients)) {
    ArrayRef<int64_t> coefficients = quotient.dividend.coefficients;
    int64_t slope = coefficients[queryVariable];
    auto isOther = [](int64_t coefficient) { return coefficient != 0; };
    if (slope <= 0 || coefficients[keyVariable] != 0 ||
        llvm::any_of(coefficients.drop_front(2), isOther))
      continue;
    // As far as it can grow from the first query to the last.
    double growth = std::ceil(static_cast<double>(slope) *
                              (numBlockQueries - 1) / quotient.divisor);
    if (growth >= maxCases || isSplit[index])
      continue;
    AffineExpr least =
        (getAffineDimExpr(numBatch, context) * slope + quotient.dividend.rest)
            .floorDiv(quotient.divisor);
    for (int64_t more = 0; more <= growth; ++more) {
      PairSystem part(*this);
      part.isSplit[index] = true;
      for (int64_t sign : {1, -1}) {
        PairForm form;
        form.coefficients.resize(3 + index);
        form.coefficients.back() = sign;
        form.rest = (least + more) * -sign;
        part.rows.push_back({form, quotient.bound, /*isDefinition=*/false});
      }
      FailureOr<std::vector<KeyFamily>> found = part.project(numBlockQueries);
      if (failed(found))
        return failure();
      llvm::append_range(families, *found);
    }
    return families;
  }
  return failure();
}

FailureOr<std::optional<KeyFamily>> PairSystem::projectWhole() const {
  size_t numVariables = 2 + quotients.size();
  SmallVector<PairRow> all;
  auto define = [&](PairForm form, unsigned variable, int64_t coefficient,
                    AffineExpr rest, double bound) {
    form.coefficients.resize(numVariables);
    form.coefficients[variable] += coefficient;
    form.rest = form.rest + rest;
    all.push_back({std::move(form), bound, /*isDefinition=*/true});
  };
  PairForm zero{{0, 0}, constant(0)};
  AffineExpr firstQuery = getAffineDimExpr(numBatch, context);
  AffineExpr numQueries = getAffineDimExpr(numBatch + 1, context);
  define(zero, queryVariable, 1, -firstQuery, maxIndex);
  define(zero, queryVariable, -1, firstQuery + numQueries - 1, 2 * maxIndex);
  for (auto [index, quotient] : llvm::enumerate(quotients)) {
    const PairForm &dividend = quotient.dividend;
    PairForm negated = dividend;
    for (int64_t &coefficient : negated.coefficients)
      coefficient = -coefficient;
    negated.rest = -negated.rest;
    double bound = 2.0 * quotient.divisor;
    define(dividend, 2 + index, -quotient.divisor, constant(0), bound);
    define(negated, 2 + index, quotient.divisor, constant(quotient.divisor - 1),
           bound);
  }
  for (PairRow row : rows) {
    row.form.coefficients.resize(numVariables);
    all.push_back(std::move(row));
  }
  Elimination elimination(std::move(all), numBatch);
  if (failed(elimination.run()))
    return failure();
  if (elimination.isEmpty())
    return std::optional<KeyFamily>();
  FailureOr<KeyFamily> family = elimination.getFamily();
  if (failed(family))
    return failure();
  if (family->period == 0 ||
      getMinWidth(*family, std::nullopt) < family->period)
    return std::optional<KeyFamily>(*family);

  // Members that touch each other are a range from the first to the last.
  KeyFamily range;
  range.conditions = family->conditions;
  range.lowers = family->lowers;
  range.uppers = family->uppers;
  for (AffineExpr first : family->firsts) {
    for (AffineExpr begin : family->begins)
      range.lowers.push_back(first * family->period + begin);
    for (AffineExpr last : family->lasts) {
      std::optional<int64_t> bound = getLowerBound(last - first, numBatch + 1);
      if (!bound || *bound < 0)
        range.conditions.push_back(last - first);
    }
  }
  for (AffineExpr last : family->lasts)
    for (AffineExpr end : family->ends)
      range.uppers.push_back(last * family->period + end);
  return std::optional<KeyFamily>(range);
}
