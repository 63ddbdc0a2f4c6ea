//===- Contraction.cpp - Sums of products in linalg -----------------------===//
//
// Recognises contractions by their bodies and maps, whatever their names, and
// gives their dimensions roles.
//
//===----------------------------------------------------------------------===//

#include "Attention/Dialect/Linalg/Transforms/Contraction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

AffineMap Contraction::getMap(OpOperand *operand) const {
  return cast<linalg::LinalgOp>(operand->getOwner())
      .getMatchingIndexingMap(operand);
}

std::optional<unsigned> Contraction::getPosition(OpOperand *operand,
                                                 unsigned dim) const {
  AffineMap map = getMap(operand);
  return map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
}

bool Contraction::isContiguous(OpOperand *operand, unsigned dim) const {
  std::optional<unsigned> position = getPosition(operand, dim);
  if (!position)
    return false;
  auto type = cast<ShapedType>(operand->get().getType());
  if (auto buffer = dyn_cast<MemRefType>(type)) {
    SmallVector<int64_t> strides;
    int64_t offset;
    return succeeded(buffer.getStridesAndOffset(strides, offset)) &&
           strides[*position] == 1;
  }
  // A tensor is a buffer of identity layout for all we know.
  return llvm::all_of(type.getShape().drop_front(*position + 1),
                      [](int64_t extent) { return extent == 1; });
}

bool Contraction::packsRows() const {
  return !isContiguous(lhs, term) || getElementTypeOrSelf(lhs->get()) != type;
}

int64_t Contraction::getExtent(unsigned dim) const {
  for (OpOperand *operand : {out, lhs, rhs})
    if (std::optional<unsigned> position = getPosition(operand, dim)) {
      auto type = cast<ShapedType>(operand->get().getType());
      if (!type.isDynamicDim(*position))
        return type.getDimSize(*position);
    }
  return ShapedType::kDynamic;
}

/// What `value` is the extension of, through any number of extf.
static Value skipExtensions(Value value) {
  while (auto extension = value.getDefiningOp<arith::ExtFOp>())
    value = extension.getIn();
  return value;
}

/// Whether the body yields out + lhs · rhs, in any order, of extended factors.
static bool isMultiplyAdd(Block &body) {
  for (Operation &op : body)
    if (!isa<arith::ExtFOp, arith::MulFOp, arith::AddFOp, linalg::YieldOp>(op))
      return false;
  auto sum = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!sum)
    return false;
  Value factors[2] = {body.getArgument(0), body.getArgument(1)};
  Value total = body.getArgument(2);
  auto isProduct = [&](Value value) {
    auto product = value.getDefiningOp<arith::MulFOp>();
    if (!product || product.getType() != total.getType())
      return false;
    Value lhs = skipExtensions(product.getLhs());
    Value rhs = skipExtensions(product.getRhs());
    return (lhs == factors[0] && rhs == factors[1]) ||
           (lhs == factors[1] && rhs == factors[0]);
  };
  return (sum.getLhs() == total && isProduct(sum.getRhs())) ||
         (sum.getRhs() == total && isProduct(sum.getLhs()));
}

namespace {
/// Gives dimensions their roles.
class RoleFinder {
public:
  RoleFinder(linalg::LinalgOp op) : op(op) {
    result.lhs = op.getDpsInputOperand(0);
    result.rhs = op.getDpsInputOperand(1);
    result.out = op.getDpsInitOperand(0);
    result.type =
        dyn_cast<FloatType>(getElementTypeOrSelf(result.out->get().getType()));
  }

  FailureOr<Contraction> find(std::string &obstacle) {
    if (!result.type || !(result.type.isF32() || result.type.isF64())) {
      llvm::raw_string_ostream(obstacle)
          << "its sums are " << getElementTypeOrSelf(result.out->get());
      return failure();
    }
    std::optional<unsigned> column = chooseFree(result.lhs, result.rhs);
    if (!column) {
      obstacle = "it has neither rows nor columns";
      return failure();
    }
    result.column = *column;
    if (isIndependent(result.rhs, *column))
      std::swap(result.lhs, result.rhs);
    result.row = chooseFree(result.lhs, nullptr);
    if (!chooseTerm()) {
      obstacle = "its operands have no dimension in common that is summed over";
      return failure();
    }
    for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
      if (dim != result.column && dim != result.term && dim != result.row)
        result.others.push_back(dim);
    return std::move(result);
  }

private:
  bool isParallel(unsigned dim) {
    return op.getIteratorTypesArray()[dim] == utils::IteratorType::parallel;
  }

  bool isIndependent(OpOperand *operand, unsigned dim) {
    return !result.getMap(operand).isFunctionOfDim(dim);
  }

  /// Whether `dim` is the index of one dimension of `operand`.
  bool isDimOf(OpOperand *operand, unsigned dim) {
    return llvm::count_if(result.getMap(operand).getResults(),
                          [&](AffineExpr expr) {
                            return expr.isFunctionOfDim(dim);
                          }) == 1 &&
           result.getPosition(operand, dim);
  }

  /// Whether `dim` is of `out` and of `operand`, but not of the other one.
  bool isFree(OpOperand *operand, unsigned dim) {
    OpOperand *other = operand == result.lhs ? result.rhs : result.lhs;
    return isParallel(dim) && isDimOf(result.out, dim) &&
           isDimOf(operand, dim) && isIndependent(other, dim);
  }

  /// The best free dimension of one operand or of either: contiguous in the
  /// result, so that lanes are; then one of more than one element; then the
  /// last in the result.
  std::optional<unsigned> chooseFree(OpOperand *operand, OpOperand *either) {
    std::optional<unsigned> best;
    auto rank = [&](unsigned dim) {
      int64_t extent = result.getExtent(dim);
      bool hasMany = ShapedType::isDynamic(extent) || extent > 1;
      return std::make_tuple(hasMany && result.isContiguous(result.out, dim),
                             hasMany, *result.getPosition(result.out, dim));
    };
    for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
      if (isFree(operand, dim) || (either && isFree(either, dim)))
        if (!best || rank(dim) > rank(*best))
          best = dim;
    return best;
  }

  /// The dimension that products are summed over, the last of several.
  bool chooseTerm() {
    for (unsigned dim = op.getNumLoops(); dim-- > 0;)
      if (!isParallel(dim) && isDimOf(result.lhs, dim) &&
          isDimOf(result.rhs, dim) && isIndependent(result.out, dim)) {
        result.term = dim;
        return true;
      }
    return false;
  }

  linalg::LinalgOp op;
  Contraction result;
};
} // namespace

FailureOr<Contraction> attention::matchContraction(linalg::LinalgOp op,
                                                   std::string &obstacle) {
  auto isReductionOrParallel = [](utils::IteratorType type) {
    return type == utils::IteratorType::parallel ||
           type == utils::IteratorType::reduction;
  };
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() == 0 ||
      !llvm::all_of(op.getIteratorTypesArray(), isReductionOrParallel) ||
      !llvm::all_of(op->getOperandTypes(), llvm::IsaPred<ShapedType>) ||
      op.getBlock()->getNumArguments() != 3 || !isMultiplyAdd(*op.getBlock()))
    return failure();
  return RoleFinder(op).find(obstacle);
}
