//===- LaneVectorizer.h - Scalar regions on lanes of queries ----*- C++ -*-===//
//
// Clones a scalar region so that it works on a vector of queries at once. What
// is the same in all lanes stays scalar; indices that count lanes stay a base
// and a stride as long as they can.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_LANEVECTORIZER_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_LANEVECTORIZER_H

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::attention {

/// A value in all lanes: the scalar `value` in every lane (stride 0), `value` +
/// lane · stride for integers and indices, or a vector with an element a lane.
struct LaneValue {
  Value value;
  int64_t stride = 0;
  bool isVector = false;

  static LaneValue uniform(Value value) { return {value, 0, false}; }
  static LaneValue strided(Value base, int64_t stride) {
    return {base, stride, false};
  }
  static LaneValue vector(Value value) { return {value, 0, true}; }
  bool isUniform() const { return !isVector && stride == 0; }
};

class LaneVectorizer {
public:
  /// `live` is a vector of i1: lanes in which the region is defined. Elsewhere
  /// nothing is loaded and nothing traps. Null where it is defined in all
  /// lanes.
  LaneVectorizer(OpBuilder &builder, Location loc, int64_t numLanes, Value live)
      : builder(builder), loc(loc), numLanes(numLanes), live(live) {}

  /// Builds the block with its arguments bound to `arguments` and returns what
  /// it yields. Every operation must have a vector form. If a
  /// region needsLiveLane, one lane at least must be live.
  LaneValue vectorize(Block &block, ArrayRef<LaneValue> arguments);

  /// The result of a map where its dimensions are `dims`, not negative: one of
  /// them, a constant, or the quotient of such.
  LaneValue evaluate(AffineExpr result, ArrayRef<LaneValue> dims);

  /// The value as a vector, whose elements are of `type`.
  Value materialize(LaneValue value);

  /// The element of a buffer at indices in every lane.
  LaneValue load(Value buffer, ArrayRef<LaneValue> indices);

  /// Whether a region may load or trap, and so must not run without a live
  /// lane.
  static bool needsLiveLane(Region &region);

private:
  LaneValue lookup(Value value);
  LaneValue build(Operation &op);
  void buildAssert(cf::AssertOp op);
  LaneValue buildStrided(Operation &op, ArrayRef<LaneValue> operands);
  LaneValue buildCompare(Operation &op, ArrayRef<LaneValue> operands);
  LaneValue buildToFloat(Operation &op, ArrayRef<LaneValue> operands);
  LaneValue buildElementwise(Operation &op, ArrayRef<LaneValue> operands);
  Value buildIndexConstant(int64_t value, Type type);

  OpBuilder &builder;
  Location loc;
  int64_t numLanes;
  Value live;
  DenseMap<Value, LaneValue> values;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_LANEVECTORIZER_H
