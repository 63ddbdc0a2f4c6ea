//===- PairSystem.cpp - Sets of pairs, and the keys in them ---------------===//
//
// Quotients by constants become variables with two inequalities each, and
// symbols are kept small enough for sums of 64 bits.
//
//===----------------------------------------------------------------------===//

#include "PairSystem.h"

#include "Elimination.h"
#include "ExprBounds.h"
#include <cmath>

using namespace mlir;
using namespace mlir::attention;

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
  FailureOr<KeyFamily> found = elimination.getFamily();
  if (failed(found))
    return failure();
  const KeyFamily &family = *found;
  if (family.period == 0 || getMinWidth(family, std::nullopt) < family.period)
    return std::optional<KeyFamily>(family);

  // Members that touch each other are a range from the first to the last.
  KeyFamily range;
  range.conditions = family.conditions;
  range.lowers = family.lowers;
  range.uppers = family.uppers;
  for (AffineExpr first : family.firsts) {
    for (AffineExpr begin : family.begins)
      range.lowers.push_back(first * family.period + begin);
    for (AffineExpr last : family.lasts) {
      std::optional<int64_t> bound = getLowerBound(last - first, numBatch + 1);
      if (!bound || *bound < 0)
        range.conditions.push_back(last - first);
    }
  }
  for (AffineExpr last : family.lasts)
    for (AffineExpr end : family.ends)
      range.uppers.push_back(last * family.period + end);
  return std::optional<KeyFamily>(range);
}
