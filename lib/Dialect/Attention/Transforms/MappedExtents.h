//===- MappedExtents.h - Static extents of iteration dimensions -*- C++ -*-===//
//
// What the types of operands say of the iteration space together, and operands
// whose types say all of it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_MAPPEDEXTENTS_H
#define ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_MAPPEDEXTENTS_H

#include "Attention/Dialect/Attention/IR/ScoreChange.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::attention {

class MappedExtents {
public:
  /// All of `numDims` extents are known at run time only.
  explicit MappedExtents(unsigned numDims)
      : extents(numDims, ShapedType::kDynamic) {}

  int64_t operator[](unsigned dim) const { return extents[dim]; }

  /// Takes what the leading dimensions of `type`, one for each result of `map`,
  /// say of the dimensions that they are mapped to plainly.
  void add(Type type, AffineMap map);
  void add(MappedValue operand) { add(operand.value.getType(), operand.map); }

  /// The operand, a tensor, cast to a type that states the extents of the
  /// dimensions that it is mapped to plainly.
  Value refine(OpBuilder &builder, Location loc, MappedValue operand) const;

private:
  SmallVector<int64_t> extents;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_TRANSFORMS_MAPPEDEXTENTS_H
