// Contractions in parallel blocks: which dimensions are cut, what moves into the
// loop, and what stays as it is.
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile-contractions -verify-roundtrip | FileCheck %s
// RUN: attention-opt %s -split-input-file -attention-set-target='cpu=x86-64-v3 parallelism=2' -attention-tile-contractions | FileCheck %s --check-prefix=TWO
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile-contractions --remarks-filter='attention.*' 2>&1 -o /dev/null | FileCheck %s --check-prefix=REMARK
// RUN: attention-opt %s -split-input-file -attention-set-target=cpu=x86-64-v3 -attention-tile-contractions=runtime-checks=true | FileCheck %s --check-prefix=CHECKS

// Columns in sixteens, then rows in sixes; the fill goes along.
// CHECK-LABEL: func @matmul
// CHECK: %[[EMPTY:.*]] = tensor.empty
// CHECK: scf.forall (%[[I:.*]], %[[J:.*]]) = (0, 0) to (480, 512) step (240, 64) shared_outs(%[[OUT:.*]] = %[[EMPTY]])
// CHECK: %[[X:.*]] = tensor.extract_slice %{{.*}}[%[[I]], 0] [240, 512]
// CHECK: %[[SLICE:.*]] = tensor.extract_slice %[[OUT]][%[[I]], %[[J]]]
// CHECK: %[[INIT:.*]] = linalg.fill {{.*}} outs(%[[SLICE]]
// CHECK: linalg.matmul {{.*}} outs(%[[INIT]]
// TWO-LABEL: func @matmul
// TWO: scf.forall {{.*}} step (256)
// REMARK: blocks of {{.*}}240 x 64 x 0
func.func @matmul(%x: tensor<480x512xf32>, %w: tensor<512x512xf32>) -> tensor<480x512xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<480x512xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<480x512xf32>) -> tensor<480x512xf32>
  %p = linalg.matmul ins(%x, %w : tensor<480x512xf32>, tensor<512x512xf32>)
      outs(%init : tensor<480x512xf32>) -> tensor<480x512xf32>
  return %p : tensor<480x512xf32>
}

// -----

// One row: its columns are cut. So is a bias that is broadcast; its other user keeps it whole.
// CHECK-LABEL: func @row
// CHECK: linalg.broadcast
// CHECK: scf.forall (%[[J:.*]]) = (0) to (5000) step
// CHECK: tensor.extract_slice %{{.*}}[%[[J]]]
// CHECK: linalg.broadcast
// CHECK: linalg.matmul
func.func @row(%x: tensor<1x2000xf32>, %w: tensor<2000x5000xf32>, %bias: tensor<5000xf32>)
    -> (tensor<1x5000xf32>, tensor<1x5000xf32>) {
  %empty = tensor.empty() : tensor<1x5000xf32>
  %init = linalg.broadcast ins(%bias : tensor<5000xf32>) outs(%empty : tensor<1x5000xf32>) dimensions = [0]
  %p = linalg.matmul ins(%x, %w : tensor<1x2000xf32>, tensor<2000x5000xf32>)
      outs(%init : tensor<1x5000xf32>) -> tensor<1x5000xf32>
  return %init, %p : tensor<1x5000xf32>, tensor<1x5000xf32>
}

// -----

