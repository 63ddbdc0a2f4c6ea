//===- RewriteScores.cpp - Pair bodies that cost less ---------------------===//
//
// A pair body is evaluated at every pair and feature. What of it depends on the
// query's or the key's element alone is computed once an element instead, and
// what is left is a product, or little more. Only the structure of the body
// counts, not which operation it came from.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "Attention/Dialect/Attention/Transforms/Passes.h"
#include "BoundedDenominator.h"
#include "ScoreParts.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"

namespace mlir::attention {
#define GEN_PASS_DEF_ATTENTIONREWRITESCORES
#include "Attention/Dialect/Attention/Transforms/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

/// Queries below which what is computed once an element does not pay.
static constexpr int64_t minQueries = 4;

namespace {
/// Builds what replaces `op`: in one form, or in two of which a condition
/// chooses.
class ScoreRewriter {
public:
  ScoreRewriter(RewriterBase &rewriter, FusedOp op)
      : builder(rewriter), loc(op.getLoc()), op(op),
        body(op.getCombine().front()), terms(body), parts(builder, op) {}

  /// Returns the new results and says in `name` what it made; or returns
  /// nothing and has changed nothing.
  SmallVector<Value> rewrite(StringRef &name) {
    bool hasSquare = false;
    Value sum = cast<YieldOp>(body.back()).getValue();
    auto expanded = terms.expand(sum, hasSquare);
    if (!expanded)
      return {};
    SmallVector<PairTerm> mixed, constant;
    for (PairTerm &term : *expanded) {
      bool isMixed = llvm::any_of(term.factors, [&](PairFactor factor) {
        return terms.getSide(factor.value) == BothSides;
      });
      if (isMixed)
        mixed.push_back(term);
      else if (terms.getSide(term) == NoSide)
        constant.push_back(term);
    }
    if (mixed.empty()) {
      name = "products";
      return rewriteProducts(*expanded, hasSquare);
    }
    if (mixed.size() == 1 && expanded->size() == 1 + constant.size()) {
      name = "factorised tanh";
      return rewriteTanh(mixed.front(), constant);
    }
    return {};
  }

private:
  /// Whether weights stay what they are if all scores of a row grow by a
  /// number, and nothing else sees the scores.
  bool isShiftInvariant() {
    return op.getNormaliser().isShiftInvariant() && !op.getLse() &&
           op.getInitOperands().empty() &&
           llvm::none_of(op.getScoreChanges(), [](const ScoreChange &change) {
             return change.kind == ScoreChangeKind::Modify;
           });
  }

  /// The op with other queries, keys and parameters, and without a pair body.
  FusedOp buildFused(Value query, Value key, ValueRange parameters,
                     ArrayRef<ScoreChange> changes) {
    auto mapped = [](ValueRange values, auto getMap) {
      SmallVector<MappedValue> result;
      for (auto [index, value] : llvm::enumerate(values))
        result.push_back({value, getMap(index)});
      return result;
    };
    return FusedOp::create(
        builder, loc, {query, op.getQueryMap()}, {key, op.getKeyMap()},
        {op.getValue(), op.getValueMap()}, parameters, op.getScale(), changes,
        op.getNormaliser(),
        mapped(op.getInitOperands(),
               [&](unsigned index) { return op.getInitMap(index); }),
        op.getOrigin(),
        mapped(op.getOuts(),
               [&](unsigned index) { return op.getOutputMap(index); }),
        op.getLse(), op.getWeights(), op.getReadings().getValue(),
        op.getColumnMass());
  }

  /// `condition` chooses between what `build` makes and the op as it is.
  SmallVector<Value> buildChoice(Value condition,
                                 function_ref<FusedOp()> build) {
    auto choice = scf::IfOp::create(
        builder, loc, condition,
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(builder, loc, build()->getResults());
        },
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(builder, loc, builder.clone(*op)->getResults());
        });
    return SmallVector<Value>(choice.getResults());
  }

  //===--------------------------------------------------------------------===//
  // tanh
  //===--------------------------------------------------------------------===//

