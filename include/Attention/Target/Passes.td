//===- Passes.td - Targets -------------------------------------*- tablegen -*-===//
//
// Declaration of the pass that writes down what a module is compiled for.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_TARGET_PASSES_TD
#define ATTENTION_TARGET_PASSES_TD

include "mlir/Pass/PassBase.td"

def AttentionSetTarget : Pass<"attention-set-target", "::mlir::ModuleOp"> {
  let summary = "State the facts about a CPU that block sizes are chosen from.";
  let description = [{
    Gives the module a `dlti.target_system_spec` whose device `"CPU"` has an entry
    for each of

    | entry | meaning | where unknown |
    |---|---|---|
    | `attention.vector_bits` | bits of the widest vectors that pay | |
    | `attention.vector_registers` | how many vector registers there are | |
    | `attention.multiply_add_operations` | 1 where multiply-adds are fused, else 2 | |
    | `attention.lane_multiply_add_operations` | 1 where a multiply-add can have one lane of a register for a factor (AArch64), else 2 | |
    | `attention.l1_bytes` | level-1 data cache of a core | 32768 |
    | `attention.l2_bytes` | level-2 cache of a core | 262144 |
    | `attention.parallelism` | parallel work items that keep a machine busy | 16 |

    An option wins over an entry that the module has already, and that over what is
    known of the CPU, so that IR may be compiled for something else than it runs on.
    Other entries and devices stay. Passes read missing entries as 128 bits, 16
    registers, 2 operations of both kinds, and the values in the table.

    Vectors are LLVM's: the vectors and registers that its cost model has for the
    CPU. Where there is AVX-512 they are of 512 bits even if LLVM would rather use
    256, as on skylake-avx512 and sapphirerapids: attention is dense multiply-adds,
    which repay the lower clock. Cache sizes are those of this machine for
    `cpu=host`, which alone makes the result depend on the machine, and the values in
    the table for a CPU that is named. The parallelism is a constant: it says into
    how many pieces work is split, on which results may depend, and must not differ
    with the number of threads.

    If vectors are of 512 bits and the target is x86, every function with a body gets
    `passthrough = [["prefer-vector-width", "512"]]`, which becomes an attribute of
    the LLVM function, unless it states a preference itself: LLVM's own vectorisers
    and cost models would otherwise keep to 256 bits on such CPUs. Likewise where
    the vectors are stated to be narrower than those of an x86 CPU, so that LLVM
    does not make wider ones again.

    With `triple=x86_64 cpu=skylake-avx512`,

    ```mlir
    func.func @f(%x: f32) -> f32 {
      return %x : f32
    }
    ```

    gets

    ```mlir
    module attributes {dlti.target_system_spec = #dlti.target_system_spec<
        "CPU" = #dlti.target_device_spec<
          "attention.vector_bits" = 512 : i64,
          "attention.vector_registers" = 32 : i64,
          "attention.multiply_add_operations" = 1 : i64,
          "attention.lane_multiply_add_operations" = 2 : i64,
          "attention.l1_bytes" = 32768 : i64,
          "attention.l2_bytes" = 262144 : i64,
          "attention.parallelism" = 16 : i64>>} {
      func.func @f(%x: f32) -> f32
          attributes {passthrough = [["prefer-vector-width", "512"]]} {
        return %x : f32
      }
    }
    ```
  }];
  let options = [
    Option<"triple", "triple", "std::string", /*default=*/"",
           "LLVM target triple; this machine's by default">,
    Option<"cpu", "cpu", "std::string", /*default=*/"\"host\"",
           "CPU by LLVM's name (llc -mcpu=help lists them), or host; host is "
           "generic where the triple is of another architecture">,
    Option<"features", "features", "std::string", /*default=*/"",
           "Features that differ from the CPU's, such as +avx512f,-avx512bf16">,
    Option<"vectorBits", "vector-bits", "int64_t", /*default=*/"0",
           "Bits of a vector; 0 leaves it to the module and the CPU, here and below">,
    Option<"vectorRegisters", "vector-registers", "int64_t", /*default=*/"0",
           "Number of vector registers">,
    Option<"multiplyAddOperations", "multiply-add-operations", "int64_t",
           /*default=*/"0", "Operations of a multiply-add: 1 (fused) or 2">,
    Option<"laneMultiplyAddOperations", "lane-multiply-add-operations",
           "int64_t", /*default=*/"0",
           "Operations of a multiply-add with one lane of a register for a "
           "factor: 1 or 2">,
    Option<"l1Bytes", "l1-bytes", "int64_t", /*default=*/"0",
           "Bytes of the level-1 data cache of a core">,
    Option<"l2Bytes", "l2-bytes", "int64_t", /*default=*/"0",
           "Bytes of the level-2 cache of a core">,
    Option<"parallelism", "parallelism", "int64_t", /*default=*/"0",
           "Parallel work items that keep a machine busy">,
  ];
  let dependentDialects = ["::mlir::DLTIDialect"];
}

#endif // ATTENTION_TARGET_PASSES_TD
