//===- ContractionModelTest.cpp - Block sizes of matrix products ----------===//
//
// What the model chooses for the instruction sets that we have measured or read
// assembly of, and what must hold for any facts and shapes.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Linalg/Transforms/ContractionModel.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
class ContractionModelTest : public testing::Test {
protected:
  static TargetFacts makeFacts(int64_t bits, int64_t registers,
                               int64_t multiplyAddOperations = 1) {
    TargetFacts facts;
    facts.vectorBits = bits;
    facts.vectorRegisters = registers;
    facts.multiplyAddOperations = multiplyAddOperations;
    return facts;
  }

  void expectTile(const TargetFacts &facts, ContractionShape shape,
                  int64_t rows, int64_t vectors) {
    ContractionSizes sizes = chooseContractionSizes(facts, f32, shape);
    EXPECT_EQ(sizes.tileRows, rows);
    EXPECT_EQ(sizes.tileVectors, vectors);
  }

  MLIRContext context;
  FloatType f32 = Float32Type::get(&context);
  FloatType f64 = Float64Type::get(&context);
  static constexpr int64_t dynamic = ShapedType::kDynamic;
  const TargetFacts avx512 = makeFacts(512, 32), avx2 = makeFacts(256, 16),
                    neon = makeFacts(128, 32), sse = makeFacts(128, 16, 2);
};
} // namespace

TEST_F(ContractionModelTest, TilesFillTheRegistersOfEveryInstructionSet) {
  expectTile(avx512, {512, 512, 512}, 4, 4);
  expectTile(avx2, {512, 512, 512}, 6, 2);
  expectTile(neon, {512, 512, 512}, 4, 4);
  expectTile(sse, {512, 512, 512}, 4, 2);
  // With fewer rows more vectors fit, and no more than there are columns for.
  expectTile(avx2, {1, 512, 512}, 1, 4);
  expectTile(avx2, {dynamic, 5, 512}, 6, 1);
}

TEST_F(ContractionModelTest, TermsAndPartsAreEqual) {
  EXPECT_EQ(chooseContractionSizes(avx2, f32, {512, 512, 512}).depth, 512);
  EXPECT_EQ(chooseContractionSizes(avx2, f32, {512, 512, 513}).depth, 264);
  EXPECT_EQ(chooseContractionSizes(avx2, f32, {512, 512, 33}).depth, 33);
}

// What is kept in the second level of cache fits there, whatever the facts.
TEST_F(ContractionModelTest, PackedFactorsFitTheCache) {
  for (TargetFacts facts : {avx512, avx2, neon, sse})
    for (int64_t l2 : {int64_t(256) << 10, int64_t(1) << 20, int64_t(4) << 20})
      for (FloatType type : {f32, f64})
        for (int64_t extent :
             {int64_t(1), int64_t(77), int64_t(4096), dynamic}) {
          facts.l2Bytes = l2;
          ContractionSizes sizes =
              chooseContractionSizes(facts, type, {extent, extent, extent});
          int64_t bytes = type.getWidth() / 8;
          int64_t panel =
              sizes.depth * sizes.tileVectors * facts.lanes(type) * bytes;
          EXPECT_GE(sizes.panels, 1);
          EXPECT_GE(sizes.packedRows, 1);
          EXPECT_LE(sizes.panels * panel, std::max(l2 / 2 + panel, panel));
          EXPECT_LE(sizes.packedRows * sizes.depth * bytes, l2 / 2);
        }
}

// Columns are packed once a block: rows that are read in place stay together.
TEST_F(ContractionModelTest, BlocksOfRowsReadInPlaceAreTall) {
  ContractionBlocks blocks =
      chooseContractionBlocks(avx2, f32, {512, 512, 512}, 1, false);
  EXPECT_EQ(blocks.rows, 256 + 2);
  EXPECT_EQ(blocks.columns, 64);
  // Packing rows costs more than columns do.
  blocks = chooseContractionBlocks(avx2, f32, {512, 512, 512}, 1, true);
  EXPECT_EQ(blocks.columns, 256);
}

TEST_F(ContractionModelTest, SmallProductsGoTogether) {
  ContractionBlocks blocks =
      chooseContractionBlocks(avx2, f32, {16, 24, 64}, 512, false);
  EXPECT_EQ(blocks.rows, 16);
  EXPECT_EQ(blocks.columns, 24);
  EXPECT_GT(blocks.products, 1);
  // One that is no work at all is one block.
  blocks = chooseContractionBlocks(avx2, f32, {64, 64, 64}, 1, false);
  EXPECT_EQ(blocks.rows, 64);
  EXPECT_EQ(blocks.columns, 64);
}

TEST_F(ContractionModelTest, MoreThreadsThanBlocksNeverMakeEmptyOnes) {
  TargetFacts facts = avx2;
  for (int64_t parallelism : {1, 2, 7, 64, 1024}) {
    facts.parallelism = parallelism;
    for (int64_t extent : {int64_t(1), int64_t(97), int64_t(1000), dynamic}) {
      ContractionBlocks blocks = chooseContractionBlocks(
          facts, f32, {extent, extent, extent}, dynamic, extent % 2 == 0);
      EXPECT_GE(blocks.rows, 1);
      EXPECT_GE(blocks.columns, 1);
      EXPECT_GE(blocks.products, 1);
    }
  }
}