  /// w · tanh(x + y) = w − 2w / (1 + e^2x · e^2y)
  ///
  /// with x of the query and y of the key: two exponentials an element, and for
  /// a pair a product, a sum and a division. A factor that overflows is
  /// infinite and one that underflows 0, and so is the quotient, then, what it
  /// should be up to 1e-8, if the other factor is moderate: that is what is
  /// looked for, of all queries or of all keys.
  SmallVector<Value> rewriteTanh(const PairTerm &term,
                                 ArrayRef<PairTerm> constant) {
    math::TanhOp tanh;
    PairTerm weight = {term.isNegative, {}};
    for (PairFactor factor : term.factors) {
      if (terms.getSide(factor.value) == NoSide) {
        weight.factors.push_back(factor);
        continue;
      }
      tanh = factor.isInverse ? nullptr
                              : factor.value.getDefiningOp<math::TanhOp>();
      if (!tanh)
        return {};
    }
    bool hasSquare = false;
    auto arguments = terms.expand(tanh.getOperand(), hasSquare);
    if (!arguments)
      return {};
    SmallVector<PairTerm> ofQuery, ofKey;
    for (PairTerm &argument : *arguments) {
      unsigned side = terms.getSide(argument);
      if (side == BothSides)
        return {};
      (side == KeySide ? ofKey : ofQuery).push_back(argument);
    }

    bool isF64 = op.getComputeType().isF64();
    double moderate = isF64 ? 600 : 70, heavy = isF64 ? 0x1p600 : 0x1p30;
    auto twice = [&](ArrayRef<PairTerm> side, IRMapping &mapping,
                     OpBuilder &b) {
      Value sum =
          buildPairTerms(b, loc, op.getComputeType(), side, body, mapping);
      return arith::AddFOp::create(b, loc, sum, sum).getResult();
    };
    auto isModerate = [&](unsigned side, ArrayRef<PairTerm> sideTerms) {
      return parts.buildNoneExceeds(side, moderate,
                                    [&](OpBuilder &b, IRMapping &mapping) {
                                      return twice(sideTerms, mapping, b);
                                    });
    };
    Value isSafe = isModerate(QuerySide, ofQuery);
    isSafe =
        scf::IfOp::create(
            builder, loc, isSafe,
            [&](OpBuilder &, Location) {
              scf::YieldOp::create(builder, loc, isSafe);
            },
            [&](OpBuilder &, Location) {
              scf::YieldOp::create(builder, loc, isModerate(KeySide, ofKey));
            })
            .getResult(0);
    Value weights = parts.buildParameter([&](OpBuilder &b, IRMapping &mapping) {
      return buildPairTerms(b, loc, op.getComputeType(), weight, body, mapping);
    });
    Value isLight = parts.buildNoneExceeds(weights, heavy);
    isSafe = arith::AndIOp::create(builder, loc, isSafe, isLight);

    return buildChoice(isSafe, [&]() {
      auto exponential = [&](unsigned side, ArrayRef<PairTerm> sideTerms) {
        return parts.buildElements(
            side, [&](OpBuilder &b, IRMapping &mapping) -> Value {
              return math::ExpOp::create(b, loc, twice(sideTerms, mapping, b));
            });
      };
      Value query = exponential(QuerySide, ofQuery);
      Value key = exponential(KeySide, ofKey);
      Value numerators =
          parts.buildParameter([&](OpBuilder &b, IRMapping &mapping) -> Value {
            Value w = buildPairTerms(b, loc, op.getComputeType(), weight, body,
                                     mapping);
            Value two = arith::ConstantOp::create(
                b, loc, b.getFloatAttr(op.getComputeType(), -2.0));
            return arith::MulFOp::create(b, loc, w, two);
          });
      SmallVector<ScoreChange> changes = op.getScoreChanges();
      Region addition;
      if (!isShiftInvariant()) {
        SmallVector<PairTerm> all(constant);
        all.push_back(weight);
        buildAddition(addition, all);
        changes.insert(changes.begin(),
                       {ScoreChangeKind::Modify, {}, {}, {}, &addition});
      }
      FusedOp fused = buildFused(query, key, numerators, changes);
      buildQuotient(fused.getCombine());
      return fused;
    });
  }

  /// (s, b…, i, j) -> s + scale · Σ_d terms
  void buildAddition(Region &region, ArrayRef<PairTerm> all) {
    Value sum = parts.buildParameterSum([&](OpBuilder &b, IRMapping &mapping) {
      return buildPairTerms(b, loc, op.getComputeType(), all, body, mapping);
    });
    if (op.getScale())
      sum = arith::MulFOp::create(builder, loc, sum, op.getScale());
    OpBuilder::InsertionGuard guard(builder);
    SmallVector<Type> types(op.getNumBatch() + 3, builder.getIndexType());
    types[0] = op.getComputeType();
    SmallVector<Location> locations(types.size(), loc);
    Block *block = builder.createBlock(&region, region.end(), types, locations);
    Value result =
        arith::AddFOp::create(builder, loc, block->getArgument(0), sum);
    YieldOp::create(builder, loc, result);
  }

