// What elementary functions become: arithmetic, without a call and without a
// conversion to integers, which NaN does not have; the numbers are in
// Integration/functions.test.
// RUN: attention-opt --convert-math-to-polynomial --split-input-file %s | FileCheck %s
// RUN: attention-opt --convert-math-to-polynomial --split-input-file %s \
// RUN:   | FileCheck %s --check-prefix=NONE --implicit-check-not=fptosi \
// RUN:     --implicit-check-not='math.{{exp|tanh|log|powf}}'

// NONE: func

// CHECK-LABEL: func @tanh
// CHECK: math.absf %{{.*}} : vector<8xf32>
// CHECK: arith.select %{{.*}} : vector<8xi1>, vector<8xf32>
// CHECK: arith.divf {{.*}} : vector<8xf32>
// CHECK-NEXT: math.copysign
// CHECK-NEXT: return
func.func @tanh(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.tanh %x : vector<8xf32>
  return %y : vector<8xf32>
}

// -----

// A scalar.
// CHECK-LABEL: func @exp
// CHECK: arith.shli %{{.*}}, %{{.*}} : i64
// CHECK: return %{{.*}} : f64
func.func @exp(%x: f64) -> f64 {
  %y = math.exp %x : f64
  return %y : f64
}

// -----

// Narrow types are computed in f32 and rounded once.
// CHECK-LABEL: func @log
// CHECK: arith.extf %{{.*}} : vector<2x16xbf16> to vector<2x16xf32>
// CHECK: arith.truncf %{{.*}} : vector<2x16xf32> to vector<2x16xbf16>
func.func @log(%x: vector<2x16xbf16>) -> vector<2x16xbf16> {
  %y = math.log %x : vector<2x16xbf16>
  return %y : vector<2x16xbf16>
}

// -----

// Powers of f32 in f64.
// CHECK-LABEL: func @powf
// CHECK-COUNT-2: arith.extf %{{.*}} : vector<4xf32> to vector<4xf64>
// CHECK: arith.truncf %{{.*}} : vector<4xf64> to vector<4xf32>
func.func @powf(%x: vector<4xf32>, %y: vector<4xf32>) -> vector<4xf32> {
  %z = math.powf %x, %y : vector<4xf32>
  return %z : vector<4xf32>
}

// -----

// In a region, whatever its operation is.
// CHECK-LABEL: func @region
// CHECK: linalg.generic
// CHECK-NOT: math.exp2
// CHECK: linalg.yield
func.func @region(%x: tensor<5xf32>) -> tensor<5xf32> {
  %y = linalg.generic {
      indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      outs(%x : tensor<5xf32>) {
  ^bb0(%e: f32):
    %r = math.exp2 %e : f32
    linalg.yield %r : f32
  } -> tensor<5xf32>
  return %y : tensor<5xf32>
}
