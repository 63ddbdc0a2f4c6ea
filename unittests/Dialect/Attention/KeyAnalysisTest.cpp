//===- KeyAnalysisTest.cpp - Which keys a block of queries sees -----------===//
//
// Brute force over random sets: no pair is missed, no full segment has a hole,
// no visited block is empty, and patterns that people write never fall back.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/KeyAnalysis.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <chrono>
#include <random>

using namespace mlir;
using namespace mlir::attention;

/// The value of an expression over (b, i, j) and symbols, independently of the
/// analysis.
static int64_t evaluate(AffineExpr expr, ArrayRef<int64_t> dims,
                        ArrayRef<int64_t> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t a = evaluate(binary.getLHS(), dims, symbols);
  int64_t b = evaluate(binary.getRHS(), dims, symbols);
  int64_t remainder = b > 0 ? ((a % b) + b) % b : 0;
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return a + b;
  case AffineExprKind::Mul:
    return a * b;
  case AffineExprKind::Mod:
    return remainder;
  case AffineExprKind::FloorDiv:
    return (a - remainder) / b;
  default:
    return remainder == 0 ? a / b : (a - remainder) / b + 1;
  }
}

namespace {
using Unions = SmallVector<SmallVector<KeySet>>;

class KeyAnalysisTest : public ::testing::Test {
protected:
  KeyAnalysisTest() {
    bindDims(&context, b, i, j);
    bindSymbols(&context, s, t);
  }

  /// A set in which the constraints ≥ 0 hold, and the equalities.
  KeySet set(ArrayRef<AffineExpr> inequalities,
             ArrayRef<AffineExpr> equalities = {}) {
    SmallVector<AffineExpr> constraints(inequalities);
    llvm::append_range(constraints, equalities);
    SmallVector<bool> flags(inequalities.size(), false);
    flags.append(equalities.size(), true);
    return {IntegerSet::get(3, 2, constraints, flags), {0, 1}};
  }

  static bool contains(const KeySet &member, ArrayRef<int64_t> pair,
                       ArrayRef<int64_t> symbols) {
    for (auto [index, expr] : llvm::enumerate(member.set.getConstraints())) {
      int64_t value = evaluate(expr, pair, symbols);
      if (member.set.isEq(index) ? value != 0 : value < 0)
        return false;
    }
    return true;
  }

  /// Compares one block of queries with what the sets say of every pair.
  static void check(const KeyAnalysis &analysis, const Unions &unions,
                    int64_t batch, int64_t firstQuery, int64_t numQueries,
                    ArrayRef<int64_t> symbols, int64_t firstKey, int64_t endKey,
                    int64_t numBlockKeys) {
    int64_t numKeys = endKey - firstKey;
    // By key: whether some query sees it, and whether all do.
    std::vector<bool> some(numKeys, false), all(numKeys, true);
    for (int64_t key = firstKey; key < endKey; ++key)
      for (int64_t query = firstQuery; query < firstQuery + numQueries;
           ++query) {
        bool allowed = true, decided = true;
        for (auto [members, isDecided] : llvm::zip(unions, analysis.decided)) {
          bool inUnion = llvm::any_of(members, [&](const KeySet &member) {
            return contains(member, {batch, query, key}, symbols);
          });
          allowed &= inUnion;
          decided &= inUnion || !isDecided;
        }
        if (allowed)
          some[key - firstKey] = true;
        if (!decided)
          all[key - firstKey] = false;
      }

    int64_t position = firstKey;
    auto expectHidden = [&](int64_t end) {
      for (; position < end; ++position)
        EXPECT_FALSE(some[position - firstKey]) << "key " << position;
    };
    for (KeySegment segment :
         listKeySegments(analysis, {batch, firstQuery, numQueries}, symbols,
                         firstKey, endKey)) {
      ASSERT_GE(segment.begin, position);
      ASSERT_GT(segment.end, segment.begin);
      ASSERT_LE(segment.end, endKey);
      expectHidden(segment.begin);
      for (; position < segment.end; ++position)
        if (segment.full)
          EXPECT_TRUE(all[position - firstKey]) << "key " << position;
      if (!analysis.reasons.empty())
        continue;
      for (int64_t key = segment.begin; key < segment.end;
           key += numBlockKeys) {
        bool isVisible = false;
        for (int64_t k = key; k < std::min(key + numBlockKeys, segment.end);
             ++k)
          isVisible |= some[k - firstKey];
        EXPECT_TRUE(isVisible) << "block at key " << key;
      }
    }
    expectHidden(endKey);
  }

