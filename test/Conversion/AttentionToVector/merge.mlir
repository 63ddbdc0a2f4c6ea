// States of parts on vectors of lanes, the parts in order.
// RUN: attention-test-opt %s -attention-set-target=cpu=x86-64-v3 -convert-attention-to-vector | FileCheck %s

// CHECK-LABEL: func @merge
// CHECK-SAME: %[[ACCS:.*]]: memref<?x16x8xf32>, %[[MAXIMA:.*]]: memref<?x8xf32>, %[[SUMS:.*]]: memref<?x8xf32>, %[[ACC:.*]]: memref<16x8xf32>, %[[MAX:.*]]: memref<8xf32>, %[[SUM:.*]]: memref<8xf32>
// CHECK: %[[PARTS:.*]] = memref.dim %[[ACCS]]
// The pivot of all parts, and the sums under it.
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[PARTS]] {{.*}} -> (vector<8xf32>)
// CHECK: vector.load %[[MAXIMA]]
// CHECK: vector.store %{{.*}}, %[[MAX]]
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[PARTS]] {{.*}} -> (vector<8xf32>)
// CHECK: vector.load %[[SUMS]]
// CHECK: vector.store %{{.*}}, %[[SUM]]
// The accumulators; those without weight are left out.
// CHECK: scf.for %[[P:.*]] = %{{.*}} to %[[PARTS]]
// CHECK: %[[USED:.*]] = arith.cmpf une, {{.*}} : vector<8xf32>
// CHECK: %[[ALL:.*]] = vector.load %[[ACC]]
// CHECK: vector.load %[[ACCS]][%[[P]]
// CHECK: arith.select %[[USED]]
// CHECK: arith.addf {{.*}} fastmath<contract> : vector<8xf32>
// CHECK: vector.store %{{.*}}, %[[ACC]]
// CHECK-NOT: attention.
func.func @merge(%accs: memref<?x16x8xf32>, %maxima: memref<?x8xf32>, %sums: memref<?x8xf32>,
                 %acc: memref<16x8xf32>, %max: memref<8xf32>, %sum: memref<8xf32>) {
  attention.merge %accs state(%maxima, %sums : memref<?x8xf32>, memref<?x8xf32>)
      normaliser(#attention.softmax) : memref<?x16x8xf32>
      outs(%acc, %max, %sum : memref<16x8xf32>, memref<8xf32>, memref<8xf32>)
  return
}

// Without a state they are added.
// CHECK-LABEL: func @stateless
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.for
// CHECK-NOT: scf.for
// CHECK: arith.addf {{.*}} : vector<4xf64>
// CHECK-NOT: attention.
func.func @stateless(%accs: memref<4x?x8xf64>, %acc: memref<?x8xf64>) {
  attention.merge %accs normaliser(#attention_test.sigmoid) : memref<4x?x8xf64>
      outs(%acc : memref<?x8xf64>)
  return
}
