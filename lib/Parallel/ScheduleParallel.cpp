//===- ScheduleParallel.cpp - Iterations of uneven length -----------------===//
//
// Gives OpenMP's loops a dynamic schedule, which no conversion into the dialect
// can ask for.
//
//===----------------------------------------------------------------------===//

#include "Attention/Parallel/Passes.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"

namespace mlir::attention {
#define GEN_PASS_DEF_ATTENTIONSCHEDULEPARALLEL
#include "Attention/Parallel/Passes.h.inc"
} // namespace mlir::attention

using namespace mlir;

namespace {
struct ScheduleParallelPass
    : public attention::impl::AttentionScheduleParallelBase<
          ScheduleParallelPass> {
  void runOnOperation() override {
    getOperation()->walk([](omp::WsloopOp loop) {
      if (!loop.getScheduleKind())
        loop.setScheduleKind(omp::ClauseScheduleKind::Dynamic);
    });
  }
};
} // namespace
