// pack, online and finish on tensors become linalg; regions are evaluated in live
// lanes only. On buffers they are another pass's.
// RUN: attention-opt %s -convert-attention-to-linalg -split-input-file -verify-diagnostics | FileCheck %s

#rows = affine_map<(r, c) -> (r, c)>

// CHECK-LABEL: func @pack(
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<?x4xf16>, %[[SCALE:[a-z0-9]+]]: f32, %[[OUT:[a-z0-9]+]]: tensor<4x8xf32>
// CHECK: %[[ROWS:.*]] = tensor.dim %[[Q]]
// CHECK: linalg.generic {{.*}} outs(%[[OUT]] : tensor<4x8xf32>)
// CHECK: %[[D:.*]] = linalg.index 0
// CHECK: %[[I:.*]] = linalg.index 1
// CHECK: %[[LIVE:.*]] = arith.cmpi ult, %[[I]], %[[ROWS]]
// CHECK: scf.if %[[LIVE]] -> (f32) {
// CHECK: tensor.extract %[[Q]][%[[I]], %[[D]]]
// CHECK: arith.mulf %{{.*}}, %[[SCALE]]
// CHECK: } else {
func.func @pack(%q: tensor<?x4xf16>, %scale: f32, %t: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = attention.pack %q by #rows scale(%scale : f32) : tensor<?x4xf16> outs(%t : tensor<4x8xf32>)
  return %0 : tensor<4x8xf32>
}

// CHECK-LABEL: func @online(
// CHECK-SAME: %[[I0:[a-z0-9]+]]: index, %[[J0:[a-z0-9]+]]: index, %[[LIVE:[a-z0-9]+]]: index
// The scores: a product over features, in live lanes.
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK: %[[L:.*]] = linalg.index 1
// CHECK: arith.cmpi ult, %[[L]], %[[LIVE]]
// CHECK: scf.if
// CHECK: arith.mulf
// Their changes, at global indices.
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]}
// CHECK-DAG: %[[J:.*]] = linalg.index 0
// CHECK-DAG: %[[I:.*]] = linalg.index 1
// CHECK: %[[IN:.*]] = arith.cmpi ult, %[[I]], %[[LIVE]]
// CHECK: scf.if %[[IN]]
// CHECK-DAG: %[[IG:.*]] = arith.addi %[[I0]], %[[I]]
// CHECK-DAG: %[[JG:.*]] = arith.addi %[[J0]], %[[J]]
// CHECK: %[[IS:.*]] = arith.cmpf une
// CHECK: scf.if %[[IS]]
// CHECK: arith.divsi %[[IG]], %[[JG]]
// The pivot, its factor, the weights, the sums.
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]}
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel"]}
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]}
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]}
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK: arith.cmpf oeq
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel"]}
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]}
// CHECK-NOT: attention.
func.func @online(%i: index, %j: index, %live: index, %t: tensor<4x8xf32>, %k: tensor<?x4xf32>,
                  %v: tensor<?x3xf32>, %acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>)
    -> (tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<?x4xf32> by #rows)
      value(%v : tensor<?x3xf32> by #rows)
      changes(where (%a: index, %b: index) {
        %q = arith.divsi %a, %b : index
        %t0 = arith.cmpi ne, %q, %b : index
        attention.yield %t0 : i1
      })
      normaliser(#attention.softmax) origin(%i, %j) live(%live)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return %0#0, %0#1, %0#2 : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>
}

// CHECK-LABEL: func @finish(
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<?x3xf16>)
// CHECK: arith.truncf
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<?xf32>)
// CHECK: math.log
// CHECK-NOT: attention.
func.func @finish(%acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>, %o: tensor<?x3xf16>,
                  %l: tensor<?xf32>) -> (tensor<?x3xf16>, tensor<?xf32>) {
  %0:2 = attention.finish %acc state(%max, %sum : tensor<8xf32>, tensor<8xf32>)
      normaliser(#attention.softmax) by #rows : tensor<3x8xf32>
      outs(%o, %l : tensor<?x3xf16>, tensor<?xf32>)
  return %0#0, %0#1 : tensor<?x3xf16>, tensor<?xf32>
}

// -----

#rows = affine_map<(r, c) -> (r, c)>
func.func @buffers(%q: memref<?x4xf32>, %t: memref<4x8xf32>) {
  // expected-error@below {{'attention.pack' op has no lowering to linalg}}
  attention.pack %q by #rows : memref<?x4xf32> outs(%t : memref<4x8xf32>)
  return
}
