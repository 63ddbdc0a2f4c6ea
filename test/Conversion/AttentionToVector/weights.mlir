// Weights on vectors: a strip of scores as online's, of weights, and squares of it
// transposed into rows of the result, or added up over its lanes.
// RUN: attention-test-opt %s -attention-set-target=cpu=x86-64-v3 -convert-attention-to-vector | FileCheck %s

#rows = affine_map<(r, c) -> (r, c)>
#columns = affine_map<(r, c) -> (c, r)>

// CHECK-LABEL: func @weights
// CHECK-SAME: %[[T:.*]]: memref<32x64xf32>, %[[K:.*]]: memref<96x32xf32>, %[[MAX:.*]]: memref<64xf32>, %[[SUM:.*]]: memref<64xf32>, %[[LIVE:.*]]: index, %[[FIRST:.*]]: index, %[[W:.*]]: memref<?x?xf32, strided<[200, 1], offset: ?>>
// CHECK: %[[STRIP:.*]] = memref.alloca() {alignment = 64 : i64} : memref<96x16xf32>
// CHECK: %[[ROWS:.*]] = memref.dim %[[W]]
// Scores without a pivot.
// CHECK: scf.for %[[L:.*]] = %{{.*}} to
// CHECK: scf.for
// CHECK: vector.store %{{.*}}, %[[STRIP]]
// CHECK: vector.load %[[MAX]]
// CHECK: vector.load %[[SUM]]
// Weights times the factor, 0 where the pair is absent; two keys at a time.
// CHECK: arith.divf
// CHECK: scf.for
// CHECK: %[[S:.*]] = vector.load %{{.*}} : memref<1536xf32>, vector<32xf32>
// CHECK: %[[IS:.*]] = arith.cmpf une, %[[S]]
// CHECK: arith.select %[[IS]]
// Eight rows a vector of queries, the last one first; the second vector may have none.
// Keys of the block are stored from the first on.
// CHECK: scf.for
// CHECK: vector.load %[[STRIP]]
// CHECK-COUNT-24: vector.shuffle {{.*}} : vector<8xf32>, vector<8xf32>
// CHECK: %[[AT:.*]] = arith.addi %[[FIRST]], %{{.*}} : index
// CHECK: vector.store %{{.*}}, %[[W]][%{{.*}}, %[[AT]]]
// CHECK-COUNT-7: vector.store %{{.*}}, %[[W]]
// CHECK: scf.if
// CHECK-COUNT-24: vector.shuffle {{.*}} : vector<8xf32>, vector<8xf32>
// CHECK-COUNT-8: vector.store %{{.*}}, %[[W]]
// CHECK-NOT: vector.store
// CHECK-NOT: attention.
func.func @weights(%t: memref<32x64xf32>, %k: memref<96x32xf32>, %max: memref<64xf32>, %sum: memref<64xf32>,
                   %i: index, %first: index, %w: memref<?x?xf32, strided<[200, 1], offset: ?>>) {
  attention.weights query(%t : memref<32x64xf32>) key(%k : memref<96x32xf32> by #rows)
      normaliser(#attention.softmax) state(%max, %sum : memref<64xf32>, memref<64xf32>)
      origin(%i, %i) live(%i) first(%first) outs(%w : memref<?x?xf32, strided<[200, 1], offset: ?>> by #rows)
  return
}

// Fewer keys than a vector has lanes are loaded one by one and stored by a mask.
// CHECK-LABEL: func @few_keys
// CHECK-NOT: memref.store
// CHECK-COUNT-8: vector.shuffle {{.*}} : vector<4xf64>, vector<4xf64>
// CHECK: vector.create_mask
// CHECK: vector.maskedstore
// CHECK-NOT: attention.
func.func @few_keys(%t: memref<32x4xf64>, %k: memref<3x32xf64>, %i: index, %w: memref<4x3xf64>) {
  attention.weights query(%t : memref<32x4xf64>) key(%k : memref<3x32xf64> by #rows)
      changes(sets(affine_set<(i, j) : (i - j >= 0)>)) normaliser(#attention_test.sigmoid)
      origin(%i, %i) live(%i) first(%i) outs(%w : memref<4x3xf64> by #rows)
  return
}

// Where keys are not next to each other, by elements. One strip serves both
// operations.
// CHECK-LABEL: func @elements
// CHECK-SAME: %[[W:[a-z0-9]+]]: memref<?x64xf32>
// CHECK: memref.alloca() {{.*}} : memref<96x16xf32>
// CHECK-NOT: memref.alloca
// CHECK-NOT: vector.shuffle
// CHECK: %[[E:.*]] = memref.load %{{.*}} : memref<96x16xf32>
// CHECK: memref.store %[[E]], %[[W]]
// CHECK-NOT: attention.
func.func @elements(%w: memref<?x64xf32>, %t: memref<32x64xf32>, %k: memref<?x32xf32>, %v: memref<?x16xf32>,
                    %acc: memref<16x64xf32>, %max: memref<64xf32>, %sum: memref<64xf32>, %i: index) {
  attention.online query(%t : memref<32x64xf32>) key(%k : memref<?x32xf32> by #rows)
      value(%v : memref<?x16xf32> by #rows) normaliser(#attention.softmax) origin(%i, %i) live(%i)
      outs(%acc, %max, %sum : memref<16x64xf32>, memref<64xf32>, memref<64xf32>)
  attention.weights query(%t : memref<32x64xf32>) key(%k : memref<?x32xf32> by #rows)
      normaliser(#attention.softmax) state(%max, %sum : memref<64xf32>, memref<64xf32>)
      origin(%i, %i) live(%i) first(%i) outs(%w : memref<?x64xf32> by #columns)
  return
}

// The weights of a key are added vector by vector, those of lanes that hold a
// query, then the lanes of eight keys by one transpose. No key is added twice: what
// is left of 100 keys is masked.
// CHECK-LABEL: func @mass
// CHECK-SAME: %[[M:[a-z0-9]+]]: memref<?xf32>, %[[FIRST:[a-z0-9]+]]: index
// CHECK-DAG: %[[STRIP:.*]] = memref.alloca() {alignment = 64 : i64} : memref<100x16xf32>
// CHECK-DAG: %[[SUMS:.*]] = memref.alloca() {alignment = 64 : i64} : memref<100x16xf32>
// CHECK: scf.for
// CHECK: vector.store
// CHECK: %[[LIVE:.*]] = vector.create_mask %{{.*}} : vector<8xi1>
// CHECK: vector.load %{{.*}} : memref<1600xf32>, vector<32xf32>
// CHECK-NOT: vector.store %{{.*}} : memref<1600xf32>
// CHECK: %[[SUM:.*]] = vector.load %{{.*}} : memref<100x16xf32>, vector<8xf32>
// CHECK: %[[W:.*]] = vector.extract_strided_slice
// CHECK: %[[T:.*]] = arith.select %[[LIVE]], %[[W]]
// CHECK: arith.addf %[[SUM]], %[[T]]
// CHECK: vector.store %{{.*}} : memref<100x16xf32>, vector<8xf32>
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %c96
// CHECK-COUNT-24: vector.shuffle {{.*}} : vector<8xf32>, vector<8xf32>
// CHECK-COUNT-7: arith.addf
// CHECK: %[[AT:.*]] = arith.addi %[[FIRST]], %{{.*}} : index
// CHECK: %[[BEFORE:.*]] = vector.load %[[M]][%[[AT]]]
// CHECK: arith.addf %[[BEFORE]]
// CHECK: vector.store %{{.*}}, %[[M]]
// CHECK: vector.shuffle
// CHECK: %[[TAIL:.*]] = arith.addi %[[FIRST]], %{{.*}} : index
// CHECK: vector.maskedload %[[M]][%[[TAIL]]]
// CHECK: vector.maskedstore %[[M]][%[[TAIL]]]
// CHECK-NOT: attention.
func.func @mass(%m: memref<?xf32>, %first: index, %t: memref<32x64xf32>, %k: memref<100x32xf32>, %max: memref<64xf32>,
                %sum: memref<64xf32>, %i: index) {
  attention.mass query(%t : memref<32x64xf32>) key(%k : memref<100x32xf32> by #rows)
      normaliser(#attention.softmax) state(%max, %sum : memref<64xf32>, memref<64xf32>)
      origin(%i, %i) live(%i) first(%first) outs(%m : memref<?xf32>)
  return
}

// Where the masses of keys are not next to each other, one by one.
// CHECK-LABEL: func @strided_mass
// CHECK-SAME: %[[M:[a-z0-9]+]]: memref<?xf64, strided<[4], offset: ?>>
// CHECK: vector.shuffle
// CHECK: %[[BEFORE:.*]] = memref.load %[[M]]
// CHECK: %[[AFTER:.*]] = arith.addf %[[BEFORE]]
// CHECK: memref.store %[[AFTER]], %[[M]]
// CHECK-NOT: attention.
func.func @strided_mass(%m: memref<?xf64, strided<[4], offset: ?>>, %t: memref<32x4xf64>, %k: memref<?x32xf64>,
                        %i: index) {
  attention.mass query(%t : memref<32x4xf64>) key(%k : memref<?x32xf64> by #rows)
      normaliser(#attention_test.sigmoid) origin(%i, %i) live(%i) first(%i)
      outs(%m : memref<?xf64, strided<[4], offset: ?>>)
  return
}
