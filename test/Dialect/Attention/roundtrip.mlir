// Every op parses and prints to itself, in custom and generic form.
// RUN: attention-opt %s -verify-roundtrip | attention-opt --mlir-print-op-generic | attention-opt | FileCheck %s

// CHECK-LABEL: func @dot
func.func @dot(%q: tensor<?x32xf32>, %k: tensor<?x32xf32>, %c: f32) -> tensor<?x?xf32> {
  // CHECK: attention.dot_score %{{.*}}, %{{.*}} scale(%{{.*}} : f32) : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x?xf32>
  %s = attention.dot_score %q, %k scale(%c : f32) : tensor<?x32xf32>, tensor<?x32xf32> -> tensor<?x?xf32>
  return %s : tensor<?x?xf32>
}
