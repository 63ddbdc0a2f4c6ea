// The block level as vectors of the target's width, with queries in the lanes.
// RUN: attention-opt %s -attention-set-target=cpu=x86-64-v4 -convert-attention-to-vector | FileCheck %s --check-prefixes=CHECK,V512
// RUN: attention-opt %s -attention-set-target=cpu=x86-64-v3 -convert-attention-to-vector | FileCheck %s --check-prefixes=CHECK,V256
// RUN: attention-opt %s -attention-set-target=cpu=x86-64 -convert-attention-to-vector | FileCheck %s --check-prefixes=CHECK,SSE
// RUN: attention-opt %s -attention-set-target='triple=aarch64-linux-gnu cpu=neoverse-n1' -convert-attention-to-vector | FileCheck %s --check-prefixes=CHECK,NEON

#rows = affine_map<(r, c) -> (r, c)>
#causal = affine_set<(i, j) : (i - j >= 0)>

// The tile of registers is 4 rows x 4 vectors, 6 x 2 with 16 registers, and 4 x 2
// without fused multiply-adds. Four features a step; scores of 128 keys of the
// queries that are in registers; four exponentials at a time.
// CHECK-LABEL: func @block
// CHECK-SAME: %[[TILE:[a-z0-9]+]]: memref<64x64xf32>, %[[K:[a-z0-9]+]]: memref<128x64xf32>, %[[V:[a-z0-9]+]]: memref<128x64xf32>
// V512: %[[STRIP:.*]] = memref.alloca() {alignment = 64 : i64} : memref<128x64xf32>
// V512: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
// V512: %[[E:.*]] = memref.load %[[K]]
// V512: vector.broadcast %[[E]] : f32 to vector<16xf32>
// V512-COUNT-64: arith.addf {{.*}} fastmath<contract> : vector<16xf32>
// V512-NOT: arith.addf
// V512: scf.yield
// V512: vector.load {{.*}} : memref<8192xf32>, vector<64xf32>
// V256: %[[STRIP:.*]] = memref.alloca() {alignment = 64 : i64} : memref<128x16xf32>
// V256: scf.for {{.*}} -> (vector<8xf32>, vector<8xf32>) {
// The last tile of 6 of the 128 keys overlaps the one before.
// V256: %[[C122:.*]] = arith.constant 122 : index
// V256: arith.minsi %{{.*}}, %[[C122]] : index
// V256-COUNT-48: arith.addf {{.*}} fastmath<contract> : vector<8xf32>
// V256-NOT: arith.addf
// V256: scf.yield
// V256: vector.load {{.*}} : memref<2048xf32>, vector<32xf32>
// SSE: memref.alloca() {alignment = 64 : i64} : memref<128x8xf32>
// SSE-COUNT-32: arith.addf {{.*}} fastmath<contract> : vector<4xf32>
// SSE-NOT: arith.addf
// SSE: scf.yield
// NEON: memref.alloca() {alignment = 64 : i64} : memref<128x16xf32>
// Where multiply-adds can name a lane, four features of a key are loaded as one vector,
// NEON-COUNT-4: vector.load %[[K]]{{.*}} : memref<128x64xf32>, vector<4xf32>
// NEON: %[[E:.*]] = vector.extract %{{.*}}[0] : f32 from vector<4xf32>
// NEON: vector.broadcast %[[E]] : f32 to vector<4xf32>
// NEON-COUNT-64: arith.addf {{.*}} fastmath<contract> : vector<4xf32>
// NEON-NOT: arith.addf
// NEON: scf.yield
// and so are as many of a value's.
// NEON: vector.load %[[V]]{{.*}} : memref<128x64xf32>, vector<4xf32>
// CHECK-NOT: attention.online
func.func @block(%tile: memref<64x64xf32>, %k: memref<128x64xf32>,
                 %v: memref<128x64xf32>, %i: index, %live: index,
                 %acc: memref<64x64xf32>, %max: memref<64xf32>, %sum: memref<64xf32>) {
  attention.online query(%tile : memref<64x64xf32>)
      key(%k : memref<128x64xf32> by #rows) value(%v : memref<128x64xf32> by #rows)
      normaliser(#attention.softmax) origin(%i, %i) live(%live)
      outs(%acc, %max, %sum : memref<64x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}

// A mask: compared in 32-bit lanes, and values that may not be finite left out.
// CHECK-LABEL: func @masked
// Whether all values are finite, by their bits.
// V512: arith.maxui {{.*}} : vector<16xi32>
// Only keys up to the last that the queries in registers see.
// CHECK: affine.min
// CHECK: affine.max
// CHECK: %[[SOME:.*]] = arith.cmpi slt, %{{.*}} : index
// CHECK-NEXT: scf.if %[[SOME]]
// All queries that are in registers at once; scores are stored where a pair
// does not take part.
// V512: arith.cmpi sge, {{.*}} : vector<64xi32>
// CHECK: %[[ALL:.*]] = vector.reduction <and>
// CHECK-NEXT: %[[CHANGED:.*]] = scf.if %[[ALL]]
// CHECK-NEXT: scf.yield
// CHECK-NEXT: } else {
// CHECK: %[[MASKED:.*]] = arith.select
// CHECK: vector.store %[[MASKED]]
// CHECK: arith.cmpf ogt, %[[CHANGED]]
// CHECK: scf.if
// CHECK: } else {
// V512: arith.cmpf une, {{.*}} : vector<16xf32>
func.func @masked(%tile: memref<64x64xf32>, %k: memref<?x64xf32>,
                  %v: memref<?x64xf32>, %i: index, %live: index,
                  %acc: memref<64x64xf32>, %max: memref<64xf32>, %sum: memref<64xf32>) {
  attention.online query(%tile : memref<64x64xf32>)
      key(%k : memref<?x64xf32> by #rows) value(%v : memref<?x64xf32> by #rows)
      changes(sets(#causal)) normaliser(#attention.softmax)
      origin(%i, %i) live(%live)
      outs(%acc, %max, %sum : memref<64x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}

// Known to see none of the keys, queries are left as they are.
// CHECK-LABEL: func @nothing_visible
// CHECK-NOT: vector.store
// CHECK: return
func.func @nothing_visible(%tile: memref<64x64xf32>, %k: memref<8x64xf32>, %v: memref<8x64xf32>,
                           %acc: memref<64x64xf32>, %max: memref<64xf32>, %sum: memref<64xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  attention.online query(%tile : memref<64x64xf32>)
      key(%k : memref<8x64xf32> by #rows) value(%v : memref<8x64xf32> by #rows)
      changes(sets(affine_set<(i, j) : (-j - 3 >= 0)>)) normaliser(#attention.softmax)
      origin(%zero, %zero) live(%one)
      outs(%acc, %max, %sum : memref<64x64xf32>, memref<64xf32>, memref<64xf32>)
  return
}

// Queries and context are transposed in squares of a vector's size: halves of
// every four elements are interleaved, then pairs exchanged, then fours.
// CHECK-LABEL: func @pack
// V512-COUNT-64: vector.shuffle {{.*}} : vector<16xf32>, vector<16xf32>
// V256-COUNT-4: vector.shuffle {{.*}} [0, 8, 1, 9, 4, 12, 5, 13] : vector<8xf32>, vector<8xf32>
// V256-COUNT-4: vector.shuffle {{.*}} [2, 3, 10, 11, 6, 7, 14, 15] : vector<8xf32>, vector<8xf32>
// V256-COUNT-4: vector.shuffle {{.*}} [4, 5, 6, 7, 12, 13, 14, 15] : vector<8xf32>, vector<8xf32>
// V256-NOT: vector.shuffle
func.func @pack(%q: memref<?x64xbf16>, %tile: memref<64x64xf32>) {
  attention.pack %q by #rows : memref<?x64xbf16> outs(%tile : memref<64x64xf32>)
  return
}

// CHECK-LABEL: func @finish
// V512-COUNT-64: vector.shuffle {{.*}} : vector<16xf32>, vector<16xf32>
// V256-COUNT-24: vector.shuffle {{.*}} : vector<8xf32>, vector<8xf32>
func.func @finish(%acc: memref<64x64xf32>, %max: memref<64xf32>,
                  %sum: memref<64xf32>, %o: memref<?x64xf32>) {
  attention.finish %acc state(%max, %sum : memref<64xf32>, memref<64xf32>)
      normaliser(#attention.softmax) by #rows
      : memref<64x64xf32> outs(%o : memref<?x64xf32>)
  return
}

// Symbols that are buffers are read at the batch element; a run-time check holds
// for the live lanes; a scale does not make a sum over no features anything but 0.
// CHECK-LABEL: func @symbols_and_checks
// CHECK-SAME: %[[LENGTHS:[a-z0-9]*]]: memref<3xi64>
// CHECK: arith.select %{{.*}}, %{{.*}}, %{{.*}} : f32
// CHECK: memref.load %[[LENGTHS]][%{{.*}}] : memref<3xi64>
// CHECK: %[[ALL:.*]] = vector.reduction <and>
// CHECK: cf.assert %[[ALL]], "out of bounds"
func.func @symbols_and_checks(%tile: memref<?x16xf32>, %k: memref<?x?xf32>, %v: memref<?x64xf32>,
                              %lengths: memref<3xi64>, %table: memref<?xf32>, %scale: f32,
                              %b: index, %i: index, %live: index,
                              %acc: memref<64x16xf32>, %max: memref<16xf32>, %sum: memref<16xf32>) {
  attention.online query(%tile : memref<?x16xf32>)
      key(%k : memref<?x?xf32> by #rows) value(%v : memref<?x64xf32> by #rows) scale(%scale : f32)
      changes(sets(affine_set<(b, i, j)[n] : (n - 1 - j >= 0)>[%lengths : memref<3xi64>]),
              modify (%x: f32, %b0: index, %i0: index, %j0: index) {
                %zero = arith.constant 0 : index
                %size = memref.dim %table, %zero : memref<?xf32>
                %inside = arith.cmpi slt, %i0, %size : index
                cf.assert %inside, "out of bounds"
                %t = memref.load %table[%i0] : memref<?xf32>
                %y = arith.addf %x, %t : f32
                attention.yield %y : f32
              })
      normaliser(#attention.softmax) origin(%b, %i, %i) live(%live)
      outs(%acc, %max, %sum : memref<64x16xf32>, memref<16xf32>, memref<16xf32>)
  return
}
