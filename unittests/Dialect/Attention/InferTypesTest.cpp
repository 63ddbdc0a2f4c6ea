//===- InferTypesTest.cpp - Result types that cannot be inferred ----------===//
//
// What code that builds operations is told about operands of too small a rank.
// In textual IR the verifiers find these first, so lit cannot see them.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionDialect.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::attention;

/// Infers the result of an operation with operands of these shapes, which is
/// expected to fail, and returns the diagnostic.
template <typename OpTy>
static std::string getInferenceError(ArrayRef<int64_t> firstShape,
                                     ArrayRef<int64_t> secondShape) {
  MLIRContext context;
  context.loadDialect<AttentionDialect>();
  std::string message;
  ScopedDiagnosticHandler handler(
      &context, [&](Diagnostic &diagnostic) { message += diagnostic.str(); });

  Location loc = UnknownLoc::get(&context);
  Type element = Float32Type::get(&context);
  Block block;
  block.addArgument(RankedTensorType::get(firstShape, element), loc);
  block.addArgument(RankedTensorType::get(secondShape, element), loc);
  SmallVector<Type> types;
  typename OpTy::Properties properties;
  EXPECT_TRUE(failed(OpTy::inferReturnTypes(
      &context, loc, block.getArguments(), DictionaryAttr::get(&context),
      &properties, RegionRange(), types)));
  return message;
}

TEST(InferTypesTest, ScoresNeedMatrices) {
  EXPECT_EQ(getInferenceError<DotScoreOp>({8}, {6, 8}),
            "expected queries of shape [batch..., Nq, d_q] and keys of shape "
            "[batch..., Nkv, d_k], so of rank 2 or more, found ranks 1 and 2");
}

TEST(InferTypesTest, ContextNeedsMatrices) {
  EXPECT_EQ(getInferenceError<ContextOp>({4, 6}, {6}),
            "expected weights of shape [batch..., Nq, Nkv] and values of shape "
            "[batch..., Nkv, d_v], so of rank 2 or more, found ranks 2 and 1");
}
