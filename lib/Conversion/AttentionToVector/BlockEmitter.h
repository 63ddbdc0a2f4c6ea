//===- BlockEmitter.h - What the block level's lowerings share --*- C++ -*-===//
//
// Loops, loads and constants on buffers, built at one place and of one compute
// type.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_BLOCKEMITTER_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_BLOCKEMITTER_H

#include "Attention/Dialect/Attention/IR/ScoreChange.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::attention {

/// Where the scratch of `op`, which is in a function, lives: the body of the
/// closest parallel loop or function, whose frame it becomes part of.
Block *getScratchScope(Operation *op);

/// Elements of a buffer that follow each other along a dimension.
struct ElementRun {
  Value buffer;
  /// Where the first one is.
  SmallVector<Value> at;
  unsigned dim = 0;
  /// The elements, in the compute type, if they have been loaded together.
  Value vector;
};

class BlockEmitter {
public:
  /// `lanes` is the number of lanes of a vector of the compute type.
  BlockEmitter(OpBuilder &builder, Location loc, FloatType computeType,
               int64_t lanes)
      : b(builder), loc(loc), c(computeType), lanes(lanes),
        vectorType(VectorType::get(lanes, computeType)) {}

protected:
  using Values = SmallVector<Value>;

  Value index(int64_t value);
  Value add(Value a, Value b);
  Value add(Value a, int64_t constant) { return add(a, index(constant)); }
  Value sub(Value a, Value b);
  /// Rounded down to a multiple of `step`, for values that are not negative.
  Value roundDown(Value value, int64_t step);
  Value minimum(Value a, Value b);
  Value isLess(Value a, Value b);

  /// The extent of a matrix in its rows (0) or columns (1).
  Value extent(MappedValue matrix, unsigned dim);
  /// The static extent, or ShapedType::kDynamic.
  static int64_t staticExtent(MappedValue matrix, unsigned dim);
  /// The indices of (row, column).
  static Values indices(MappedValue matrix, Value row, Value column);
  /// Whether steps along rows (0) or columns (1) are to the next element.
  static bool isContiguous(MappedValue matrix, unsigned dim);

  /// The element as a scalar of the compute type.
  Value loadScalar(MappedValue matrix, Value row, Value column);
  /// `count` elements that are used one at a time, as factors of whole vectors.
  /// With `asVector` they are loaded as one vector if they are next to each
  /// other, for instructions that can name one of its lanes.
  ElementRun loadRun(Value buffer, ValueRange at, unsigned dim, int64_t count,
                     bool asVector);
  /// The same of a row of a matrix.
  ElementRun loadRun(MappedValue matrix, Value row, Value column, int64_t count,
                     bool asVector);
  /// Element `number` of a run as a scalar of the compute type.
  Value getElement(const ElementRun &run, int64_t number);

  /// A scalar, or vector, rounded once to the type of elements, to nearest
  /// even.
  Value extend(Value value);
  Value round(Value value, Type elementType);
  Value splat(Value scalar);
  Value zeroVector();
  /// What an absent pair has for a score, in all lanes.
  Value negInf(VectorType type);
  /// Which of a vector's scores are of pairs that are there.
  Value isLive(Value scores);

  /// x · y + z, fused where the target has an instruction for it, which
  /// math.fma would call a function for elsewhere.
  Value multiplyAdd(Value x, Value y, Value z);

  Value loadVector(Value buffer, ValueRange at);
  void storeVector(Value vector, Value buffer, ValueRange at);
  /// The same for several buffers, at one position.
  Values loadVectors(ValueRange buffers, ValueRange at);
  void storeVectors(ValueRange vectors, ValueRange buffers, ValueRange at);

  /// for (i = begin; i < end; i += step) values = body(i, values)
  Values loop(Value begin, Value end, int64_t step, ValueRange values,
              function_ref<Values(Value, ValueRange)> body);
  void loop(Value begin, Value end, int64_t step,
            function_ref<void(Value)> body);
  /// Iterations that are unrolled in the innermost loops.
  static constexpr int64_t unrollFactor = 4;
  /// `body` for steps of `size` from 0, and for single ones at the end.
  Values loopWithTail(Value end, int64_t size, ValueRange values,
                      function_ref<Values(Value, int64_t, ValueRange)> body);
  /// for (i = 0; i < end; ++i) values = body(i, values), a few iterations at a
  /// time: the processor foresees the end of a loop of few steps, and a wrong
  /// guess costs as much as several.
  Values unrolledLoop(Value end, ValueRange values,
                      function_ref<Values(Value, ValueRange)> body);
  void ifThen(Value condition, function_ref<void()> then);

  OpBuilder &b;
  Location loc;
  FloatType c;
  int64_t lanes;
  VectorType vectorType;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOVECTOR_BLOCKEMITTER_H