  /// (a, b, n) -> n / min(1 + a · b, limit), where the limit is so large that
  /// the quotient does not count, and four such denominators may be multiplied:
  /// a sum of quotients may be computed as one, and says so.
  void buildQuotient(Region &region) {
    OpBuilder::InsertionGuard guard(builder);
    FloatType c = op.getComputeType();
    SmallVector<Type> types(3, c);
    SmallVector<Location> locations(3, loc);
    Block *block = builder.createBlock(&region, region.end(), types, locations);
    auto constant = [&](double value) {
      return arith::ConstantOp::create(builder, loc,
                                       builder.getFloatAttr(c, value));
    };
    auto contract = arith::FastMathFlags::contract;
    Value product = arith::MulFOp::create(builder, loc, block->getArgument(0),
                                          block->getArgument(1), contract);
    Value denominator =
        arith::AddFOp::create(builder, loc, product, constant(1), contract);
    Value limit = constant(c.isF64() ? 0x1p100 : 0x1p31);
    // The comparison keeps a NaN.
    Value isBeyond = arith::CmpFOp::create(
        builder, loc, arith::CmpFPredicate::OLT, limit, denominator);
    denominator =
        arith::SelectOp::create(builder, loc, isBeyond, limit, denominator);
    auto quotient =
        arith::DivFOp::create(builder, loc, block->getArgument(2), denominator);
    quotient->setAttr(getBoundedDenominatorName(), builder.getUnitAttr());
    YieldOp::create(builder, loc, quotient);
  }

  //===--------------------------------------------------------------------===//
  // Products
  //===--------------------------------------------------------------------===//

  /// Σ_d Σ_g f_g(q) · h_g(k) + Σ_d a(q) + Σ_d b(k): a dot product over
  ///
  ///   query features: f_0(q) …, f_1(q) …, 1,        Σ_d a(q)
  ///   key features:   h_0(k) …, h_1(k) …, Σ_d b(k), 1
  ///
  /// of which Σ_d a(q) falls where it changes no weight.
  SmallVector<Value> rewriteProducts(ArrayRef<PairTerm> all, bool hasSquare) {
    struct Group {
      SmallVector<PairTerm> ofQuery;
      PairTerm ofKey = {false, {}};
    };
    SmallVector<Group> groups;
    SmallVector<PairTerm> ofQuery, ofKey;
    for (const PairTerm &term : all) {
      unsigned side = terms.getSide(term);
      if (side != BothSides) {
        (side == KeySide ? ofKey : ofQuery).push_back(term);
        continue;
      }
      Group group;
      group.ofQuery.push_back({term.isNegative, {}});
      for (PairFactor factor : term.factors)
        (terms.getSide(factor.value) == KeySide ? group.ofKey.factors
                                                : group.ofQuery.front().factors)
            .push_back(factor);
      auto isSame = [&](const Group &other) {
        return llvm::equal(group.ofKey.factors, other.ofKey.factors,
                           [](PairFactor x, PairFactor y) {
                             return x.value == y.value &&
                                    x.isInverse == y.isInverse;
                           });
      };
      if (Group *known = llvm::find_if(groups, isSame); known != groups.end())
        known->ofQuery.append(group.ofQuery);
      else
        groups.push_back(group);
    }
    if (groups.empty() || groups.size() > maxGroups)
      return {};
    if (isShiftInvariant())
      ofQuery.clear();

    // Elements as they are need no tensor of their own.
    auto isElement = [&](ArrayRef<PairTerm> sum, unsigned argument) {
      return sum.size() == 1 && !sum[0].isNegative &&
             sum[0].factors.size() == 1 && !sum[0].factors[0].isInverse &&
             sum[0].factors[0].value == body.getArgument(argument);
    };
    bool isPlain = groups.size() == 1 && ofQuery.empty() && ofKey.empty();

    auto build = [&]() {
      auto summed = [&](ArrayRef<PairTerm> sum) {
        return [&, sum](OpBuilder &b, IRMapping &mapping) {
          return buildPairTerms(b, loc, op.getComputeType(), sum, body,
                                mapping);
        };
      };
      SmallVector<Value> queries, keys;
      for (const Group &group : groups) {
        queries.push_back(
            isPlain && isElement(group.ofQuery, 0)
                ? op.getQuery()
                : parts.buildElements(QuerySide, summed(group.ofQuery)));
        keys.push_back(isPlain && isElement(group.ofKey, 1)
                           ? op.getKey()
                           : parts.buildElements(KeySide, summed(group.ofKey)));
      }
      Value one = arith::ConstantOp::create(
          builder, loc, builder.getFloatAttr(op.getComputeType(), 1.0));
      SmallVector<Value> queryRest, keyRest;
      if (!ofKey.empty()) {
        queryRest.push_back(one);
        keyRest.push_back(parts.buildSums(KeySide, summed(ofKey)));
      }
      if (!ofQuery.empty()) {
        queryRest.push_back(parts.buildSums(QuerySide, summed(ofQuery)));
        keyRest.push_back(one);
      }
      return buildFused(parts.buildFeatures(QuerySide, queries, queryRest),
                        parts.buildFeatures(KeySide, keys, keyRest), {},
                        op.getScoreChanges());
    };
    if (!hasSquare)
      return SmallVector<Value>(build()->getResults());
    return buildChoice(buildIsSmall(all), build);
  }

