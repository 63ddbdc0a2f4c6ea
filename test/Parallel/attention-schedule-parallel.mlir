// Loops without a schedule become dynamic, others stay.
// RUN: attention-opt %s -attention-schedule-parallel | FileCheck %s

func.func private @block(index)

// CHECK-LABEL: func @f
func.func @f(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  omp.parallel {
    // CHECK: omp.wsloop schedule(dynamic) {
    omp.wsloop {
      omp.loop_nest (%i, %j) : index = (%c0, %c0) to (%n, %n) step (%c1, %c1) collapse(2) {
        func.call @block(%i) : (index) -> ()
        omp.yield
      }
    }
    // CHECK: omp.wsloop schedule(static) {
    omp.wsloop schedule(static) {
      omp.loop_nest (%i) : index = (%c0) to (%n) step (%c1) {
        func.call @block(%i) : (index) -> ()
        omp.yield
      }
    }
    omp.terminator
  }
  return
}
