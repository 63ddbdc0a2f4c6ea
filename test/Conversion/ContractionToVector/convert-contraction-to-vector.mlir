// Contractions on buffers as vectors: register tiles by target, what is packed and
// what is read where it lies, tails, and what stays as it is.
// RUN: attention-opt %s -attention-set-target=cpu=x86-64-v3 -convert-contraction-to-vector -canonicalize | FileCheck %s --check-prefixes=CHECK,X86,V256
// RUN: attention-opt %s -attention-set-target=cpu=x86-64-v4 -convert-contraction-to-vector -canonicalize | FileCheck %s --check-prefixes=CHECK,X86,V512
// RUN: attention-opt %s -attention-set-target=cpu=x86-64 -convert-contraction-to-vector -canonicalize | FileCheck %s --check-prefixes=CHECK,X86,SSE
// RUN: attention-opt %s -attention-set-target='triple=aarch64-linux-gnu cpu=neoverse-n1' -convert-contraction-to-vector -canonicalize | FileCheck %s --check-prefixes=CHECK,NEON
// RUN: attention-opt %s -convert-contraction-to-vector --remarks-filter='convert.*' 2>&1 -o /dev/null | FileCheck %s --check-prefix=REMARK

// 6 x 2 vectors with 16 registers, 4 x 4 with 32, 4 x 2 without fused multiply-adds; four
// terms a step. A group of panels of columns is packed, eight terms of all of them at a
// time; the rows are not.
// CHECK-LABEL: func @matmul(%arg0
// V256: %[[PANEL:.*]] = memref.alloca() {alignment = 64 : i64} : memref<4x512x16xf32>
// V512: %[[PANEL:.*]] = memref.alloca() {alignment = 64 : i64} : memref<4x128x64xf32>
// SSE: %[[PANEL:.*]] = memref.alloca() {alignment = 64 : i64} : memref<8x512x8xf32>
// NEON: %[[PANEL:.*]] = memref.alloca() {alignment = 64 : i64} : memref<4x512x16xf32>
// CHECK-NOT: memref.alloca
// CHECK: vector.load %arg1
// CHECK: vector.store {{.*}} %[[PANEL]]
// CHECK: vector.load %arg2
// CHECK: scf.for
// X86: vector.load %[[PANEL]]
// X86: memref.load %arg0
// Where multiply-adds can name a lane, four terms of each row are loaded as one vector.
// NEON-COUNT-4: vector.load %arg0{{.*}} vector<4xf32>
// NEON: vector.load %[[PANEL]]
// NEON: vector.extract
// V256-COUNT-48: vector.fma {{.*}} : vector<8xf32>
// V512-COUNT-64: vector.fma {{.*}} : vector<16xf32>
// SSE-COUNT-32: vector.fma {{.*}} : vector<4xf32>
// NEON-COUNT-64: vector.fma {{.*}} : vector<4xf32>
// CHECK-NOT: vector.fma
// CHECK: scf.yield
// CHECK: vector.store {{.*}} %arg2
func.func @matmul(%x: memref<480x512xf32>, %w: memref<512x512xf32>, %o: memref<480x512xf32>) {
  linalg.matmul ins(%x, %w : memref<480x512xf32>, memref<512x512xf32>) outs(%o : memref<480x512xf32>)
  return
}

// f64: half as many lanes.
// CHECK-LABEL: func @double
// V256-COUNT-48: vector.fma {{.*}} : vector<4xf64>
// V512-COUNT-64: vector.fma {{.*}} : vector<8xf64>
// CHECK-NOT: linalg
func.func @double(%x: memref<64x64xf64>, %w: memref<64x64xf64>, %o: memref<64x64xf64>) {
  linalg.matmul ins(%x, %w : memref<64x64xf64>, memref<64x64xf64>) outs(%o : memref<64x64xf64>)
  return
}