  void checkBlocks(const Unions &unions, ArrayRef<int64_t> symbols,
                   int64_t numQueries, int64_t firstKey, int64_t endKey,
                   KeyAnalysisOptions options) {
    KeyAnalysis analysis = analyzeKeys(&context, 1, 2, unions, options);
    for (int64_t query = 0; query < numQueries;
         query += options.numBlockQueries)
      check(analysis, unions, /*batch=*/query % 3, query,
            std::min(options.numBlockQueries, numQueries - query), symbols,
            firstKey, endKey, options.numBlockKeys);
    ++numAnalyses;
    numExact += analysis.reasons.empty();
  }

  MLIRContext context;
  AffineExpr b, i, j, s, t;
  int64_t numAnalyses = 0, numExact = 0;
};
} // namespace

/// A random expression over b, i, j and symbols.
template <typename Pick>
static AffineExpr makeTerm(Pick pick, ArrayRef<AffineExpr> atoms) {
  auto linear = [&]() {
    AffineExpr i = atoms[1], j = atoms[2];
    switch (pick(0, 7)) {
    case 0:
    case 1:
      return i - j;
    case 2:
      return j;
    case 3:
      return i;
    case 4:
      return i + j;
    case 5:
      return i * pick(-2, 2) + j * pick(-2, 2);
    case 6:
      return j - i;
    default:
      return j * pick(1, 3) - i;
    }
  };
  auto shifted = [&]() {
    AffineExpr expr = linear() + pick(-20, 20);
    if (pick(0, 5) == 0)
      expr = expr + atoms[pick(3, 4)];
    if (pick(0, 7) == 0)
      expr = expr + atoms[0] * pick(-3, 3);
    return expr;
  };
  int64_t divisors[] = {1, 2, 3, 4, 5, 7, 8, 16, 30};
  int64_t divisor = divisors[pick(0, 8)];
  switch (pick(0, 7)) {
  case 0:
    return shifted().floorDiv(divisor) - pick(-3, 3);
  case 1:
    return pick(-1, 8) - shifted() % divisor;
  case 2:
    return atoms[1].floorDiv(divisor) - atoms[2].floorDiv(divisor) +
           pick(-1, 1);
  case 3:
    return atoms[2].ceilDiv(divisor) - shifted();
  default:
    return shifted();
  }
}

TEST_F(KeyAnalysisTest, randomSets) {
  std::mt19937 random(20240229);
  auto pick = [&](int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random() % (most - least + 1));
  };
  SmallVector<AffineExpr> atoms = {b, i, j, s, t};
  for (int trial = 0; trial < 4000; ++trial) {
    Unions unions(pick(1, 3));
    for (auto &members : unions) {
      for (int64_t n = pick(1, 5) <= 3 ? 1 : pick(2, 3); n > 0; --n) {
        SmallVector<AffineExpr> inequalities, equalities;
        for (int64_t m = pick(1, 3); m > 0; --m) {
          AffineExpr expr = makeTerm(pick, atoms);
          (pick(0, 4) == 0 ? equalities : inequalities).push_back(expr);
        }
        members.push_back(set(inequalities, equalities));
      }
    }
    int64_t queries[] = {1, 4, 16}, keys[] = {4, 8, 24};
    SmallVector<int64_t> symbols = {pick(-30, 60), pick(-5, 5)};
    int64_t firstKey = pick(0, 3) == 0 ? pick(0, 20) : 0;
    checkBlocks(unions, symbols, pick(1, 40), firstKey, firstKey + pick(0, 60),
                {queries[pick(0, 2)], keys[pick(0, 2)]});
    if (HasFailure()) {
      std::string text;
      llvm::raw_string_ostream os(text);
      for (auto &members : unions) {
        os << "union\n";
        for (const KeySet &member : members) {
          for (auto [index, expr] :
               llvm::enumerate(member.set.getConstraints()))
            os << "  " << expr << (member.set.isEq(index) ? " == 0" : " >= 0");
          os << "\n";
        }
      }
      printKeyAnalysis(os, analyzeKeys(&context, 1, 2, unions, {16, 24}));
      FAIL() << "trial " << trial << " symbols " << symbols[0] << " "
             << symbols[1] << " first key " << firstKey << "\n"
             << text;
    }
  }
  // What falls back is wild.
  EXPECT_GT(numExact * 10, numAnalyses * 6);
}

