// What convert-math-to-polynomial leaves alone: what has an instruction, what would
// be inaccurate, and tensors.
// RUN: attention-opt --convert-math-to-polynomial %s | FileCheck %s

// CHECK-LABEL: func @kept
func.func @kept(%x: vector<8xf32>, %y: f64, %t: tensor<8xf32>)
    -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, f64, f64, tensor<8xf32>) {
  // CHECK: math.sqrt
  %a = math.sqrt %x : vector<8xf32>
  // CHECK: math.sin
  %b = math.sin %x : vector<8xf32>
  // CHECK: math.floor
  %c = math.floor %x : vector<8xf32>
  // CHECK: math.powf
  %d = math.powf %y, %y : f64
  // CHECK: math.erf
  %e = math.erf %y : f64
  // CHECK: math.exp
  %f = math.exp %t : tensor<8xf32>
  return %a, %b, %c, %d, %e, %f
       : vector<8xf32>, vector<8xf32>, vector<8xf32>, f64, f64, tensor<8xf32>
}
