//===- BlockBuilder.cpp - A block of queries on the block level -----------===//
//
// Queries and state are in the kernel's layout from the start, so that every
// extent but the last block of keys' is static inside.
//
//===----------------------------------------------------------------------===//

#include "BlockBuilder.h"

#include "BlockOperands.h"
#include "KeyLoops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace mlir::attention;

SmallVector<Value> BlockBuilder::build() { return buildResults(buildState()); }

Value BlockBuilder::buildFilled(Value scalar, ArrayRef<OpFoldResult> sizes) {
  Value scratch = buildScratch(builder, loc, scalar.getType(), sizes);
  return linalg::FillOp::create(builder, loc, scalar, scratch).getResult(0);
}

SmallVector<Value> BlockBuilder::buildInitialState() {
  MappedValue context =
      buildMatrix(builder, loc, op.getOuts()[0], op.getOutputMap(0),
                  op.getQueryDim(), op.getValueDim());
  OpFoldResult lanes = builder.getIndexAttr(sizes.queries);
  Type c = op.getComputeType();
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getFloatAttr(c, 0.0));
  SmallVector<Value> state = {
      buildFilled(zero, {getExtent(builder, loc, context, 1), lanes})};
  if (!op.getNormaliser().hasState())
    return state;
  SmallVector<Value> elements;
  for (Value operand : op.getInitOperands())
    elements.push_back(buildElement(builder, loc, operand));
  for (Value init : op.getNormaliser().buildInit(builder, loc, c, elements))
    state.push_back(buildFilled(init, {lanes}));
  return state;
}

SmallVector<Value> BlockBuilder::buildState() {
  MappedValue query = buildMatrix(builder, loc, op.getQuery(), op.getQueryMap(),
                                  op.getQueryDim(), op.getFeatureDim());
  // A dot product may be scaled where its queries are packed.
  Value packScale = op.isDot() ? op.getScale() : Value();
  Value scratch = buildScratch(
      builder, loc, op.getComputeType(),
      {getExtent(builder, loc, query, 1), builder.getIndexAttr(sizes.queries)});
  Value tile = PackOp::create(builder, loc, TypeRange(scratch.getType()),
                              query.value, packScale, scratch, query.map)
                   .getResult(0);
  SmallVector<Value> state = buildInitialState();
  QueryBlock queries{tile, packScale ? Value() : op.getScale(),
                     getExtent(builder, loc, query, 0)};
  return buildKeyLoops(builder, op, queries, sizes.keys, state);
}

SmallVector<Value> BlockBuilder::buildResults(ArrayRef<Value> state) {
  MappedValue context =
      buildMatrix(builder, loc, op.getOuts()[0], op.getOutputMap(0),
                  op.getQueryDim(), op.getValueDim());
  SmallVector<Value> outs = {context.value};
  if (op.getLse())
    outs.push_back(buildRow(builder, loc, op.getOuts()[1], op.getOutputMap(1),
                            op.getQueryDim()));
  auto finish = FinishOp::create(builder, loc, ValueRange(outs).getTypes(),
                                 state.front(), state.drop_front(), outs,
                                 op.getNormaliser(), context.map);
  SmallVector<Value> results;
  for (auto [out, result] : llvm::zip(op.getOuts(), finish.getResults()))
    results.push_back(buildInsertion(builder, loc, result, out));
  return results;
}