TEST_F(KeyAnalysisTest, patternsAreExact) {
  auto documents = [&](int64_t size) {
    return set({}, {i.floorDiv(size) - j.floorDiv(size)});
  };
  auto dilated = [&](int64_t step) { return set({}, {(i - j) % step}); };
  KeySet causal = set({i - j}), window = set({j - i + s, i - j + s}),
         length = set({t + 20 - j}), strided = set({3 - j % 16}),
         global = set({5 - j}), globalQuery = set({5 - i}),
         bottomRight = set({i + t - j}), diagonal = set({}, {i - j}),
         ahead = set({i - j - 2, j - i + 9}), never = set({-j - 1});
  SmallVector<Unions> patterns = {
      {{causal}},
      {{bottomRight}},
      {{window}},
      {{causal}, {window}, {length}},
      {{causal, global}},
      {{causal, global}, {length}},
      {{causal}, {global, globalQuery, window}},
      {{documents(8)}},
      {{documents(10)}, {causal}},
      {{documents(7)}, {window}, {length}},
      {{documents(16)}, {dilated(3)}},
      {{documents(16)}, {dilated(3)}, {causal}},
      {{documents(12), window}, {causal}},
      {{documents(20)}, {strided}},
      {{dilated(2)}},
      {{dilated(30)}, {causal}},
      {{dilated(30), window}, {causal}},
      {{dilated(5)}, {window}, {length}},
      {{strided}},
      {{strided, window}, {causal}},
      {{strided}, {length}, {causal}},
      {{diagonal}},
      {{diagonal, global}},
      {{ahead}},
      {{never, causal}},
      {{never}},
      {},
  };
  for (auto [index, unions] : llvm::enumerate(patterns))
    for (int64_t queryBlock : {1, 4, 16, 64})
      for (int64_t keyBlock : {1, 8, 32})
        for (SmallVector<int64_t> symbols :
             {SmallVector<int64_t>{6, 3}, SmallVector<int64_t>{40, -30}}) {
          SCOPED_TRACE("pattern " + std::to_string(index));
          checkBlocks(unions, symbols, 75, 0, 90, {queryBlock, keyBlock});
          EXPECT_EQ(numExact, numAnalyses);
          if (HasFailure())
            return;
        }
}

// Sizes of symbols do not matter, as long as the expressions have 64 bits.
TEST_F(KeyAnalysisTest, wideSymbols) {
  int64_t most = std::numeric_limits<int64_t>::max();
  KeySet length = set({s - j}), window = set({j - i + s, i - j + t}),
         start = set({j + s - 100}),
         documents = set({}, {(i + s).floorDiv(7) - (j + s).floorDiv(7)});
  SmallVector<Unions> patterns = {{{length}},
                                  {{window}},
                                  {{start}},
                                  {{documents}},
                                  {{length, start}, {window}}};
  for (const Unions &unions : patterns)
    for (int64_t value :
         {most - 200, -most + 200, int64_t(1) << 62, -(int64_t(1) << 62),
          int64_t(1) << 40, -(int64_t(1) << 32), int64_t(1) << 31})
      checkBlocks(unions, {value, most - 200}, 40, 0, 60, {16, 8});
  EXPECT_EQ(numExact, numAnalyses);
  EXPECT_FALSE(HasFailure());
}

// Sets that nobody writes take milliseconds, and give up.
TEST_F(KeyAnalysisTest, timeIsBounded) {
  Unions unions;
  for (int64_t n = 2; n < 18; ++n) {
    SmallVector<AffineExpr> inequalities;
    for (int64_t m = 1; m < 5; ++m)
      inequalities.push_back((i * n - j * m + s).floorDiv(n + 3) % (m + 5) -
                             (i * m + j).floorDiv(m + 7) + t);
    unions.push_back({set(inequalities), set({i - j})});
  }
  unions.push_back({set({(i * ((int64_t(1) << 62)) - j * 3)})});
  unions.push_back({set({i * s + j.floorDiv(3)})});
  auto start = std::chrono::steady_clock::now();
  KeyAnalysis analysis = analyzeKeys(&context, 1, 2, unions, {64, 128});
  std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  EXPECT_LT(time.count(), 1);
  EXPECT_FALSE(analysis.reasons.empty());
  check(analysis, unions, 0, 0, 16, {100, 20}, 0, 40, 128);
}
