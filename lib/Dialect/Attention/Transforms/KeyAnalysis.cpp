//===- KeyAnalysis.cpp - Which keys a block of queries sees ---------------===//
//
// Visible keys: an intersection of unions is a union of conjunctions, each
// projected onto the keys. Keys that not all queries see: for each constraint
// of a set, those where a query violates it, a projection too.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/KeyAnalysis.h"

#include "PairSystem.h"

using namespace mlir;
using namespace mlir::attention;

/// Limits that keep the time and the code small: sets of a union, constraints
/// of all sets, conjunctions, and families.
static constexpr size_t maxMembers = 16, maxConstraints = 64,
                        maxConjunctions = 16, maxFamilies = 24;

/// Keys between members of a family that cost less than a block of their own.
static constexpr int64_t maxGap = 8;

/// Full keys that are worth a segment of their own.
static constexpr int64_t minFullKeys = 16;

namespace {
class Analyzer {
public:
  Analyzer(MLIRContext *context, KeyAnalysis &result,
           ArrayRef<SmallVector<KeySet>> unions,
           const KeyAnalysisOptions &options)
      : context(context), result(result), unions(unions), options(options) {}

  void run();

private:
  PairSystem makeSystem() {
    return PairSystem(context, result.numBatch, result.numSymbols,
                      result.terms);
  }
  LogicalResult checkSize(ArrayRef<KeySet> members, std::string &reason);
  LogicalResult findNotAll(ArrayRef<KeySet> members, std::string &reason);
  LogicalResult addNotAll(const KeySet &member, AffineExpr expr,
                          std::vector<KeyFamily> &families,
                          std::string &reason);
  LogicalResult findVisible(ArrayRef<unsigned> bounding, std::string &reason);

  MLIRContext *context;
  KeyAnalysis &result;
  ArrayRef<SmallVector<KeySet>> unions;
  KeyAnalysisOptions options;
  size_t numConstraints = 0;
};
} // namespace

LogicalResult Analyzer::checkSize(ArrayRef<KeySet> members,
                                  std::string &reason) {
  for (const KeySet &member : members)
    numConstraints += member.set.getNumConstraints();
  if (members.size() <= maxMembers && numConstraints <= maxConstraints)
    return success();
  reason = "there are too many sets";
  return failure();
}

/// Adds the keys at which a query violates expr ≥ 0.
LogicalResult Analyzer::addNotAll(const KeySet &member, AffineExpr expr,
                                  std::vector<KeyFamily> &families,
                                  std::string &reason) {
  PairSystem system = makeSystem();
  if (failed(system.addConstraint(member, expr, /*negated=*/true, reason)))
    return failure();
  FailureOr<std::vector<KeyFamily>> found =
      system.project(options.numBlockQueries);
  if (failed(found)) {
    reason = "it is too complicated";
    return failure();
  }
  for (KeyFamily &family : *found) {
    if (family.period != 0) {
      int64_t width = system.getMinWidth(family, options.numBlockQueries);
      family.fillsGaps = width < 0 || family.period - width < minFullKeys;
    }
    families.push_back(std::move(family));
  }
  return success();
}

LogicalResult Analyzer::findNotAll(ArrayRef<KeySet> members,
                                   std::string &reason) {
  std::vector<std::vector<KeyFamily>> notAll;
  size_t numFamilies = 0;
  for (const KeySet &member : members) {
    std::vector<KeyFamily> &families = notAll.emplace_back();
    for (auto [index, expr] : llvm::enumerate(member.set.getConstraints()))
      if (failed(addNotAll(member, expr, families, reason)) ||
          (member.set.isEq(index) &&
           failed(addNotAll(member, -expr, families, reason))))
        return failure();
    numFamilies += families.size();
  }
  if (numFamilies > maxFamilies) {
    reason = "it is too complicated";
    return failure();
  }
  result.notAll.push_back(std::move(notAll));
  return success();
}

/// The keys that some query sees by the intersection of some unions.
LogicalResult Analyzer::findVisible(ArrayRef<unsigned> bounding,
                                    std::string &reason) {
  const char *tooComplicated = bounding.size() == 1
                                   ? "it is too complicated"
                                   : "they are too complicated together";
  size_t numConjunctions = 1;
  for (unsigned index : bounding)
    numConjunctions =
        std::min(numConjunctions * unions[index].size(), maxConjunctions + 1);
  if (numConjunctions > maxConjunctions) {
    reason = tooComplicated;
    return failure();
  }
  std::vector<KeyFamily> visible;
  for (size_t number = 0; number < numConjunctions; ++number) {
    PairSystem system = makeSystem();
    size_t rest = number;
    for (unsigned index : bounding) {
      const KeySet &member = unions[index][rest % unions[index].size()];
      rest /= unions[index].size();
      if (failed(system.addSet(member, reason)))
        return failure();
    }
    FailureOr<std::vector<KeyFamily>> found =
        system.project(options.numBlockQueries);
    if (failed(found) || visible.size() + found->size() > maxFamilies) {
      reason = tooComplicated;
      return failure();
    }
    for (KeyFamily &family : *found) {
      if (family.period != 0) {
        // Blocks are never empty where a gap is shorter than they are.
        int64_t least = system.getMinWidth(family, std::nullopt);
        int64_t usual = system.getMinWidth(family, options.numBlockQueries);
        family.fillsGaps = least > 0 &&
                           family.period - least < options.numBlockKeys &&
                           family.period - usual <= maxGap;
      }
      visible.push_back(std::move(family));
    }
  }
  result.visible = std::move(visible);
  return success();
}

void Analyzer::run() {
  SmallVector<unsigned> bounding;
  for (auto [index, members] : llvm::enumerate(unions)) {
    std::string reason;
    if (failed(checkSize(members, reason))) {
      result.decided.push_back(false);
      result.reasons.push_back(reason);
      continue;
    }
    bool decided = succeeded(findNotAll(members, reason));
    result.decided.push_back(decided);
    // Whether it can bound the keys does not depend on that.
    unsigned position = index;
    std::string boundReason;
    if (succeeded(findVisible(position, boundReason)))
      bounding.push_back(index);
    else if (decided)
      reason = boundReason;
    if (!reason.empty())
      result.reasons.push_back(reason);
  }
  // Of unions that are too much together, the last is left out.
  std::string reason;
  while (failed(findVisible(bounding, reason))) {
    bounding.pop_back();
    if (result.reasons.empty() || result.reasons.back() != reason)
      result.reasons.push_back(reason);
  }
}

KeyAnalysis attention::analyzeKeys(MLIRContext *context, unsigned numBatch,
                                   unsigned numSymbols,
                                   ArrayRef<SmallVector<KeySet>> unions,
                                   const KeyAnalysisOptions &options) {
  KeyAnalysis result;
  result.numBatch = numBatch;
  result.numSymbols = numSymbols;
  Analyzer(context, result, unions, options).run();
  return result;
}
