//===- CostModelTest.cpp - Block sizes from shapes and facts --------------===//
//
// What the cost model chooses for the instruction sets that we have measured or
// read assembly of, and what must hold for any facts and shapes.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/CostModel.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
class CostModelTest : public testing::Test {
protected:
  static TargetFacts makeFacts(int64_t bits, int64_t registers,
                               int64_t multiplyAddOperations = 1) {
    TargetFacts facts;
    facts.vectorBits = bits;
    facts.vectorRegisters = registers;
    facts.multiplyAddOperations = multiplyAddOperations;
    return facts;
  }

  void expectTile(TargetFacts facts, int64_t lanes, int64_t rows,
                  int64_t vectors) {
    RegisterTile tile = chooseRegisterTile(facts, f32, lanes);
    EXPECT_EQ(tile.rows, rows);
    EXPECT_EQ(tile.vectors, vectors);
  }

  MLIRContext context;
  FloatType f32 = Float32Type::get(&context);
  FloatType f64 = Float64Type::get(&context);
  static constexpr int64_t dynamic = ShapedType::kDynamic;
  const TargetFacts avx512 = makeFacts(512, 32), avx2 = makeFacts(256, 16),
                    neon = makeFacts(128, 32), sse = makeFacts(128, 16, 2);
};
} // namespace

TEST_F(CostModelTest, TilesFillTheRegistersOfEveryInstructionSet) {
  expectTile(avx512, 64, 4, 4);
  expectTile(avx2, 64, 6, 2);
  expectTile(neon, 64, 4, 4);
  expectTile(sse, 64, 4, 2);
  // One vector of queries: as many keys as there are accumulators, or
  // registers.
  expectTile(avx512, 16, 16, 1);
  expectTile(avx2, 8, 13, 1);
  // Seven registers, and none at all, still make a tile.
  expectTile(makeFacts(256, 7), 64, 4, 1);
  expectTile(makeFacts(256, 1), 64, 1, 1);
}

TEST_F(CostModelTest, BlocksOfWholeSequences) {
  for (int64_t numKeys : {int64_t(512), int64_t(16384), dynamic}) {
    BlockSizes sizes =
        chooseBlockSizes(avx512, f32, /*numQueries=*/2048, numKeys, 64, 64);
    EXPECT_EQ(sizes.queries, 64);
    EXPECT_EQ(sizes.keys, 96);
    sizes = chooseBlockSizes(avx2, f32, dynamic, numKeys, 128, 128);
    EXPECT_EQ(sizes.queries, 64);
    EXPECT_EQ(sizes.keys, 96);
  }
}

TEST_F(CostModelTest, ShortSequencesAreOneBlock) {
  BlockSizes sizes = chooseBlockSizes(avx2, f32, 77, 77, 64, 64);
  EXPECT_EQ(sizes.queries, 64);
  EXPECT_EQ(sizes.keys, 77);
  sizes = chooseBlockSizes(avx2, f32, 1, 1, 64, 64);
  EXPECT_EQ(sizes.queries, 8);
  EXPECT_EQ(sizes.keys, 1);
}

TEST_F(CostModelTest, ManyFeaturesMakeBlocksSmaller) {
  TargetFacts facts = avx2;
  facts.l2Bytes = 256 * 1024;
  BlockSizes usual = chooseBlockSizes(facts, f32, 2048, 2048, 64, 64);
  BlockSizes wide = chooseBlockSizes(facts, f32, 2048, 2048, 512, 512);
  EXPECT_LT(wide.queries, usual.queries);
  EXPECT_LT(wide.keys, usual.keys);
  // f64 counts twice.
  BlockSizes twice = chooseBlockSizes(facts, f64, 2048, 2048, 256, 256);
  EXPECT_EQ(twice.queries, wide.queries);
  // Wider than the cache: still a block.
  BlockSizes huge = chooseBlockSizes(facts, f32, 2048, 2048, 1 << 20, 64);
  EXPECT_EQ(huge.queries, 8);
  EXPECT_GE(huge.keys, 1);
}

TEST_F(CostModelTest, BlocksAreWholeVectorsAndNeverEmpty) {
  for (const TargetFacts &facts :
       {avx512, avx2, neon, sse, makeFacts(64, 1), makeFacts(2048, 64)})
    for (FloatType type : {f32, f64})
      for (int64_t queries : {int64_t(0), int64_t(1), int64_t(1000), dynamic})
        for (int64_t keys : {int64_t(0), int64_t(1), int64_t(1000), dynamic})
          for (int64_t features :
               {int64_t(0), int64_t(33), int64_t(4096), dynamic}) {
            BlockSizes sizes = chooseBlockSizes(facts, type, queries, keys,
                                                features, features);
            EXPECT_GT(sizes.queries, 0);
            EXPECT_EQ(sizes.queries % facts.lanes(type), 0);
            EXPECT_GT(sizes.keys, 0);
            RegisterTile tile = chooseRegisterTile(facts, type, sizes.queries);
            EXPECT_GT(tile.rows, 0);
            EXPECT_EQ(sizes.queries % (tile.vectors * facts.lanes(type)), 0);
          }
}