// Both factors transposed, odd sizes: squares are transposed into the panel, rows are
// packed too, and the last columns are read and written under masks.
// CHECK-LABEL: func @transposed(%arg0
// CHECK-DAG: %[[PANEL:.*]] = memref.alloca() {{.*}} : memref<{{[0-9]+}}x33x{{8|16|48}}xf32>
// CHECK-DAG: %[[ROWS:.*]] = memref.alloca() {{.*}} : memref<{{[0-9]+}}x33x{{[46]}}xf32>
// CHECK: vector.load %arg1
// CHECK: vector.shuffle
// CHECK: vector.store {{.*}} %[[PANEL]]
// CHECK: vector.load %arg0[{{.*}} : memref<33x35xf32>, vector<{{[46]}}xf32>
// CHECK: vector.store {{.*}} %[[ROWS]]
// X86: memref.load %[[ROWS]]
// NEON: vector.load %[[ROWS]]{{.*}} vector<4xf32>
// V256: vector.maskedload %arg2{{.*}} vector<8xf32>
// V256: vector.maskedstore %arg2
func.func @transposed(%x: memref<33x35xf32>, %w: memref<37x33xf32>, %o: memref<35x37xf32>) {
  linalg.contract indexing_maps = [affine_map<(m, n, k) -> (k, m)>, affine_map<(m, n, k) -> (n, k)>,
                                   affine_map<(m, n, k) -> (m, n)>]
      ins(%x, %w : memref<33x35xf32>, memref<37x33xf32>) outs(%o : memref<35x37xf32>)
  return
}

// The result transposed: the factors change sides, so that lanes are contiguous in it.
// CHECK-LABEL: func @swapped(%arg0
// CHECK: %[[PANEL:.*]] = memref.alloca() {{.*}} : memref<{{[0-9]+}}x{{512|128}}x{{8|16|64}}xf32>
// CHECK-NOT: memref.alloca
// CHECK: vector.load %arg0
// CHECK: vector.store {{.*}} %[[PANEL]]
// X86: memref.load %arg1
// NEON: vector.load %arg1
// CHECK: vector.fma
func.func @swapped(%x: memref<?x512xf32>, %w: memref<64x512xf32>, %o: memref<64x?xf32>) {
  linalg.contract indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                                   affine_map<(m, n, k) -> (n, m)>]
      ins(%x, %w : memref<?x512xf32>, memref<64x512xf32>) outs(%o : memref<64x?xf32>)
  return
}

// Narrow factors are widened as they are packed, also rows that lie well.
// CHECK-LABEL: func @narrow(%arg0
// CHECK-DAG: %[[PANEL:.*]] = memref.alloca() {{.*}} : memref<{{[0-9]+}}x{{512|128}}x{{8|16|64}}xf32>
// CHECK-DAG: %[[ROWS:.*]] = memref.alloca() {{.*}} : memref<{{[0-9]+}}x{{512|128}}xf32>
// CHECK: %[[W:.*]] = vector.load %arg1{{.*}} vector<{{.*}}xf16>
// CHECK: arith.extf %[[W]]
// CHECK: vector.store {{.*}} %[[PANEL]]
// CHECK: %[[X:.*]] = vector.load %arg0{{.*}} vector<{{.*}}xbf16>
// CHECK: arith.extf %[[X]]
// CHECK: vector.store {{.*}} %[[ROWS]]
// CHECK: scf.for {{.*}} iter_args
// CHECK-NOT: arith.extf
// CHECK: vector.fma
func.func @narrow(%x: memref<?x?xbf16>, %w: memref<?x?xf16>, %o: memref<?x?xf32>) {
  linalg.matmul ins(%x, %w : memref<?x?xbf16>, memref<?x?xf16>) outs(%o : memref<?x?xf32>)
  return
}

// A row times a matrix: more vectors at a time, and no panel. A matrix times a column
// is one too, transposed.
// CHECK-LABEL: func @vectors(%arg0
// CHECK: vector.load %arg1
// V256-COUNT-16: vector.fma {{.*}} : vector<8xf32>
// V512-COUNT-32: vector.fma {{.*}} : vector<16xf32>
// CHECK: vector.shuffle
// CHECK: vector.fma
func.func @vectors(%x: memref<512xf32>, %w: memref<512x512xf32>, %o: memref<512xf32>, %p: memref<512xf32>) {
  linalg.vecmat ins(%x, %w : memref<512xf32>, memref<512x512xf32>) outs(%o : memref<512xf32>)
  linalg.matvec ins(%w, %x : memref<512x512xf32>, memref<512xf32>) outs(%p : memref<512xf32>)
  return
}

