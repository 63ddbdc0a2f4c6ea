// What rows of weights are read for, as attributes and on the block level: in
// custom form, on tensors and on buffers, and in bytecode.
// RUN: attention-opt %s -verify-roundtrip | FileCheck %s
// RUN: attention-opt %s --mlir-print-op-generic | attention-opt | FileCheck %s
// RUN: attention-opt %s --emit-bytecode | attention-opt | FileCheck %s
#rows = affine_map<(r, c) -> (r, c)>

// CHECK: test.readings = [#attention.top_k<8>, #attention.entropy, #attention.top_k<2147483647>]
module attributes {test.readings = [#attention.top_k<8>, #attention.entropy, #attention.top_k<2147483647>]} {

// CHECK-LABEL: func @tensors
// CHECK: attention.online
// CHECK-SAME: normaliser(#attention.softmax) reads([#attention.top_k<3>, #attention.entropy]) origin(
// CHECK-SAME: outs(%{{.*}} : tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<3x8xf32>, tensor<3x8xi32>, tensor<1x8xf32>, tensor<1x8xf32>)
// CHECK: attention.merge {{.*}} normaliser(#attention.softmax) reads([#attention.top_k<3>, #attention.entropy]) : tensor<?x5x8xf32> outs(
// CHECK: attention.finish
// CHECK-SAME: normaliser(#attention.softmax) reads([#attention.top_k<3>, #attention.entropy]) by
// CHECK-SAME: outs(%{{.*}} : tensor<7x5xbf16>, tensor<7xf32>, tensor<7x3xf32>, tensor<7x3xi32>, tensor<7xf32>)
func.func @tensors(%t: tensor<6x8xf32>, %k: tensor<?x6xf32>, %v: tensor<?x5xf32>, %i: index, %live: index,
                   %acc: tensor<5x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %s: tensor<3x8xf32>,
                   %j: tensor<3x8xi32>, %m: tensor<1x8xf32>, %n: tensor<1x8xf32>,
                   %accs: tensor<?x5x8xf32>, %maxima: tensor<?x8xf32>, %ss: tensor<?x3x8xf32>,
                   %js: tensor<?x3x8xi32>, %ms: tensor<?x1x8xf32>,
                   %o: tensor<7x5xbf16>, %l: tensor<7xf32>, %tw: tensor<7x3xf32>, %tj: tensor<7x3xi32>)
    -> (tensor<7x5xbf16>, tensor<7x3xi32>) {
  %0:7 = attention.online query(%t : tensor<6x8xf32>) key(%k : tensor<?x6xf32> by #rows)
      value(%v : tensor<?x5xf32> by #rows) normaliser(#attention.softmax)
      reads([#attention.top_k<3>, #attention.entropy]) origin(%i, %i) live(%live)
      outs(%acc, %max, %sum, %s, %j, %m, %n : tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<3x8xf32>,
           tensor<3x8xi32>, tensor<1x8xf32>, tensor<1x8xf32>)
  %1:7 = attention.merge %accs state(%maxima, %maxima, %ss, %js, %ms, %ms
          : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x3x8xf32>, tensor<?x3x8xi32>, tensor<?x1x8xf32>, tensor<?x1x8xf32>)
      normaliser(#attention.softmax) reads([#attention.top_k<3>, #attention.entropy]) : tensor<?x5x8xf32>
      outs(%0#0, %0#1, %0#2, %0#3, %0#4, %0#5, %0#6 : tensor<5x8xf32>, tensor<8xf32>, tensor<8xf32>,
           tensor<3x8xf32>, tensor<3x8xi32>, tensor<1x8xf32>, tensor<1x8xf32>)
  %2:5 = attention.finish %1#0 state(%1#1, %1#2, %1#3, %1#4, %1#5, %1#6
          : tensor<8xf32>, tensor<8xf32>, tensor<3x8xf32>, tensor<3x8xi32>, tensor<1x8xf32>, tensor<1x8xf32>)
      normaliser(#attention.softmax) reads([#attention.top_k<3>, #attention.entropy]) by #rows : tensor<5x8xf32>
      outs(%o, %l, %tw, %tj, %l : tensor<7x5xbf16>, tensor<7xf32>, tensor<7x3xf32>, tensor<7x3xi32>, tensor<7xf32>)
  return %2#0, %2#3 : tensor<7x5xbf16>, tensor<7x3xi32>
}

// Without a log-sum-exp.
// CHECK-LABEL: func @buffers
// CHECK: attention.finish {{.*}} reads([#attention.top_k<2>]) {{.*}} outs(%{{.*}} : memref<?x5xf32>, memref<?x2xf32>, memref<?x2xi32>)
func.func @buffers(%acc: memref<5x8xf32>, %max: memref<8xf32>, %s: memref<2x8xf32>, %j: memref<2x8xi32>,
                   %o: memref<?x5xf32>, %w: memref<?x2xf32>, %k: memref<?x2xi32>) {
  attention.finish %acc state(%max, %max, %s, %j : memref<8xf32>, memref<8xf32>, memref<2x8xf32>, memref<2x8xi32>)
      normaliser(#attention.softmax) reads([#attention.top_k<2>]) by #rows : memref<5x8xf32>
      outs(%o, %w, %k : memref<?x5xf32>, memref<?x2xf32>, memref<?x2xi32>)
  return
}

}
