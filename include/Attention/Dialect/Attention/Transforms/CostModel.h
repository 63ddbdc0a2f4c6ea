//===- CostModel.h - Block sizes from shapes and target facts ---*- C++ -*-===//
//
// How fused attention is cut up: lanes of queries, blocks of keys, and the part
// of a block that is kept in registers. A function of shapes and target facts,
// never of the number of threads, so results do not depend on that.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_TRANSFORMS_COSTMODEL_H
#define ATTENTION_DIALECT_ATTENTION_TRANSFORMS_COSTMODEL_H

#include "Attention/Target/TargetFacts.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::attention {

/// Rows of keys, or of value features, times vectors of queries that are
/// accumulated in registers at a time.
struct RegisterTile {
  int64_t rows, vectors;
};

/// Chooses the tile for queries in `lanes` lanes of `type`, a multiple of the
/// lanes of a vector.
RegisterTile chooseRegisterTile(const TargetFacts &facts, FloatType type,
                                int64_t lanes);

struct BlockSizes {
  /// Queries of a block: lanes of its tile.
  int64_t queries;
  /// Keys of a block.
  int64_t keys;
};

/// Chooses the blocks of an attention with so many queries, keys and features
/// of queries and of values, any of which may be ShapedType::kDynamic.
BlockSizes chooseBlockSizes(const TargetFacts &facts, FloatType type,
                            int64_t numQueries, int64_t numKeys,
                            int64_t numFeatures, int64_t numValueFeatures);

} // namespace mlir::attention

#endif // ATTENTION_DIALECT_ATTENTION_TRANSFORMS_COSTMODEL_H
