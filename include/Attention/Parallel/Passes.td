//===- Passes.td - Parallel loops ------------------------------*- tablegen -*-===//
//
// Declarations of the passes that prepare parallel loops for OpenMP.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_PARALLEL_PASSES_TD
#define ATTENTION_PARALLEL_PASSES_TD

include "mlir/Pass/PassBase.td"

def AttentionOutlineParallel
    : Pass<"attention-outline-parallel", "::mlir::ModuleOp"> {
  let summary = "Move bodies of parallel loops into functions of their own.";
  let description = [{
    The body of every outermost `scf.parallel` becomes a private function, which the
    loop calls. Its arguments are the loop's indices and the values it captures;
    constants, and other pure operations without operands, are cloned into it
    instead, so that bounds and steps stay known. Parallel loops within the body
    become `scf.for`: the outer one has the threads already.

    `convert-scf-to-openmp` puts a body into a `memref.alloca_scope`, in which
    `convert-scf-to-cf` cannot lower loops, and stack allocations that stay in the
    loop would add up. In a function of its own a body has any control flow, and a
    frame that each call gives back. So that LLVM does not undo this, the function
    is `noinline`; it is internal, and has the parent's other `passthrough`
    attributes.

    ```mlir
    func.func @f(%m: memref<?xf32>, %n: index) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %x = arith.constant 2.0 : f32
      scf.parallel (%i) = (%c0) to (%n) step (%c1) {
        memref.store %x, %m[%i] : memref<?xf32>
      }
      return
    }
    ```

    becomes

    ```mlir
    func.func @f(%m: memref<?xf32>, %n: index) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %x = arith.constant 2.0 : f32
      scf.parallel (%i) = (%c0) to (%n) step (%c1) {
        func.call @f_parallel(%i, %m) : (index, memref<?xf32>) -> ()
        scf.reduce
      }
      return
    }
    func.func private @f_parallel(%i: index, %m: memref<?xf32>)
        attributes {llvm.linkage = #llvm.linkage<internal>,
                    passthrough = ["noinline"]} {
      %x = arith.constant 2.0 : f32
      memref.store %x, %m[%i] : memref<?xf32>
      return
    }
    ```

    Loops with reductions stay as they are, with a remark: in which order OpenMP
    combines partial results depends on the number of threads. With
    `sequential-reductions` they become `scf.for` instead, as they must before a
    conversion that takes every `scf.parallel`. A loop outside of any `func.func`
    stays too.
  }];
  let options = [
    Option<"sequentialReductions", "sequential-reductions", "bool",
           /*default=*/"false",
           "Make scf.for of the loops that have reductions">,
  ];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::func::FuncDialect",
                           "::mlir::scf::SCFDialect"];
}

def AttentionScheduleParallel : Pass<"attention-schedule-parallel"> {
  let summary = "Let threads take the next iteration when they are done with one.";
  let description = [{
    Gives each `omp.wsloop` that has no schedule the schedule `dynamic`. An iteration
    is a block of queries, and under a causal mask the last ones see twice the mean
    number of keys: equal shares of iterations, which is OpenMP's default, would be
    unequal work. Which thread runs an iteration changes no result.

    ```mlir
    func.func private @block(%i: index)

    func.func @f(%n: index) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      omp.parallel {
        omp.wsloop {
          omp.loop_nest (%i) : index = (%c0) to (%n) step (%c1) {
            func.call @block(%i) : (index) -> ()
            omp.yield
          }
        }
        omp.terminator
      }
      return
    }
    ```

    becomes

    ```mlir
    func.func private @block(%i: index)

    func.func @f(%n: index) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      omp.parallel {
        omp.wsloop schedule(dynamic) {
          omp.loop_nest (%i) : index = (%c0) to (%n) step (%c1) {
            func.call @block(%i) : (index) -> ()
            omp.yield
          }
        }
        omp.terminator
      }
      return
    }
    ```
  }];
}

#endif // ATTENTION_PARALLEL_PASSES_TD
