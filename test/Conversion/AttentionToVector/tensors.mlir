// Mask and bias tensors on lanes of queries.
// RUN: attention-opt %s -attention-set-target=cpu=x86-64-v3 -convert-attention-to-vector -canonicalize | FileCheck %s --enable-var-scope

#rows = affine_map<(r, c) -> (r, c)>
#columns = affine_map<(r, c) -> (c, r)>
#keys = affine_map<(i, j) -> (j)>
#causal = affine_set<(i, j) : (i - j >= 0)>

// A query's bytes are next to each other: words of 4 keys and 8 queries are
// transposed. Scores are changed in registers, without a look at the strip.
// CHECK-LABEL: func @keep
// CHECK-SAME: %[[KEEP:[a-z0-9]+]]: memref<256x512xi1>
// CHECK: %[[WORDS:.*]] = memref.alloca() {{.*}} : memref<128x16xi32>
// CHECK: %[[BYTES:.*]] = builtin.unrealized_conversion_cast %[[KEEP]] : memref<256x512xi1> to memref<256x512xi8>
// CHECK: scf.for {{.*}} to %c16 step %c8
// CHECK-NEXT: scf.for %[[ROW:.*]] = %c0 to %c128 step %c32
// CHECK: %[[FIRST:.*]] = vector.load %[[BYTES]]{{.*}}, vector<32xi8>
// CHECK-NEXT: vector.bitcast %[[FIRST]] : vector<32xi8> to vector<8xi32>
// CHECK-COUNT-8: vector.store {{.*}}, %[[WORDS]]{{.*}}, vector<8xi32>
// The keys are whole squares: nothing is done a byte at a time.
// CHECK-NOT: arith.shli {{.*}} : i32
// CHECK: %[[TILE:.*]]:12 = scf.for {{.*}} iter_args
// CHECK: %[[PAIR:.*]] = vector.load %[[WORDS]]{{.*}}, vector<16xi32>
// CHECK: %[[BYTE:.*]] = arith.shli %c255_i32
// CHECK: %[[MASK:.*]] = vector.broadcast %[[BYTE]] : i32 to vector<16xi32>
// CHECK: %[[MASKED:.*]] = arith.andi %[[PAIR]], %[[MASK]]
// CHECK: %[[LIVE:.*]] = arith.cmpi ne, %[[MASKED]]
// CHECK-NOT: arith.andi
// CHECK: arith.select %[[LIVE]], {{.*}} : vector<16xi1>, vector<16xf32>
// CHECK-NOT: vector.reduction <and>
// CHECK: return
func.func @keep(%keep: memref<256x512xi1>, %tile: memref<64x64xf32>, %k: memref<128x64xf32>,
                %v: memref<128x64xf32>, %i: index, %live: index,
                %acc: memref<64x64xf32>, %max: memref<64xf32>, %sum: memref<64xf32>) {
  attention.online query(%tile : memref<64x64xf32>)
      key(%k : memref<128x64xf32> by #rows) value(%v : memref<128x64xf32> by #rows)
      changes(keep(%keep : memref<256x512xi1> by #rows))
      normaliser(#attention.softmax) origin(%i, %i) live(%live)
      outs(%acc, %max, %sum : memref<64x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}

// Keys that make no square, a byte at a time: of f64, 8 in a word.
// CHECK-LABEL: func @keep_tail
// CHECK: %[[WORDS:.*]] = memref.alloca() {{.*}} : memref<37x8xi64>
// CHECK: scf.for {{.*}} step %c4
// CHECK: vector.load {{.*}}, vector<32xi8>
// CHECK: scf.for %[[LANE:.*]] = %c0 to %c8 step %c1
// CHECK: %[[WORD:.*]] = scf.for {{.*}} iter_args(%[[BEFORE:.*]] = %c0_i64) -> (i64)
// CHECK: memref.load {{.*}} : memref<?x37xi8>
// CHECK: arith.shli
// CHECK-NEXT: arith.ori %[[BEFORE]]
// CHECK: memref.store %[[WORD]], %[[WORDS]][%{{.*}}, %[[LANE]]]
func.func @keep_tail(%keep: memref<?x37xi1>, %tile: memref<64x64xf64>, %k: memref<37x64xf64>,
                     %v: memref<37x64xf64>, %i: index, %live: index,
                     %acc: memref<64x64xf64>, %max: memref<64xf64>, %sum: memref<64xf64>) {
  %zero = arith.constant 0 : index
  attention.online query(%tile : memref<64x64xf64>)
      key(%k : memref<37x64xf64> by #rows) value(%v : memref<37x64xf64> by #rows)
      changes(keep(%keep : memref<?x37xi1> by #rows))
      normaliser(#attention.softmax) origin(%i, %zero) live(%live)
      outs(%acc, %max, %sum : memref<64x64xf64>, memref<64xf64>, memref<64xf64>)
  return
}

// Biases in squares of vectors, and a mask that all queries share: one load a
// key. A pair that is absent stays so, whatever is added.
// CHECK-LABEL: func @bias_and_shared_keep
// CHECK-SAME: %[[BIAS:[a-z0-9]+]]: memref<256x512xf32>, %[[KEEP:[a-z0-9]+]]: memref<512xi1>
// CHECK: %[[ELEMENTS:.*]] = memref.alloca() {{.*}} : memref<128x16xf32>
// CHECK-COUNT-8: vector.load %[[BIAS]]{{.*}}, vector<8xf32>
// CHECK-COUNT-8: vector.store {{.*}}, %[[ELEMENTS]]
// CHECK: scf.for {{.*}} iter_args
// CHECK: %[[THERE:.*]] = arith.cmpf une, %[[SCORE:[0-9]+]], %{{.*}} : vector<16xf32>
// CHECK: %[[ADDED:.*]] = vector.load %[[ELEMENTS]]{{.*}}, vector<16xf32>
// CHECK: %[[SUM:.*]] = arith.addf %[[SCORE]], %[[ADDED]] : vector<16xf32>
// CHECK: %[[ONE:.*]] = memref.load %[[KEEP]]
// CHECK: %[[ALL:.*]] = vector.broadcast %[[ONE]] : i1 to vector<16xi1>
// CHECK: %[[LIVE:.*]] = arith.andi %[[THERE]], %[[ALL]]
// CHECK: arith.select %[[LIVE]], %[[SUM]]
func.func @bias_and_shared_keep(
    %bias: memref<256x512xf32>, %keep: memref<512xi1>, %tile: memref<64x64xf32>,
    %k: memref<128x64xf32>, %v: memref<128x64xf32>, %i: index, %live: index,
    %acc: memref<64x64xf32>, %max: memref<64xf32>, %sum: memref<64xf32>) {
  attention.online query(%tile : memref<64x64xf32>)
      key(%k : memref<128x64xf32> by #rows) value(%v : memref<128x64xf32> by #rows)
      changes(bias(%bias : memref<256x512xf32> by #rows), keep(%keep : memref<512xi1> by #keys))
      normaliser(#attention.softmax) origin(%i, %i) live(%live)
      outs(%acc, %max, %sum : memref<64x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}

// With sets, and where a mask's queries are next to each other: a key at a time
// in the strip.
// CHECK-LABEL: func @in_the_strip
// CHECK: %[[KEEPS_ALL:.*]] = vector.reduction <and>
// CHECK: scf.if %[[KEEPS_ALL]]
// CHECK: return
func.func @in_the_strip(%keep: memref<256x512xi1>, %tile: memref<64x64xf32>, %k: memref<128x64xf32>,
                        %v: memref<128x64xf32>, %i: index, %live: index,
                        %acc: memref<64x64xf32>, %max: memref<64xf32>, %sum: memref<64xf32>) {
  attention.online query(%tile : memref<64x64xf32>)
      key(%k : memref<128x64xf32> by #rows) value(%v : memref<128x64xf32> by #rows)
      changes(keep(%keep : memref<256x512xi1> by #rows), sets(#causal))
      normaliser(#attention.softmax) origin(%i, %i) live(%live)
      outs(%acc, %max, %sum : memref<64x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}
// CHECK-LABEL: func @queries_in_memory
// CHECK-NOT: vector<32xi8>
// CHECK: vector.reduction <and>
func.func @queries_in_memory(%keep: memref<512x256xi1>, %tile: memref<64x64xf32>, %k: memref<128x64xf32>,
                             %v: memref<128x64xf32>, %i: index, %live: index,
                             %acc: memref<64x64xf32>, %max: memref<64xf32>, %sum: memref<64xf32>) {
  attention.online query(%tile : memref<64x64xf32>)
      key(%k : memref<128x64xf32> by #rows) value(%v : memref<128x64xf32> by #rows)
      changes(keep(%keep : memref<512x256xi1> by #columns))
      normaliser(#attention.softmax) origin(%i, %i) live(%live)
      outs(%acc, %max, %sum : memref<64x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}
