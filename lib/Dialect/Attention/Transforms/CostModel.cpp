//===- CostModel.cpp - Block sizes from shapes and target facts -----------===//
//
// Measured with benchmarks/sweep; the reasons are in docs/Rationale.md.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/Transforms/CostModel.h"

#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir;
using namespace mlir::attention;

/// Lanes that amortise reading a key: beyond, the tile of queries only grows.
static constexpr int64_t numBlockQueries = 64;

/// Keys over which rescaling the accumulator is spread.
static constexpr int64_t numBlockKeys = 96;

RegisterTile attention::chooseRegisterTile(const TargetFacts &facts,
                                           FloatType type, int64_t lanes) {
  int64_t numVectors = llvm::divideCeil(lanes, facts.lanes(type));
  int64_t vectors = facts.tileVectors();
  while (numVectors % vectors != 0)
    vectors /= 2;
  return {facts.tileRows(vectors), vectors};
}

/// The largest multiple of `step`, at least one, of at most `most` whose rows
/// of `rowBytes` take up half of the level-2 cache at most: the other half is
/// for what streams through it.
static int64_t fitInCache(const TargetFacts &facts, int64_t most, int64_t step,
                          int64_t rowBytes) {
  int64_t rows = most;
  if (rowBytes > 0)
    rows = std::min(rows, facts.l2Bytes / 2 / rowBytes);
  return std::max(rows / step * step, step);
}

BlockSizes attention::chooseBlockSizes(const TargetFacts &facts, FloatType type,
                                       int64_t numQueries, int64_t numKeys,
                                       int64_t numFeatures,
                                       int64_t numValueFeatures) {
  // A query's features and its accumulator; a key's and its value's features.
  // Sizes that only run time knows are taken to be small, as they mostly are.
  int64_t rowBytes = 0;
  for (int64_t extent : {numFeatures, numValueFeatures})
    if (!ShapedType::isDynamic(extent))
      rowBytes += extent * type.getIntOrFloatBitWidth() / 8;

  int64_t vectorLanes = facts.lanes(type);
  int64_t queries = llvm::alignTo(numBlockQueries, vectorLanes);
  queries = fitInCache(facts, queries, vectorLanes, rowBytes);
  if (!ShapedType::isDynamic(numQueries))
    queries = std::min<int64_t>(
        queries, llvm::alignTo(std::max<int64_t>(numQueries, 1), vectorLanes));

  RegisterTile tile = chooseRegisterTile(facts, type, queries);
  int64_t keys = llvm::alignTo(numBlockKeys, tile.rows);
  keys = fitInCache(facts, keys, tile.rows, rowBytes);
  // All keys in one block: the softmax of whole rows, in cache.
  if (!ShapedType::isDynamic(numKeys))
    keys = std::min(keys, std::max<int64_t>(numKeys, 1));
  return {queries, keys};
}
