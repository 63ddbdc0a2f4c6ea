//===- GenericBuilder.h - linalg.generic ops with one output ----*- C++ -*-===//
//
// What the block level is lowered with.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_GENERICBUILDER_H
#define ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_GENERICBUILDER_H

#include "LinalgBuilders.h"

namespace mlir::attention {

/// A tensor and the map that reads it in a loop nest.
struct Mapped {
  Value tensor;
  AffineMap map;
};

/// Builds linalg.generic ops with one output.
struct GenericBuilder {
  using BuildBody = function_ref<Value(OpBuilder &, Location, ValueRange)>;

  GenericBuilder(OpBuilder &builder, Location loc)
      : builder(builder), loc(loc) {}

  /// (d0, …, d{numDims−1}) -> (d{dims[0]}, …)
  AffineMap map(unsigned numDims, ArrayRef<unsigned> dims) {
    return getDimsMap(builder.getContext(), numDims, dims);
  }

  /// The last `numReductions` loops are reductions. `build` gets the inputs'
  /// elements and the output's.
  Value generic(ArrayRef<Mapped> inputs, Mapped output, unsigned numReductions,
                BuildBody build);

  /// `state` [.., lanes] times `factor` [lanes], if there is one.
  Value rescaled(Value state, Value factor);

  OpBuilder &builder;
  Location loc;
};

} // namespace mlir::attention

#endif // ATTENTION_LIB_CONVERSION_ATTENTIONTOLINALG_GENERICBUILDER_H
