//===- KeyPartsTest.cpp - Into how many parts keys are split --------------===//
//
// The bounds of the model, which lit sees at single points only.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/KeyParts.h"
#include "mlir/IR/BuiltinTypes.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::attention;

TEST(KeyPartsTest, PartsMakeUpForMissingBlocks) {
  TargetFacts facts;
  facts.parallelism = 16;
  EXPECT_EQ(chooseMostKeyParts(facts, 1), 16);
  EXPECT_EQ(chooseMostKeyParts(facts, 8), 2);
  EXPECT_EQ(chooseMostKeyParts(facts, 9), 2);
  EXPECT_EQ(chooseMostKeyParts(facts, 15), 2);
  EXPECT_EQ(chooseMostKeyParts(facts, 16), 1);
  EXPECT_EQ(chooseMostKeyParts(facts, 1000), 1);
  facts.parallelism = 1;
  EXPECT_EQ(chooseMostKeyParts(facts, 1), 1);
}

TEST(KeyPartsTest, NothingIsKnownOfDynamicNumbers) {
  EXPECT_EQ(chooseMostKeyParts(TargetFacts(), ShapedType::kDynamic), 1);
  EXPECT_EQ(chooseMostKeyParts(TargetFacts(), 0), 1);
}

TEST(KeyPartsTest, PartsAreLong) {
  EXPECT_EQ(chooseKeyParts(0, 16), 1);
  EXPECT_EQ(chooseKeyParts(2 * minPartKeys - 1, 16), 1);
  EXPECT_EQ(chooseKeyParts(2 * minPartKeys, 16), 2);
  EXPECT_EQ(chooseKeyParts(16 * minPartKeys, 16), 16);
  EXPECT_EQ(chooseKeyParts(1000 * minPartKeys, 16), 16);
  EXPECT_EQ(chooseKeyParts(1000 * minPartKeys, 1), 1);
}
