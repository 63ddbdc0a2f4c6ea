//===- MaskedSweep.h - A sweep over sets and data masks ---------*- C++ -*-===//
//
// Walks the keys that mask sets leave, block by block where data masks have
// classes of blocks.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_MASKEDSWEEP_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_MASKEDSWEEP_H

#include "DataMasks.h"
#include "KeyBounds.h"
#include "KeySweep.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::attention {

/// The sweep over what the mask sets leave, and the blocks of keys that data
/// masks have a class for.
class MaskedSweep {
public:
  MaskedSweep(OpBuilder &builder, IndexOps &ops, const KeyAnalysis &analysis,
              OpFoldResult begin, OpFoldResult end, const DataMasks &masks,
              ValueRange origin)
      : sets(ops, analysis, begin, end), builder(builder), ops(ops),
        begin(begin), end(end), masks(masks), origin(origin) {}

  OpFoldResult isVisible(OpFoldResult key) {
    OpFoldResult result = sets.isVisible(key);
    for (const BlockClasses &mask : masks.masks)
      result = ops.conjunction(
          result, compare(arith::CmpIPredicate::ne, mask, key, /*rhs=*/0));
    return result;
  }

  OpFoldResult isFull(OpFoldResult key) {
    OpFoldResult result = sets.isFull(key);
    for (const BlockClasses &mask : masks.masks)
      result = ops.conjunction(
          result, compare(arith::CmpIPredicate::eq, mask, key, /*rhs=*/2));
    return result;
  }

  OpFoldResult getNext(OpFoldResult key) {
    OpFoldResult next = sets.getNext(key);
    if (masks.masks.empty())
      return next;
    OpFoldResult block = ops.add(getBlock(key), ops.constant(1));
    block = ops.mul(block, masks.sizes.keys);
    return ops.min(next, ops.add(block, masks.firsts.back()));
  }

  OpFoldResult getNumSteps() {
    OpFoldResult steps = sets.getNumSteps();
    if (masks.masks.empty())
      return steps;
    OpFoldResult blocks = ops.sub(getBlock(end), getBlock(begin));
    return ops.add(steps, ops.add(blocks, ops.constant(1)));
  }

private:
  /// The number of the block of keys that a key lies in.
  OpFoldResult getBlock(OpFoldResult key) {
    return ops.floorDiv(ops.sub(key, masks.firsts.back()), masks.sizes.keys);
  }

  /// How a mask's class of this block of queries and the block of keys that
  /// `key` lies in compares.
  OpFoldResult compare(arith::CmpIPredicate predicate, const BlockClasses &mask,
                       OpFoldResult key, int64_t rhs) {
    Location loc = mask.classes.getLoc();
    SmallVector<Value> position;
    for (auto [dim, depends] : llvm::enumerate(mask.dependsOn)) {
      OpFoldResult block = ops.constant(0);
      if (depends && dim + 1 < mask.dependsOn.size()) {
        block = ops.sub(origin[dim], masks.firsts[dim]);
        if (dim + 2 == mask.dependsOn.size())
          block = ops.floorDiv(block, masks.sizes.queries);
      } else if (depends) {
        // After the last key there may be no block.
        OpFoldResult last = ops.sub(end, ops.constant(1));
        block = getBlock(ops.max(ops.min(key, last), masks.firsts.back()));
      }
      position.push_back(ops.toValue(block));
    }
    position.push_back(ops.toValue(ops.constant(0)));
    Value found =
        tensor::ExtractOp::create(builder, loc, mask.classes, position);
    Value number =
        arith::ConstantOp::create(builder, loc, builder.getI8IntegerAttr(rhs));
    return arith::CmpIOp::create(builder, loc, predicate, found, number)
        .getResult();
  }

  KeySweep<IndexOps> sets;
  OpBuilder &builder;
  IndexOps &ops;
  OpFoldResult begin, end;
  const DataMasks &masks;
  ValueRange origin;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_MASKEDSWEEP_H
