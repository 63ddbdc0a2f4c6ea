//===- AttentionDialect.cpp - The attention dialect -----------------------===//
//
// Registers operations and attributes. What they do is in one file a family:
// ScoreOps, ProjectedScoreOps, ModifyScoresOp, MaskScoresOp, SoftmaxOp,
// ContextOp, ReadingOps at the graph level; FusedOp, BlockOps;
// OnlineSoftmaxAttr, TopKReading, EntropyReading.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Attention/IR/AttentionDialect.h"

#include "AsmDirectives.h"
#include "Attention/Dialect/Attention/IR/AttentionOps.h"
#include "BlockChecks.h"
#include "Destinations.h"
#include "FusedTiling.h"
#include "ScoreRules.h"
#include "Shapes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::attention;

#include "Attention/Dialect/Attention/IR/AttentionAttrInterfaces.cpp.inc"
#include "Attention/Dialect/Attention/IR/AttentionDialect.cpp.inc"
#include "Attention/Dialect/Attention/IR/AttentionEnums.cpp.inc"
#include "Attention/Dialect/Attention/IR/AttentionInterfaces.cpp.inc"
#include "Attention/Dialect/Attention/IR/AttentionReadingAttrInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "Attention/Dialect/Attention/IR/AttentionAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "Attention/Dialect/Attention/IR/AttentionOps.cpp.inc"

namespace {
/// Functions that contain attention may be inlined: nothing depends on where
/// the operations stand.
struct AttentionInlinerInterface : public DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void AttentionDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "Attention/Dialect/Attention/IR/AttentionOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Attention/Dialect/Attention/IR/AttentionAttrs.cpp.inc"
      >();
  addInterfaces<AttentionInlinerInterface>();
}
