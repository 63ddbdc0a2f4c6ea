//===- MathToPolynomial.cpp - The math dialect without a library ----------===//
//
// A function of the C library is a call an element, and a vector's elements are
// taken apart for it. This is arithmetic instead, the same for scalars and for
// vectors of any length.
//
//===----------------------------------------------------------------------===//

#include "Attention/Conversion/MathToPolynomial/MathToPolynomial.h"

#include "../RewriteOnly.h"
#include "Attention/Conversion/Passes.h"
#include "Functions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::attention {
#define GEN_PASS_DEF_CONVERTMATHTOPOLYNOMIAL
#include "Attention/Conversion/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;
using namespace mlir::attention;

/// The type of the same shape with another element type.
static Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

static Value buildConverted(OpBuilder &builder, Location loc, Value value,
                            Type element) {
  Type type = withElement(value.getType(), element);
  unsigned from = getElementTypeOrSelf(value).getIntOrFloatBitWidth();
  unsigned to = element.getIntOrFloatBitWidth();
  if (value.getType() == type)
    return value;
  if (from < to)
    return arith::ExtFOp::create(builder, loc, type, value);
  return arith::TruncFOp::create(builder, loc, type, value);
}

namespace {
/// %y = math.f %x : vector<8xbf16>
/// ->
/// %e = arith.extf %x : vector<8xbf16> to vector<8xf32>
/// …                                          // arithmetic
/// %y = arith.truncf %r : vector<8xf32> to vector<8xbf16>
///
/// in f32 or, where an operand is f64, in that.
template <typename OpTy>
class ExpandUnary : public OpRewritePattern<OpTy> {
public:
  using Build = Value (*)(FloatBuilder &, Value);

  ExpandUnary(MLIRContext *context, Build build)
      : OpRewritePattern<OpTy>(context, /*benefit=*/2), build(build) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType(), element = getElementTypeOrSelf(type);
    if (!isa<FloatType, VectorType>(type) ||
        !isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(element))
      return failure();
    Type computeType = element.isF64() ? element : Type(rewriter.getF32Type());
    Location loc = op.getLoc();
    FloatBuilder b(rewriter, loc, withElement(type, computeType));
    Value result =
        build(b, buildConverted(rewriter, loc, op.getOperand(), computeType));
    rewriter.replaceOp(op, buildConverted(rewriter, loc, result, element));
    return success();
  }

private:
  Build build;
};

/// %z = math.powf %x, %y : vector<8xf32>
/// ->
/// the same in vector<8xf64>, but for f64 itself.
struct ExpandPow : public OpRewritePattern<math::PowFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::PowFOp op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType(), element = getElementTypeOrSelf(type);
    if (!isa<FloatType, VectorType>(type) ||
        !isa<Float16Type, BFloat16Type, Float32Type>(element))
      return failure();
    Location loc = op.getLoc();
    Type f64 = rewriter.getF64Type();
    FloatBuilder b(rewriter, loc, withElement(type, f64));
    Value result = buildPow(b, buildConverted(rewriter, loc, op.getLhs(), f64),
                            buildConverted(rewriter, loc, op.getRhs(), f64));
    rewriter.replaceOp(op, buildConverted(rewriter, loc, result, element));
    return success();
  }
};

struct ConvertMathToPolynomialPass
    : public attention::impl::ConvertMathToPolynomialBase<
          ConvertMathToPolynomialPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathToPolynomialPatterns(patterns);
    auto isFunction = [](Operation *op) {
      return isa_and_present<math::MathDialect>(op->getDialect());
    };
    if (failed(rewriteOnly(getOperation(), std::move(patterns), isFunction)))
      signalPassFailure();
  }
};
} // namespace

void attention::populateMathToPolynomialPatterns(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ExpandUnary<math::ExpOp>>(context, buildExp);
  patterns.add<ExpandUnary<math::Exp2Op>>(context, buildExp2);
  patterns.add<ExpandUnary<math::ExpM1Op>>(context, buildExpM1);
  patterns.add<ExpandUnary<math::TanhOp>>(context, buildTanh);
  patterns.add<ExpandUnary<math::LogOp>>(context, buildLog);
  patterns.add<ExpandUnary<math::Log2Op>>(context, buildLog2);
  patterns.add<ExpandUnary<math::Log10Op>>(context, buildLog10);
  patterns.add<ExpandUnary<math::Log1pOp>>(context, buildLog1P);
  patterns.add<ExpandPow>(context);
  // Upstream's, of f32 alone, as far as they are accurate; those of sin, cos,
  // atan and cbrt are not everywhere.
  auto isUpstreams = [](StringRef name) {
    return llvm::is_contained(
        {math::AcosOp::getOperationName(), math::AsinOp::getOperationName(),
         math::ErfOp::getOperationName(), math::ErfcOp::getOperationName()},
        name);
  };
  populateMathF32ExpansionPatterns(patterns, isUpstreams);
  populateMathPolynomialApproximationPatterns(patterns, isUpstreams);
}
