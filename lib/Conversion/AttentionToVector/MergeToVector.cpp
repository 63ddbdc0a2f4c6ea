//===- MergeToVector.cpp - States of parts of the keys into one -----------===//
//
// Lane by lane, the parts in order: one pass over their pivots, one over their
// sums and accumulators.
//
//===----------------------------------------------------------------------===//

#include "BlockEmitter.h"
#include "BlockLowerings.h"
#include "ReadingEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::attention;

namespace {
class MergeEmitter : BlockEmitter {
public:
  MergeEmitter(OpBuilder &builder, MergeOp op, int64_t lanes)
      : BlockEmitter(builder, op.getLoc(),
                     cast<FloatType>(getElementTypeOrSelf(op.getOuts()[0])),
                     lanes),
        op(op), normaliser(op.getNormaliser()),
        readings(builder, loc, op.getReadings(), c, op.getOuts(), lanes),
        numParts(b.createOrFold<memref::DimOp>(loc, op.getAccumulators(), 0)) {}

  /// for l in vectors of lanes: pivot; for p in parts: sum, accumulator
  void emit() {
    int64_t numLanes =
        cast<MemRefType>(op.getOuts()[0].getType()).getShape().back();
    loop(index(0), index(numLanes), lanes, [&](Value l) {
      Value shift = normaliser.hasState() ? emitState(l) : Value();
      loop(index(0), numParts, 1, [&](Value p) {
        Value pivot, factor;
        if (shift) {
          pivot = loadVector(op.getStates()[0], {p, l});
          factor = normaliser.buildRescale(b, loc, pivot, shift);
        }
        emitPart(p, l, factor);
        readings.addPart(op.getStates(), p, l, getMove(pivot, shift, factor));
      });
    });
  }

private:
  ReadingEmitter::Move getMove(Value pivot, Value newShift, Value factor) {
    if (!pivot || op.getReadings().empty())
      return {};
    return {normaliser.buildShift(b, loc, pivot), newShift, factor};
  }

  /// The new pivot, what was there before rescaled to it, and the sums of all
  /// parts. Returns the shift.
  Value emitState(Value l) {
    Value pivots = op.getStates()[0], sums = op.getStates()[1];
    Value accumulator = op.getOuts()[0];
    Value oldPivot = loadVector(op.getOuts()[1], l);
    Value pivot =
        loop(index(0), numParts, 1, oldPivot, [&](Value p, ValueRange current) {
          return Values{normaliser.buildPivot(b, loc, current[0],
                                              loadVector(pivots, {p, l}))};
        })[0];
    storeVector(pivot, op.getOuts()[1], l);
    Value shift = normaliser.buildShift(b, loc, pivot);
    Value factor = normaliser.buildRescale(b, loc, oldPivot, shift);
    Value sum = loadVector(op.getOuts()[2], l);
    sum = arith::MulFOp::create(b, loc, sum, factor);
    sum = loop(index(0), numParts, 1, sum, [&](Value p, ValueRange current) {
      Value partFactor =
          normaliser.buildRescale(b, loc, loadVector(pivots, {p, l}), shift);
      return Values{
          multiplyAdd(loadVector(sums, {p, l}), partFactor, current[0])};
    })[0];
    storeVector(sum, op.getOuts()[2], l);
    loop(index(0), numRows(), 1, [&](Value e) {
      Value all = loadVector(accumulator, {e, l});
      all = arith::MulFOp::create(b, loc, all, factor);
      storeVector(all, accumulator, {e, l});
    });
    readings.rescale(l, getMove(oldPivot, shift, factor));
    return shift;
  }

  /// Adds the accumulator of part `p`, times `factor` if there is one. A factor
  /// of 0 leaves it out, also where it is not finite.
  void emitPart(Value p, Value l, Value factor) {
    Value accumulator = op.getOuts()[0];
    Value isUsed;
    if (factor)
      isUsed = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, factor,
                                     zeroVector());
    loop(index(0), numRows(), 1, [&](Value e) {
      Value all = loadVector(accumulator, {e, l});
      Value part = loadVector(op.getAccumulators(), {p, e, l});
      if (factor) {
        part = arith::SelectOp::create(b, loc, isUsed, part, zeroVector());
        all = multiplyAdd(part, factor, all);
      } else {
        all = arith::AddFOp::create(b, loc, all, part);
      }
      storeVector(all, accumulator, {e, l});
    });
  }

  Value numRows() {
    return b.createOrFold<memref::DimOp>(loc, op.getOuts()[0], 0);
  }

  MergeOp op;
  OnlineNormaliserAttrInterface normaliser;
  ReadingEmitter readings;
  Value numParts;
};
} // namespace

void attention::lowerMerge(OpBuilder &builder, MergeOp op, int64_t lanes) {
  MergeEmitter(builder, op, lanes).emit();
}
