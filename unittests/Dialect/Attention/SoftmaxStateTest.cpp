//===- SoftmaxStateTest.cpp - The softmax state in parts ------------------===//
//
// Merging the states of two sets of keys gives the state of all keys, wherever
// the row is split: what block-wise, split and distributed evaluation rely on.
// The exact lowering reads a row in one go, so lit cannot see it. The code that
// NormaliserOpInterface builds is evaluated by constant folding.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionDialect.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <optional>

using namespace mlir;
using namespace mlir::attention;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();

/// What a row comes to: its log-sum-exp and the weight of each score.
struct Row {
  double lse;
  SmallVector<double> weights;
};

/// The definition. A score of −infinity is an absent key; a live one of
/// +infinity or NaN makes the row NaN.
Row getExpected(ArrayRef<double> scores, std::optional<double> sink) {
  SmallVector<double> all(scores);
  if (sink)
    all.push_back(*sink);
  double maximum = -infinity;
  bool isNaN = false;
  for (double score : all) {
    isNaN |= std::isnan(score) || score == infinity;
    maximum = std::max(maximum, score);
  }
  double sum = 0;
  for (double score : all)
    sum += score == -infinity ? 0 : std::exp(score - maximum);
  Row row{isNaN      ? notANumber
          : sum == 0 ? -infinity
                     : maximum + std::log(sum),
          {}};
  for (double score : scores)
    row.weights.push_back(score == -infinity ? 0 : std::exp(score - row.lse));
  return row;
}

class SoftmaxStateTest : public ::testing::Test {
protected:
  SoftmaxStateTest() : builder(&context), loc(builder.getUnknownLoc()) {
    context.loadDialect<AttentionDialect, arith::ArithDialect,
                        func::FuncDialect, math::MathDialect>();
    module = parseSourceString<ModuleOp>(
        R"(func.func @row(%s: tensor<1x1x?xf64>, %sink: tensor<1xf64>) {
             %w, %lse = attention.softmax %s sinks(%sink : tensor<1xf64>)
                      : tensor<1x1x?xf64>, tensor<1x1xf64>
             return
           })",
        &context);
    module->walk([&](NormaliserOpInterface op) { normaliser = op; });
    builder.setInsertionPointAfter(normaliser);
  }

  Value makeConstant(double value) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getF64FloatAttr(value));
  }

  /// The value by folding all that it is computed from.
  Attribute fold(Value value) {
    Operation *op = value.getDefiningOp();
    SmallVector<Attribute> operands;
    for (Value operand : op->getOperands())
      operands.push_back(fold(operand));
    SmallVector<OpFoldResult> results;
    if (failed(op->fold(operands, results)))
      return {};
    if (results.empty())
      return fold(op->getResult(0));
    if (auto folded = dyn_cast<Value>(results.front()))
      return fold(folded);
    return cast<Attribute>(results.front());
  }

  double evaluate(Value value) {
    auto attr = dyn_cast_or_null<FloatAttr>(fold(value));
    if (!attr) {
      ADD_FAILURE() << "the state's code does not fold";
      return 0;
    }
    return attr.getValueAsDouble();
  }

  /// The state of these keys, with the sink if one is given.
  SmallVector<Value> buildState(ArrayRef<double> scores,
                                std::optional<double> sink) {
    SmallVector<Value> initElements;
    if (sink)
      initElements.push_back(makeConstant(*sink));
    SmallVector<Value> state = normaliser.buildInit(builder, loc, initElements);
    for (double score : scores)
      state = normaliser.buildUpdate(builder, loc, state, makeConstant(score));
    return state;
  }

  void expectRow(ValueRange state, ArrayRef<double> scores, const Row &row) {
    auto expectNear = [](double found, double expected) {
      if (std::isnan(expected))
        EXPECT_TRUE(std::isnan(found)) << found;
      else if (std::isinf(expected))
        EXPECT_EQ(found, expected);
      else
        EXPECT_NEAR(found, expected, 1e-13 * std::max(1.0, fabs(expected)));
    };
    SmallVector<Value> results =
        normaliser.buildRowResults(builder, loc, state);
    ASSERT_EQ(results.size(), 1u);
    expectNear(evaluate(results[0]), row.lse);
    for (auto [score, weight] : llvm::zip_equal(scores, row.weights))
      expectNear(evaluate(normaliser.buildWeight(builder, loc,
                                                 makeConstant(score), state)),
                 weight);
  }

  /// Splits the row at every place, in both orders; the sink, if any, belongs
  /// to one part.
  void checkAllSplits(ArrayRef<double> scores, std::optional<double> sink) {
    Row row = getExpected(scores, sink);
    for (size_t split = 0; split <= scores.size(); ++split) {
      SCOPED_TRACE("split at " + std::to_string(split));
      SmallVector<Value> first = buildState(scores.take_front(split), sink);
      SmallVector<Value> second =
          buildState(scores.drop_front(split), std::nullopt);
      expectRow(normaliser.buildMerge(builder, loc, first, second), scores,
                row);
      expectRow(normaliser.buildMerge(builder, loc, second, first), scores,
                row);
    }
  }

  MLIRContext context;
  OpBuilder builder;
  Location loc;
  OwningOpRef<ModuleOp> module;
  NormaliserOpInterface normaliser;
};
} // namespace

TEST_F(SoftmaxStateTest, MergesOrdinaryRows) {
  checkAllSplits({0.5, -1.25, 3.0, 2.0}, std::nullopt);
  checkAllSplits({0.5, -1.25, 3.0, 2.0}, 1.5);
}

TEST_F(SoftmaxStateTest, MergesScoresFarApart) {
  // exp of these overflows or underflows without the maximum taken off.
  checkAllSplits({1000.0, -1000.0, 999.0}, std::nullopt);
  checkAllSplits({-2000.0, -1999.0, -1e300}, std::nullopt);
  checkAllSplits({-2000.0, -1999.0}, 1000.0);
}

TEST_F(SoftmaxStateTest, AbsentKeysLeaveTheStateAsItIs) {
  checkAllSplits({-infinity, 1.0, -infinity, -infinity, 2.0}, std::nullopt);
  checkAllSplits({-infinity, -infinity, -1e300}, std::nullopt);
}

TEST_F(SoftmaxStateTest, EmptyRowsHaveNoWeightAndNoNaN) {
  checkAllSplits({}, std::nullopt);
  checkAllSplits({-infinity, -infinity, -infinity}, std::nullopt);
  checkAllSplits({-infinity, -infinity}, 0.25);
  checkAllSplits({-infinity, -infinity}, -infinity);
}

TEST_F(SoftmaxStateTest, NonFiniteLiveScoresReachTheRow) {
  checkAllSplits({1.0, notANumber, -infinity}, std::nullopt);
  checkAllSplits({1.0, infinity, -infinity}, std::nullopt);
  checkAllSplits({1.0, -infinity}, notANumber);
}