  /// Whether the squares that a square is multiplied out to are so small that
  /// scores may have their rounding errors. They are summed at every query and
  /// key; the products between them are no larger.
  Value buildIsSmall(ArrayRef<PairTerm> all) {
    auto magnitudes = [&](unsigned side) {
      return [&, side](OpBuilder &b, IRMapping &mapping) {
        Value sum =
            buildPairTerms(b, loc, op.getComputeType(), {}, body, mapping);
        for (const PairTerm &term : all) {
          if (terms.getSide(term) != side)
            continue;
          Value value =
              buildPairTerms(b, loc, op.getComputeType(), term, body, mapping);
          value = math::AbsFOp::create(b, loc, value);
          sum = arith::AddFOp::create(b, loc, sum, value);
        }
        return sum;
      };
    };
    Value ofQueries = parts.buildNoneExceeds(
        parts.buildSums(QuerySide, magnitudes(QuerySide)), maxSquares);
    Value ofKeys = parts.buildNoneExceeds(
        parts.buildSums(KeySide, magnitudes(KeySide)), maxSquares);
    return arith::AndIOp::create(builder, loc, ofQueries, ofKeys);
  }

  /// Features are multiplied by as many.
  static constexpr size_t maxGroups = 4;
  /// Σ_d of squares on one side; 2⁸ in f32 is an error of some 1e-5.
  static constexpr double maxSquares = 256;

  RewriterBase &builder;
  Location loc;
  FusedOp op;
  Block &body;
  PairTerms terms;
  ScoreParts parts;
};

struct RewriteScoresPass
    : public attention::impl::AttentionRewriteScoresBase<RewriteScoresPass> {
  void runOnOperation() override {
    SmallVector<FusedOp> ops;
    getOperation()->walk([&](FusedOp op) {
      if (!op.isDot())
        ops.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (FusedOp op : ops)
      rewrite(rewriter, op);
  }

private:
  void rewrite(RewriterBase &rewriter, FusedOp op) {
    remark::RemarkOpts options = remark::RemarkOpts::name("Rewritten")
                                     .category("attention-rewrite-scores");
    unsigned position = *op.getQueryMap().getResultPosition(
        getAffineDimExpr(op.getQueryDim(), op.getContext()));
    int64_t numQueries =
        cast<RankedTensorType>(op.getQuery().getType()).getDimSize(position);
    if (!ShapedType::isDynamic(numQueries) && numQueries < minQueries) {
      remark::missed(op.getLoc(), options)
          << "pair body stays: too few queries";
      return;
    }
    rewriter.setInsertionPoint(op);
    StringRef name;
    SmallVector<Value> results = ScoreRewriter(rewriter, op).rewrite(name);
    if (results.empty()) {
      remark::missed(op.getLoc(), options)
          << "pair body stays: it is not a sum of products or a tanh of a sum";
      return;
    }
    remark::passed(op.getLoc(), options)
        << "pair body rewritten: " + name.str();
    rewriter.replaceOp(op, results);
  }
};
} // namespace