// Heads in pairs share columns; rows of heads lie in strides; layouts without unit
// strides are read and written by elements.
// CHECK-LABEL: func @views(%arg0
// CHECK: scf.for %[[H:.*]] =
// CHECK: %[[HALF:.*]] = arith.divsi
// CHECK: vector.load %arg1
// CHECK: scf.for
// X86: memref.load %arg0[%{{.*}}, %[[H]], %{{.*}}]
// NEON: vector.load %arg0[%{{.*}}, %[[H]], %{{.*}}]
// CHECK: memref.load %arg3
// CHECK: vector.fma
// CHECK: memref.store {{.*}} %arg3
func.func @views(%q: memref<?x8x64xf32>, %k: memref<4x?x64xf32>, %s: memref<8x?x?xf32>,
                 %t: memref<?x?xf32, strided<[?, ?]>>) {
  linalg.generic {indexing_maps = [affine_map<(h, m, n, k) -> (m, h, k)>, affine_map<(h, m, n, k) -> (h floordiv 2, n, k)>,
                                   affine_map<(h, m, n, k) -> (h, m, n)>],
                  iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : memref<?x8x64xf32>, memref<4x?x64xf32>) outs(%s : memref<8x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %n = arith.addf %c, %m : f32
    linalg.yield %n : f32
  }
  linalg.matmul ins(%t, %t : memref<?x?xf32, strided<[?, ?]>>, memref<?x?xf32, strided<[?, ?]>>)
      outs(%t : memref<?x?xf32, strided<[?, ?]>>)
  return
}

// Scratch is in the frame of the iteration, and shared by what runs one after another.
// CHECK-LABEL: func @threads
// CHECK-NOT: memref.alloca
// CHECK: scf.forall
// CHECK-COUNT-1: memref.alloca
// CHECK-NOT: memref.alloca
// CHECK: scf.for
func.func @threads(%x: memref<8x64x64xf32>, %w: memref<64x64xf32>, %o: memref<8x64x64xf32>) {
  scf.forall (%b) in (8) {
    %xb = memref.subview %x[%b, 0, 0] [1, 64, 64] [1, 1, 1]
        : memref<8x64x64xf32> to memref<64x64xf32, strided<[64, 1], offset: ?>>
    %ob = memref.subview %o[%b, 0, 0] [1, 64, 64] [1, 1, 1]
        : memref<8x64x64xf32> to memref<64x64xf32, strided<[64, 1], offset: ?>>
    linalg.matmul ins(%xb, %w : memref<64x64xf32, strided<[64, 1], offset: ?>>, memref<64x64xf32>)
        outs(%ob : memref<64x64xf32, strided<[64, 1], offset: ?>>)
    linalg.matmul ins(%xb, %w : memref<64x64xf32, strided<[64, 1], offset: ?>>, memref<64x64xf32>)
        outs(%ob : memref<64x64xf32, strided<[64, 1], offset: ?>>)
  }
  return
}

// What has no rows and no columns, sums in 16 bits, or is no sum of products at all.
// CHECK-LABEL: func @others
// CHECK: linalg.dot
// CHECK: linalg.matmul
// CHECK: linalg.matmul
// CHECK: linalg.generic
// CHECK: linalg.generic
// REMARK: not vectorised: {{.*}}it has neither rows nor columns
// REMARK: not vectorised: {{.*}}its sums are f16
// REMARK-NOT: not vectorised
func.func @others(%x: memref<64xf32>, %s: memref<f32>, %h: memref<8x8xf16>, %i: memref<8x8xi32>, %f: memref<8x8xf32>) {
  linalg.dot ins(%x, %x : memref<64xf32>, memref<64xf32>) outs(%s : memref<f32>)
  linalg.matmul ins(%h, %h : memref<8x8xf16>, memref<8x8xf16>) outs(%h : memref<8x8xf16>)
  linalg.matmul ins(%i, %i : memref<8x8xi32>, memref<8x8xi32>) outs(%i : memref<8x8xi32>)
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                   affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%f, %f : memref<8x8xf32>, memref<8x8xf32>) outs(%f : memref<8x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %d = arith.subf %a, %b : f32
    %n = arith.addf %c, %d : f32
    linalg.yield %n : f32
  }
  linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                   affine_map<(m, n, k) -> (m, n)>],
                  iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%f, %f : memref<8x8xf32>, memref<8x8xf32>) outs(%f : memref<8x8xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %a : f32
    %n = arith.addf %c, %m : f32
    linalg.yield %n : f32
  }
  return
}
