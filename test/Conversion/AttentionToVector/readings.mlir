// Readings on vectors of lanes: one comparison and one branch a key and vector
// for those that pick keys, none for those that add up.
// RUN: attention-opt %s -attention-set-target=cpu=x86-64-v3 -convert-attention-to-vector -canonicalize -cse | FileCheck %s

#rows = affine_map<(r, c) -> (r, c)>

// CHECK-LABEL: func @top_k
// CHECK-SAME: %[[SCORES:[a-z0-9]+]]: memref<3x16xf32>, %[[KEYS:[a-z0-9]+]]: memref<3x16xi32>
// CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// The scores of the strip against the last slot, which stays in a register.
// CHECK: %[[LAST:.*]] = vector.load %[[SCORES]][%[[C2]], %[[L:.*]]] : memref<3x16xf32>, vector<8xf32>
// CHECK: scf.for %[[ROW:.*]] = {{.*}} iter_args(%[[CURRENT:.*]] = %[[LAST]]
// CHECK: %[[SCORE:.*]] = vector.load %{{.*}}[%[[ROW]], %[[C0]]] : memref<96x16xf32>, vector<8xf32>
// CHECK: %[[GREATER:.*]] = arith.cmpf ogt, %[[SCORE]], %[[CURRENT]] : vector<8xf32>
// CHECK-NEXT: %[[ANY:.*]] = vector.reduction <or>, %[[GREATER]] : vector<8xi1> into i1
// CHECK-NEXT: scf.if %[[ANY]]
// From the last slot on: each is loaded before the one behind it is stored.
// CHECK: vector.load %[[SCORES]][%[[C1]], %[[L]]]
// CHECK: vector.store %{{.*}}, %[[SCORES]][%[[C2]], %[[L]]]
// CHECK: vector.store %{{.*}}, %[[KEYS]][%[[C2]], %[[L]]]
// CHECK: vector.load %[[SCORES]][%[[C0]], %[[L]]]
// CHECK: vector.store %{{.*}}, %[[SCORES]][%[[C1]], %[[L]]]
// CHECK: vector.store %{{.*}}, %[[SCORES]][%[[C0]], %[[L]]]
// CHECK: } else {
// CHECK-NEXT: scf.yield %[[CURRENT]]
// The second vector.
// CHECK: scf.for
// CHECK: arith.cmpf ogt
// CHECK-NEXT: vector.reduction <or>
// CHECK-NOT: vector.reduction
func.func @top_k(%scores: memref<3x16xf32>, %keys: memref<3x16xi32>, %t: memref<6x16xf32>, %k: memref<96x6xf32>,
                 %v: memref<96x5xf32>, %i: index, %acc: memref<5x16xf32>, %max: memref<16xf32>, %sum: memref<16xf32>) {
  attention.online query(%t : memref<6x16xf32>) key(%k : memref<96x6xf32> by #rows)
      value(%v : memref<96x5xf32> by #rows) normaliser(#attention.softmax) reads([#attention.top_k<3>])
      origin(%i, %i) live(%i)
      outs(%acc, %max, %sum, %scores, %keys
         : memref<5x16xf32>, memref<16xf32>, memref<16xf32>, memref<3x16xf32>, memref<3x16xi32>)
  return
}

// The sums of an entropy are carried beside that of weights, for both vectors.
// CHECK-LABEL: func @entropy
// CHECK-SAME: %[[MASS:[a-z0-9]+]]: memref<1x16xf32>, %[[MOMENT:[a-z0-9]+]]: memref<1x16xf32>
// CHECK-NOT: scf.if
// CHECK: scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
// CHECK: vector.load %[[MASS]]
// CHECK: vector.load %[[MOMENT]]
// CHECK: vector.store %{{.*}}, %[[MASS]]
// CHECK: vector.store %{{.*}}, %[[MOMENT]]
func.func @entropy(%mass: memref<1x16xf32>, %moment: memref<1x16xf32>, %t: memref<6x16xf32>, %k: memref<96x6xf32>,
                   %v: memref<96x5xf32>, %i: index, %acc: memref<5x16xf32>, %max: memref<16xf32>, %sum: memref<16xf32>) {
  attention.online query(%t : memref<6x16xf32>) key(%k : memref<96x6xf32> by #rows)
      value(%v : memref<96x5xf32> by #rows) normaliser(#attention.softmax) reads([#attention.entropy])
      origin(%i, %i) live(%i)
      outs(%acc, %max, %sum, %mass, %moment
         : memref<5x16xf32>, memref<16xf32>, memref<16xf32>, memref<1x16xf32>, memref<1x16xf32>)
  return
}

// Slots of a part go into the state one by one, those that change it, by score
// and then by key.
// CHECK-LABEL: func @merge
// CHECK-SAME: %[[SS:[a-z0-9]+]]: memref<?x2x8xf32>, %[[JS:[a-z0-9]+]]: memref<?x2x8xi32>
// CHECK: vector.load %[[SS]][%[[P:.*]], %[[U:.*]], %{{.*}}]
// CHECK: vector.load %[[JS]][%[[P]], %[[U]],
// CHECK: arith.cmpf ogt
// CHECK: arith.cmpf oeq
// CHECK: arith.cmpi slt
// CHECK: %[[ANY:.*]] = vector.reduction <or>
// CHECK: scf.if %[[ANY]]
func.func @merge(%ss: memref<?x2x8xf32>, %js: memref<?x2x8xi32>, %accs: memref<?x5x8xf32>, %maxima: memref<?x8xf32>,
                 %sums: memref<?x8xf32>, %acc: memref<5x8xf32>, %max: memref<8xf32>, %sum: memref<8xf32>,
                 %s: memref<2x8xf32>, %j: memref<2x8xi32>) {
  attention.merge %accs state(%maxima, %sums, %ss, %js
        : memref<?x8xf32>, memref<?x8xf32>, memref<?x2x8xf32>, memref<?x2x8xi32>)
      normaliser(#attention.softmax) reads([#attention.top_k<2>]) : memref<?x5x8xf32>
      outs(%acc, %max, %sum, %s, %j : memref<5x8xf32>, memref<8xf32>, memref<8xf32>, memref<2x8xf32>, memref<2x8xi32>)
  return
}

// CHECK-LABEL: func @finish
// CHECK-SAME: %[[H:[a-z0-9]+]]: memref<?xf32>, %[[W:[a-z0-9]+]]: memref<?x2xf32>, %[[J:[a-z0-9]+]]: memref<?x2xi32>
// CHECK: memref.store %{{.*}}, %[[W]][%[[I:.*]], %[[SLOT:.*]]]
// CHECK: memref.store %{{.*}}, %[[J]][%[[I]], %[[SLOT]]]
// CHECK: math.log
// CHECK: memref.store %{{.*}}, %[[H]][%{{.*}}]
func.func @finish(%h: memref<?xf32>, %w: memref<?x2xf32>, %k: memref<?x2xi32>, %acc: memref<5x8xf32>, %max: memref<8xf32>,
                  %s: memref<2x8xf32>, %j: memref<2x8xi32>, %m: memref<1x8xf32>, %o: memref<?x5xf32>) {
  attention.finish %acc state(%max, %max, %s, %j, %m, %m : memref<8xf32>, memref<8xf32>, memref<2x8xf32>,
                              memref<2x8xi32>, memref<1x8xf32>, memref<1x8xf32>)
      normaliser(#attention.softmax) reads([#attention.top_k<2>, #attention.entropy]) by #rows : memref<5x8xf32>
      outs(%o, %w, %k, %h : memref<?x5xf32>, memref<?x2xf32>, memref<?x2xi32>, memref<?xf32>)
  return
}

// A list of more slots than are worth a chain: keys that are selected go into
// candidates of each lane, which are sorted and merged into the list.
// CHECK-LABEL: func @long_list
// CHECK-SAME: %[[SCORES:[a-z0-9]+]]: memref<100x16xf32>, %[[KEYS:[a-z0-9]+]]: memref<100x16xi32>
// CHECK-DAG: %[[BUFFER:.*]] = memref.alloca() {{.*}} : memref<96x16xi32>
// CHECK: %[[LAST:.*]] = vector.load %[[SCORES]]
// CHECK: %[[COUNTS:.*]] = scf.for %[[ROW:.*]] = {{.*}} iter_args(%[[CURRENT:.*]] = %{{.*}}) -> (vector<8xi32>)
// CHECK: %[[IS:.*]] = arith.cmpf ogt, %{{.*}}, %[[LAST]] : vector<8xf32>
// CHECK: scf.if
// CHECK: vector.extract %[[CURRENT]][0]
// CHECK: memref.store %{{.*}}, %[[BUFFER]]
// CHECK: vector.extract %[[CURRENT]][7]
// CHECK: %[[ADDED:.*]] = arith.extui %[[IS]] : vector<8xi1> to vector<8xi32>
// CHECK: arith.addi %[[CURRENT]], %[[ADDED]]
// CHECK: vector.reduction <maxsi>, %[[COUNTS]]
// No masked stores: what a row is selected from was loaded an iteration before.
// CHECK: scf.for {{.*}} iter_args(%[[OLD:.*]] = %{{.*}}, %{{.*}} = %{{.*}}) -> (vector<8xf32>, vector<8xi32>)
// CHECK: arith.select %{{.*}}, %[[OLD]]
// CHECK: arith.shli
// CHECK: vector.store %{{.*}}, %[[SCORES]]
// CHECK: vector.store %{{.*}}, %[[KEYS]]
func.func @long_list(%scores: memref<100x16xf32>, %keys: memref<100x16xi32>, %t: memref<6x16xf32>, %k: memref<96x6xf32>,
                     %v: memref<96x5xf32>, %i: index, %acc: memref<5x16xf32>, %max: memref<16xf32>, %sum: memref<16xf32>) {
  attention.online query(%t : memref<6x16xf32>) key(%k : memref<96x6xf32> by #rows)
      value(%v : memref<96x5xf32> by #rows) normaliser(#attention.softmax) reads([#attention.top_k<100>])
      origin(%i, %i) live(%i)
      outs(%acc, %max, %sum, %scores, %keys
         : memref<5x16xf32>, memref<16xf32>, memref<16xf32>, memref<100x16xf32>, memref<100x16xi32>)
  return
}
