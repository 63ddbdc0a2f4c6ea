//===- ScoreChanges.h - Lists of score changes ------------------*- C++ -*-===//
//
// How operations hold what is done to scores, and the rules they share.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_IR_SCORECHANGES_H
#define ATTENTION_LIB_DIALECT_ATTENTION_IR_SCORECHANGES_H

#include "Attention/Dialect/Attention/IR/AttentionAttrs.h"
#include "mlir/IR/Operation.h"

namespace mlir::attention {

/// Sets with what their symbols are bound to: an intersection of unions.
SmallVector<SmallVector<MaskSet>> collectMaskSets(ArrayAttr sets,
                                                  ValueRange symbols);

/// The steps that `changes` lists, with their values and regions.
SmallVector<ScoreChange> collectScoreChanges(ArrayAttr changes, ArrayAttr sets,
                                             ValueRange symbols,
                                             ValueRange tensors,
                                             MutableArrayRef<Region> regions);

/// A list of changes in the parts in which operations hold it.
struct ScoreChangeParts {
  ArrayAttr changes, sets;
  SmallVector<Value> symbols, tensors;
  SmallVector<Region *> regions;
};

/// The opposite of collectScoreChanges. Regions stay where they are.
ScoreChangeParts splitScoreChanges(MLIRContext *context,
                                   ArrayRef<ScoreChange> changes);

/// Checks that there are as many sets, symbols, tensors and regions as
/// `changes` needs and that sets and maps take (b…, i, j), `numDims`
/// dimensions.
LogicalResult verifyScoreChanges(Operation *op, ArrayAttr changes,
                                 ArrayAttr sets, ValueRange symbols,
                                 ValueRange tensors, RegionRange regions,
                                 unsigned numDims, Type computeType);

/// Checks the types of the regions of changes and of the pair body. To be
/// called from verifyRegions().
LogicalResult verifyScoreRegions(Operation *op, ArrayAttr changes,
                                 Region &combine, unsigned numParameters,
                                 MutableArrayRef<Region> regions,
                                 unsigned numDims, Type computeType);

/// Checks that constants to divide by are positive: those are the ones that
/// affine expressions give a meaning to.
LogicalResult verifyDivisors(Operation *op, IntegerSet set);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_IR_SCORECHANGES_H