// Dynamic extents, odd ones, a transposed factor; what is added to is no fill and stays outside.
// CHECKS-LABEL: func @dynamic
// CHECKS-COUNT-2: cf.assert {{.*}}is incompatible with inferred dimension size
// CHECKS-NOT: cf.assert
// CHECKS: scf.forall
// CHECK-LABEL: func @dynamic
// CHECK: %[[M:.*]] = tensor.dim %arg0
// CHECK: scf.forall (%{{.*}}) = (0) to (%[[M]]) step (132) shared_outs(%{{.*}} = %arg2)
// CHECK: affine.min
// CHECK: linalg.generic
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (n, k)>
#out = affine_map<(m, n, k) -> (m, n)>
func.func @dynamic(%x: tensor<?x?xbf16>, %w: tensor<333x?xf32>, %o: tensor<?x333xf32>) -> tensor<?x333xf32> {
  %p = linalg.generic {indexing_maps = [#rows, #columns, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %w : tensor<?x?xbf16>, tensor<333x?xf32>) outs(%o : tensor<?x333xf32>) {
  ^bb0(%a: bf16, %b: f32, %s: f32):
    %e = arith.extf %a : bf16 to f32
    %m = arith.mulf %b, %e : f32
    %n = arith.addf %m, %s : f32
    linalg.yield %n : f32
  } -> tensor<?x333xf32>
  return %p : tensor<?x333xf32>
}

// -----

// Shared heads: a batch dimension is read at its half. Small products go together.
// CHECK-LABEL: func @heads
// CHECK: scf.forall (%{{.*}}) = (0) to (512) step ([[STEP:[0-9]+]])
// CHECK: affine.apply
#query = affine_map<(h, m, n, k) -> (h, m, k)>
#key = affine_map<(h, m, n, k) -> (h floordiv 2, n, k)>
#scores = affine_map<(h, m, n, k) -> (h, m, n)>
func.func @heads(%q: tensor<512x16x64xf32>, %k: tensor<256x24x64xf32>, %o: tensor<512x16x24xf32>)
    -> tensor<512x16x24xf32> {
  %p = linalg.generic {indexing_maps = [#query, #key, #scores],
                       iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<512x16x64xf32>, tensor<256x24x64xf32>) outs(%o : tensor<512x16x24xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %m = arith.mulf %a, %b : f32
    %n = arith.addf %s, %m : f32
    linalg.yield %n : f32
  } -> tensor<512x16x24xf32>
  return %p : tensor<512x16x24xf32>
}

// -----

// Too small for threads.
// CHECK-LABEL: func @small
// CHECK-NOT: scf.forall
func.func @small(%x: tensor<64x64xf32>, %w: tensor<64x64xf32>, %o: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %p = linalg.matmul ins(%x, %w : tensor<64x64xf32>, tensor<64x64xf32>)
      outs(%o : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %p : tensor<64x64xf32>
}

// -----

// In a parallel loop the threads are at work already.
// CHECK-LABEL: func @nested
// CHECK-COUNT-1: scf.forall
// CHECK-NOT: scf.forall
// CHECK: linalg.matmul
func.func @nested(%x: tensor<4x512x512xf32>, %w: tensor<512x512xf32>) -> tensor<4x512x512xf32> {
  %empty = tensor.empty() : tensor<4x512x512xf32>
  %r = scf.forall (%b) in (4) shared_outs(%all = %empty) -> tensor<4x512x512xf32> {
    %xb = tensor.extract_slice %x[%b, 0, 0] [1, 512, 512] [1, 1, 1] : tensor<4x512x512xf32> to tensor<512x512xf32>
    %ob = tensor.extract_slice %all[%b, 0, 0] [1, 512, 512] [1, 1, 1] : tensor<4x512x512xf32> to tensor<512x512xf32>
    %p = linalg.matmul ins(%xb, %w : tensor<512x512xf32>, tensor<512x512xf32>)
        outs(%ob : tensor<512x512xf32>) -> tensor<512x512xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %p into %all[%b, 0, 0] [1, 512, 512] [1, 1, 1]
          : tensor<512x512xf32> into tensor<4x512x512xf32>
    }
  }
  return %r : tensor<4x512x512xf32>
}

// -----

// Sums in 16 bits are rounded at every step; integers, and maxima for sums, are something else.
// CHECK-LABEL: func @others
// CHECK-NOT: scf.forall
// REMARK: not tiled: {{.*}}its sums are f16
// REMARK-NOT: not tiled
#rows = affine_map<(m, n, k) -> (m, k)>
#columns = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>
func.func @others(%x: tensor<512x512xf16>, %y: tensor<512x512xi32>, %z: tensor<512x512xf32>)
    -> (tensor<512x512xf16>, tensor<512x512xi32>, tensor<512x512xf32>) {
  %p = linalg.matmul ins(%x, %x : tensor<512x512xf16>, tensor<512x512xf16>)
      outs(%x : tensor<512x512xf16>) -> tensor<512x512xf16>
  %q = linalg.matmul ins(%y, %y : tensor<512x512xi32>, tensor<512x512xi32>)
      outs(%y : tensor<512x512xi32>) -> tensor<512x512xi32>
  %r = linalg.generic {indexing_maps = [#rows, #columns, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%z, %z : tensor<512x512xf32>, tensor<512x512xf32>) outs(%z : tensor<512x512xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %m = arith.mulf %a, %b : f32
    %n = arith.maximumf %s, %m : f32
    linalg.yield %n : f32
  } -> tensor<512x512xf32>
  return %p, %q, %r : tensor<512x512xf16>, tensor<512x512xi32>, tensor<512x512xf32>
}

// -----

// Of nothing, or by sums of nothing, there are no blocks.
// CHECK-LABEL: @no_columns(
// CHECK-NOT: scf.forall
// CHECK: linalg.batch_matmul
// REMARK: remark: [Analysis] Tiled | Category:attention-tile-contractions{{.*}} | Remark="nothing to compute"
func.func @no_columns(%a: tensor<?x129x5xf32>, %b: tensor<?x5x0xf32>, %c: tensor<?x129x0xf32>) -> tensor<?x129x0xf32> {
  %r = linalg.batch_matmul ins(%a, %b : tensor<?x129x5xf32>, tensor<?x5x0xf32>) outs(%c : tensor<?x129x0xf32>) -> tensor<?x129x0xf32>
  return %r : tensor<?x129x0xf32>
}

// -----

// CHECK-LABEL: @no_terms(
// CHECK-NOT: scf.forall
// CHECK: linalg.batch_matmul
func.func @no_terms(%a: tensor<?x129x0xf32>, %b: tensor<?x0x33xf32>, %c: tensor<?x129x33xf32>) -> tensor<?x129x33xf32> {
  %r = linalg.batch_matmul ins(%a, %b : tensor<?x129x0xf32>, tensor<?x0x33xf32>) outs(%c : tensor<?x129x33xf32>) -> tensor<?x129x33xf32>
  return %r : tensor<?x129x33xf32>
}

// -----

// Loops without iterations have no tiles.
// CHECK-LABEL: func @nothing
// CHECK-NOT: scf.forall
// CHECK: linalg.batch_matmul
func.func @nothing(%a: tensor<0x512x512xf32>, %b: tensor<0x512x512xf32>, %c: tensor<0x512x512xf32>) -> tensor<0x512x512xf32> {
  %0 = linalg.batch_matmul ins(%a, %b : tensor<0x512x512xf32>, tensor<0x512x512xf32>)
      outs(%c : tensor<0x512x512xf32>) -> tensor<0x512x512xf32>
  return %0 : tensor<0x512x512xf32>
}
