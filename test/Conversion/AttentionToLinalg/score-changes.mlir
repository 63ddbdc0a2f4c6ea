// Modifiers and masks become elementwise; regions run at live pairs only.
// RUN: attention-opt %s -convert-attention-to-linalg -split-input-file | FileCheck %s

// CHECK-LABEL: func @modify
// CHECK-SAME: (%[[S:[a-z0-9_]+]]: tensor<2x4x6xf32>, %[[T:[a-z0-9_]+]]: tensor<6xf32>)
func.func @modify(%s: tensor<2x4x6xf32>, %table: tensor<6xf32>) -> tensor<2x4x6xf32> {
  // CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel"]} ins(%[[S]] :
  // CHECK: ^bb0(%[[X:[a-z0-9_]+]]: f32, %{{.*}}: f32):
  // CHECK: %[[J:[a-z0-9_]+]] = linalg.index 2
  // CHECK: %[[INF:[a-z0-9_]+]] = arith.constant 0xFF800000 : f32
  // CHECK: %[[LIVE:[a-z0-9_]+]] = arith.cmpf une, %[[X]], %[[INF]] : f32
  // CHECK: scf.if %[[LIVE]] -> (f32) {
  // CHECK: %[[B:[a-z0-9_]+]] = tensor.extract %[[T]][%[[J]]]
  // CHECK: arith.addf %[[X]], %[[B]]
  // CHECK: } else {
  // CHECK-NEXT: scf.yield %[[X]] : f32
  %m = attention.modify_scores %s (%x: f32, %b: index, %i: index, %j: index) {
    %bias = tensor.extract %table[%j] : tensor<6xf32>
    %y = arith.addf %x, %bias : f32
    attention.yield %y : f32
  } : tensor<2x4x6xf32>
  return %m : tensor<2x4x6xf32>
}

// -----

// Sets, keep and bias together; a symbol per batch element, signed.
// CHECK-LABEL: func @mask
// CHECK-SAME: %[[N:[a-z0-9_]+]]: tensor<2xi32>
#causal = affine_set<(b, i, j) : (i - j >= 0)>
#length = affine_set<(b, i, j)[n] : (n - 1 - j >= 0)>
#global = affine_set<(b, i, j) : (j == 0)>
func.func @mask(%s: tensor<2x4x6xf32>, %n: tensor<2xi32>, %keep: tensor<1x1x6xi1>, %bias: tensor<2x4x6xf16>) -> tensor<2x4x6xf32> {
  // CHECK: ^bb0(%[[X:[a-z0-9_]+]]: f32, %[[KEEP:[a-z0-9_]+]]: i1, %[[BIAS:[a-z0-9_]+]]: f16, %{{.*}}: f32):
  // CHECK: %[[B:[a-z0-9_]+]] = linalg.index 0
  // CHECK: %[[LIVE:[a-z0-9_]+]] = arith.cmpf une, %[[X]]
  // CHECK: %[[LEN:[a-z0-9_]+]] = tensor.extract %[[N]][%[[B]]] : tensor<2xi32>
  // CHECK: arith.index_cast %[[LEN]] : i32 to index
  // CHECK: arith.cmpi sge
  // CHECK: arith.andi
  // CHECK: arith.cmpi sge
  // CHECK: arith.cmpi eq
  // CHECK: arith.ori
  // CHECK: arith.andi
  // CHECK: %[[IN:[a-z0-9_]+]] = arith.andi %{{.*}}, %[[KEEP]] : i1
  // CHECK: %[[BX:[a-z0-9_]+]] = arith.extf %[[BIAS]] : f16 to f32
  // CHECK: %[[SUM:[a-z0-9_]+]] = arith.addf %[[X]], %[[BX]] : f32
  // CHECK: arith.select %[[IN]], %[[SUM]], %{{.*}} : f32
  %m = attention.mask_scores %s sets(#length[%n : tensor<2xi32>], #causal or #global) keep(%keep : tensor<1x1x6xi1>) bias(%bias : tensor<2x4x6xf16>) : tensor<2x4x6xf32>
  return %m : tensor<2x4x6xf32>
}

// -----

// A region is evaluated where nothing else has masked the pair out.
// CHECK-LABEL: func @where
func.func @where(%s: tensor<4x6xf32>, %keep: tensor<4x6xi1>, %id: tensor<?xi64>) -> tensor<4x6xf32> {
  // CHECK: %[[IN:[a-z0-9_]+]] = arith.andi %{{.*}}, %{{.*}} : i1
  // CHECK: %[[HOLDS:[a-z0-9_]+]] = scf.if %[[IN]] -> (i1) {
  // CHECK: tensor.extract
  // CHECK: } else {
  // CHECK-NEXT: scf.yield %[[IN]] : i1
  // CHECK: arith.select %[[HOLDS]]
  %m = attention.mask_scores %s keep(%keep : tensor<4x6xi1>) where (%i: index, %j: index) {
    %a = tensor.extract %id[%j] : tensor<?xi64>
    %zero = arith.constant 0 : i64
    %c = arith.cmpi ne, %a, %zero : i64
    attention.yield %c : i1
  } : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// A divisor that is a symbol counts as 1 where it is not positive: no trap.
// CHECK-LABEL: func @symbolic_divisor
// CHECK-SAME: %[[N:[a-z0-9_]+]]: index
#block = affine_set<(i, j)[n] : (i floordiv n - j floordiv n == 0)>
func.func @symbolic_divisor(%s: tensor<4x6xf32>, %n: index) -> tensor<4x6xf32> {
  // CHECK: %[[ONE:[a-z0-9_]+]] = arith.constant 1 : index
  // CHECK: arith.maxsi %[[N]], %[[ONE]] : index
  // CHECK-NOT: divsi %{{.*}}, %[[N]]
  // CHECK: return
  %m = attention.mask_scores %s sets(#block[%n : index]) : tensor<4x6xf32>
  return %m : tensor<4x6xf32>
}

// -----

// An explicit map: one mask for two heads.
// CHECK-DAG: #[[$MAP:[a-z0-9_]+]] = affine_map<(d0, d1, d2) -> (d0 floordiv 2, d2)>
// CHECK-LABEL: func @own_map
func.func @own_map(%s: tensor<4x5x6xf32>, %keep: tensor<2x6xi1>) -> tensor<4x5x6xf32> {
  // CHECK: linalg.generic {indexing_maps = [#{{.*}}, #[[$MAP]], #{{.*}}]
  %m = attention.mask_scores %s keep(%keep : tensor<2x6xi1> by affine_map<(h, i, j) -> (h floordiv 2, j)>) : tensor<4x5x6xf32>
  return %m : tensor<4x5x6xf32>
}
