//===- FusableAttention.cpp - What attention.fused is made of -------------===//
//
// Walks back from a context, or from weights that have none, to the score
// function, or to a tensor of scores: those of others, and those that somebody
// else uses, since they have to be computed for it after all. Weights may have
// other users: what reads them in a known way goes along, and for others they
// are a result.
//
//===----------------------------------------------------------------------===//

#include "FusableAttention.h"

#include "ScoresInMemory.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::attention;

/// "'name' at place"
static std::string describe(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "'" << op->getName() << "' at " << op->getLoc();
  return text;
}

/// Whether `op` uses `value` once and nobody else does.
static LogicalResult isOnlyUser(Value value, StringRef name, Operation *op,
                                std::string &reason) {
  bool isFirst = true;
  for (Operation *user : value.getUsers()) {
    if (user == op && std::exchange(isFirst, false))
      continue;
    reason = (name + " have another user, " + describe(user)).str();
    return failure();
  }
  return success();
}

/// Whether `op`, which makes what is called `name`, is in the block of `end`:
/// elsewhere it may run less often than that does.
static LogicalResult isInBlock(Operation *op, StringRef name, Operation *end,
                               std::string &reason) {
  if (op->getBlock() == end->getBlock())
    return success();
  reason = (name + " are made in another block, by " + describe(op)).str();
  return failure();
}

/// The first user of `value` in the block of `context` but for it, or null.
static Operation *findFirstUser(Value value, ContextOp context) {
  Block *block = context->getBlock();
  Operation *first = nullptr;
  for (Operation *user : value.getUsers()) {
    Operation *ancestor = block->findAncestorOpInBlock(*user);
    if (ancestor && ancestor != context &&
        (!first || ancestor->isBeforeInBlock(first)))
      first = ancestor;
  }
  return first;
}

/// The fused operation stands at the context, or before the first user of
/// another result; without a context, where the weights are made.
static LogicalResult findPosition(FusableAttention &found,
                                  std::string &reason) {
  found.position = found.normaliser;
  if (!found.context)
    return success();
  Block *block = found.context->getBlock();
  found.position = found.context;
  std::string name;
  auto standBeforeUsers = [&](Value result, const Twine &resultName) {
    Operation *user = result ? findFirstUser(result, found.context) : nullptr;
    if (!user || !user->isBeforeInBlock(found.position))
      return;
    found.position = user;
    name = resultName.str();
  };
  standBeforeUsers(found.lse, "the log-sum-exp");
  standBeforeUsers(found.weights, "the weights");
  SmallVector<Operation *> readers(found.readings.begin(),
                                   found.readings.end());
  readers.append(found.columnMasses.begin(), found.columnMasses.end());
  for (Operation *reader : readers)
    for (Value result : reader->getResults())
      standBeforeUsers(result, "'" + reader->getName().getStringRef() + "'");
  Operation *value = found.context.getValue().getDefiningOp();
  if (found.position == found.context || !value || value->getBlock() != block ||
      value->isBeforeInBlock(found.position))
    return success();
  reason = "the values are made after a user of " + name + ", " +
           describe(found.position);
  return failure();
}

/// Finds what becomes of the users of the weights: readings in their block go
/// along, unless the context's values are theirs.
static void classifyUsers(FusableAttention &found, Value weights) {
  SmallVector<Operation *> readers;
  for (Operation *user : weights.getUsers()) {
    if (user == found.context)
      continue;
    bool mayBeAbsorbed =
        isa<RowReadingOpInterface, ColumnMassOp>(user) &&
        user->getBlock() == found.normaliser->getBlock() &&
        !(found.context &&
          llvm::is_contained(user->getResults(), found.context.getValue()));
    if (mayBeAbsorbed)
      readers.push_back(user);
    else
      found.weights = weights;
  }
  llvm::sort(readers,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  for (Operation *reader : readers) {
    if (auto mass = dyn_cast<ColumnMassOp>(reader)) {
      found.columnMasses.push_back(mass);
      continue;
    }
    auto op = cast<RowReadingOpInterface>(reader);
    auto reading =
        dyn_cast_or_null<RowReadingAttrInterface>(op.getRowReading());
    bool isCompatible = reading && reading.isCompatible(found.online);
    (isCompatible ? found.readings : found.incompatible).push_back(op);
  }
  if (!found.incompatible.empty())
    found.weights = weights;
}

/// Finds the rest of `found`, of which the normaliser and the context are
/// known.
static FailureOr<FusableAttention> findRest(FusableAttention found,
                                            std::string &reason) {
  found.online = dyn_cast_or_null<OnlineNormaliserAttrInterface>(
      found.normaliser.getOnlineNormaliser());
  if (!found.online) {
    reason = "the normaliser " + describe(found.normaliser) +
             " has no form that reads keys block by block";
    return failure();
  }
  classifyUsers(found, found.normaliser.getWeights());
  for (Value result : found.normaliser.getRowResults())
    if (!result.use_empty())
      found.lse = result;

  Operation *user = found.normaliser;
  found.scores = found.normaliser.getScores();
  while (true) {
    Operation *op = found.scores.getDefiningOp();
    if (!isa_and_nonnull<ScoreChangeOpInterface, ScoreOpInterface>(op)) {
      found.whyInMemory = "the scores are not a score function's";
      break;
    }
    if (failed(
            isOnlyUser(found.scores, "the scores", user, found.whyInMemory)) ||
        failed(
            isInBlock(op, "the scores", found.normaliser, found.whyInMemory)))
      break;
    user = op;
    found.score = dyn_cast<ScoreOpInterface>(op);
    if (found.score)
      break;
    found.changes.push_back(cast<ScoreChangeOpInterface>(op));
    found.scores = found.changes.back().getScores();
  }
  std::reverse(found.changes.begin(), found.changes.end());
  if (failed(findPosition(found, reason)))
    return failure();
  return found;
}

FailureOr<FusableAttention>
attention::findFusableAttention(ContextOp context, std::string &reason) {
  FusableAttention found;
  found.context = context;
  Value weights = context.getWeights();
  found.normaliser = weights.getDefiningOp<NormaliserOpInterface>();
  if (!found.normaliser || found.normaliser.getWeights() != weights) {
    reason = "the weights are not a normaliser's";
    return failure();
  }
  if (failed(isInBlock(found.normaliser, "the weights", context, reason)))
    return failure();
  if (context.getValue() == weights) {
    reason = "the weights are the values too";
    return failure();
  }
  return findRest(std::move(found), reason);
}

FailureOr<FusableAttention>
attention::findFusableAttention(NormaliserOpInterface normaliser,
                                std::string &reason) {
  FusableAttention found;
  found.normaliser = normaliser;
  return findRest(std::move(found), reason);
}

SmallVector<ScoreChange> FusableAttention::getScoreChanges() {
  SmallVector<ScoreChange> steps;
  if (!score)
    steps.push_back(getScoresAsChange(scores));
  for (ScoreChangeOpInterface change : changes)
    llvm::append_range(steps, change.getScoreChanges());
  return steps;
}
