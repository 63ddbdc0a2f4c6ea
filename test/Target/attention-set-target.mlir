// Facts are LLVM's for the CPU, but for 512-bit vectors wherever there is AVX-512;
// then every function tells LLVM so.
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=znver4' --mlir-print-local-scope | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=skylake-avx512' --mlir-print-local-scope | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=sapphirerapids' --mlir-print-local-scope | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=haswell features=+avx512f' --mlir-print-local-scope | FileCheck %s --check-prefixes=CHECK,AVX512
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=haswell' --mlir-print-local-scope | FileCheck %s --check-prefixes=CHECK,HASWELL,NARROW
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=skylake-avx512 features=-avx512f' --mlir-print-local-scope | FileCheck %s --check-prefixes=CHECK,HASWELL,NARROW
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=x86-64' --mlir-print-local-scope | FileCheck %s --check-prefixes=CHECK,BASE,NARROW
// Of another architecture, host is generic.
// RUN: attention-opt %s -attention-set-target='triple=aarch64-linux-gnu' --mlir-print-local-scope | FileCheck %s --check-prefixes=CHECK,AARCH64,NARROW
// RUN: attention-opt %s -attention-set-target='triple=aarch64-linux-gnu cpu=generic' --mlir-print-local-scope | FileCheck %s --check-prefixes=CHECK,AARCH64,NARROW
// RUN: attention-opt %s -attention-set-target='triple=aarch64-linux-gnu cpu=apple-m1' --mlir-print-local-scope | FileCheck %s --check-prefixes=CHECK,AARCH64,NARROW
// A CPU without vectors has scalars.
// RUN: attention-opt %s -attention-set-target='triple=riscv64 cpu=generic-rv64' --mlir-print-local-scope | FileCheck %s --check-prefixes=CHECK,SCALAR,NARROW

// This machine has facts of some kind.
// RUN: attention-opt %s -attention-set-target --mlir-print-local-scope | FileCheck %s --check-prefix=HOST

// Options win, also over the CPU that they make up.
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=haswell vector-bits=512 vector-registers=7 multiply-add-operations=3 lane-multiply-add-operations=5 l1-bytes=11 l2-bytes=13 parallelism=17' --mlir-print-local-scope | FileCheck %s --check-prefixes=OPTIONS
// LLVM keeps to vectors narrower than the CPU's.
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=znver4 vector-bits=256' --mlir-print-local-scope | FileCheck %s --check-prefix=KEPT
// RUN: attention-opt %s -attention-set-target='triple=aarch64-linux-gnu cpu=apple-m1 vector-bits=64' --mlir-print-local-scope | FileCheck %s --check-prefix=NARROW

// A second time changes nothing.
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=znver4' -o %t.once
// RUN: attention-opt %t.once -attention-set-target='triple=x86_64 cpu=znver4' -o %t.twice
// RUN: diff %t.once %t.twice

// The preference arrives in LLVM IR.
// RUN: attention-opt %s -attention-set-target='triple=x86_64 cpu=znver4' -convert-func-to-llvm | mlir-translate -mlir-to-llvmir | FileCheck %s --check-prefix=LLVM

// CHECK: module attributes {dlti.target_system_spec = #dlti.target_system_spec<"CPU" = #dlti.target_device_spec<
// AVX512-SAME: "attention.vector_bits" = 512 : i64, "attention.vector_registers" = 32 : i64, "attention.multiply_add_operations" = 1 : i64, "attention.lane_multiply_add_operations" = 2 : i64,
// HASWELL-SAME: "attention.vector_bits" = 256 : i64, "attention.vector_registers" = 16 : i64, "attention.multiply_add_operations" = 1 : i64, "attention.lane_multiply_add_operations" = 2 : i64,
// BASE-SAME: "attention.vector_bits" = 128 : i64, "attention.vector_registers" = 16 : i64, "attention.multiply_add_operations" = 2 : i64, "attention.lane_multiply_add_operations" = 2 : i64,
// AARCH64-SAME: "attention.vector_bits" = 128 : i64, "attention.vector_registers" = 32 : i64, "attention.multiply_add_operations" = 1 : i64, "attention.lane_multiply_add_operations" = 1 : i64,
// SCALAR-SAME: "attention.vector_bits" = 64 : i64, "attention.vector_registers" = {{[1-9]}}
// CHECK-SAME: "attention.l1_bytes" = 32768 : i64, "attention.l2_bytes" = 262144 : i64, "attention.parallelism" = 16 : i64>>}
// HOST: "attention.vector_bits" = {{[1-9].*}}"attention.vector_registers" = {{[1-9].*}}"attention.multiply_add_operations" = {{[12] .*}}"attention.lane_multiply_add_operations" = {{[12] .*}}"attention.l1_bytes" = {{[1-9].*}}"attention.l2_bytes" = {{[1-9].*}}"attention.parallelism" = 16 : i64
// OPTIONS: <"attention.vector_bits" = 512 : i64, "attention.vector_registers" = 7 : i64, "attention.multiply_add_operations" = 3 : i64, "attention.lane_multiply_add_operations" = 5 : i64, "attention.l1_bytes" = 11 : i64, "attention.l2_bytes" = 13 : i64, "attention.parallelism" = 17 : i64>

// AVX512: func.func @plain(%{{.*}}: f32) -> f32 attributes {passthrough = {{\[}}["prefer-vector-width", "512"]]}
// OPTIONS: func.func @plain(%{{.*}}: f32) -> f32 attributes {passthrough = {{\[}}["prefer-vector-width", "512"]]}
// KEPT: func.func @plain(%{{.*}}: f32) -> f32 attributes {passthrough = {{\[}}["prefer-vector-width", "256"]]}
// NARROW: func.func @plain(%{{.*}}: f32) -> f32 {
// LLVM: define float @plain(float %{{.*}}) #[[PLAIN:[0-9]+]]
func.func @plain(%x: f32) -> f32 {
  return %x : f32
}

// AVX512: func.func @merged(%{{.*}}: f32) -> f32 attributes {passthrough = ["noinline", ["target-cpu", "x"], ["prefer-vector-width", "512"]]}
// NARROW: func.func @merged(%{{.*}}: f32) -> f32 attributes {passthrough = ["noinline", ["target-cpu", "x"]]}
// LLVM: define float @merged(float %{{.*}}) #[[MERGED:[0-9]+]]
func.func @merged(%x: f32) -> f32 attributes {passthrough = ["noinline", ["target-cpu", "x"]]} {
  return %x : f32
}

// A preference of the user's own stays.
// AVX512: func.func @own(%{{.*}}: f32) -> f32 attributes {passthrough = {{\[}}["prefer-vector-width", "256"]]}
// LLVM: define float @own(float %{{.*}}) #[[OWN:[0-9]+]]
func.func @own(%x: f32) -> f32 attributes {passthrough = [["prefer-vector-width", "256"]]} {
  return %x : f32
}

// AVX512: func.func private @declared(f32){{$}}
func.func private @declared(f32)

// LLVM-DAG: attributes #[[PLAIN]] = { "prefer-vector-width"="512" }
// LLVM-DAG: attributes #[[MERGED]] = { noinline "prefer-vector-width"="512" "target-cpu"="x" }
// LLVM-DAG: attributes #[[OWN]] = { "prefer-vector-width"="256" }
