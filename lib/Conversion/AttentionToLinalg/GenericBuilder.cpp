//===- GenericBuilder.cpp - linalg.generic ops with one output ------------===//
//
// What the block level is lowered with.
//
//===----------------------------------------------------------------------===//

#include "GenericBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::attention;

Value GenericBuilder::generic(ArrayRef<Mapped> inputs, Mapped output,
                              unsigned numReductions, BuildBody build) {
  SmallVector<Value> tensors;
  SmallVector<AffineMap> maps;
  for (const Mapped &input : inputs) {
    tensors.push_back(input.tensor);
    maps.push_back(input.map);
  }
  maps.push_back(output.map);
  SmallVector<utils::IteratorType> iterators(output.map.getNumDims(),
                                             utils::IteratorType::parallel);
  for (unsigned i = 0; i < numReductions; ++i)
    iterators[iterators.size() - 1 - i] = utils::IteratorType::reduction;
  return linalg::GenericOp::create(
             builder, loc, output.tensor.getType(), tensors, output.tensor,
             maps, iterators,
             [&](OpBuilder &builder, Location loc, ValueRange arguments) {
               linalg::YieldOp::create(builder, loc,
                                       build(builder, loc, arguments));
             })
      .getResult(0);
}

Value GenericBuilder::rescaled(Value state, Value factor) {
  if (!factor)
    return state;
  unsigned rank = getRank(state);
  return generic({{factor, map(rank, {rank - 1})}},
                 {state, builder.getMultiDimIdentityMap(rank)}, 0,
                 [](OpBuilder &builder, Location loc, ValueRange a) -> Value {
                   return arith::MulFOp::create(builder, loc, a[0], a[1]);
                 });
}
