// Facts, other entries and devices that the module states are kept; an option
// wins over a fact, and what is not stated is the CPU's. LLVM is told the width.
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=znver4' --mlir-print-local-scope | FileCheck %s
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=znver4 vector-bits=512' --mlir-print-local-scope | FileCheck %s --check-prefix=OPTION

// CHECK: "CPU" = #dlti.target_device_spec<"attention.parallelism" = 64 : i64, "other" = "kept", "attention.vector_bits" = 256 : i64, "attention.vector_registers" = 32 : i64, "attention.multiply_add_operations" = 1 : i64, "attention.lane_multiply_add_operations" = 2 : i64, "attention.l1_bytes" = 32768 : i64, "attention.l2_bytes" = 262144 : i64>
// CHECK-SAME: "GPU" = #dlti.target_device_spec<"attention.vector_bits" = 1024 : i64>
// CHECK: func.func @f() attributes {passthrough = {{\[}}["prefer-vector-width", "256"]]} {
// OPTION: "attention.vector_bits" = 512 : i64
// OPTION: func.func @f() attributes {passthrough
module attributes {
  dlti.dl_spec = #dlti.dl_spec<"dlti.endianness" = "little">,
  dlti.target_system_spec = #dlti.target_system_spec<
    "CPU" = #dlti.target_device_spec<"attention.parallelism" = 64 : i32, "other" = "kept", "attention.vector_bits" = 256 : i64>,
    "GPU" = #dlti.target_device_spec<"attention.vector_bits" = 1024 : i64>>
} {
  func.func @f() {
    return
  }
}
