// A normaliser without state that no pass knows, as an attribute of the fused and
// block levels: both are lowered by its interface, and give right numbers.
// RUN: attention-test-opt %s -convert-attention-to-linalg | FileCheck %s
// RUN: attention-test-opt %s -convert-attention-to-linalg | attention-runner - --function=main --input=1x2xf32=1,2 --input=3x2xf32=0,0,2,-1.75,9,9 --input=3x1xf32=1,10,100 --expected_output=1x1xf32=2.3242552 --expected_output=1x1xf32=2.3242552

// CHECK-LABEL: func @main
// CHECK-NOT: attention
// CHECK: math.exp
// CHECK-NOT: attention
func.func @main(%q: tensor<1x2xf32>, %k: tensor<3x2xf32>, %v: tensor<3x1xf32>)
    -> (tensor<1x1xf32>, tensor<1x1xf32>) {
  // Scores 0, −1.5, and the third key is masked: weights 1/2 and 1/(1 + e^1.5).
  %out = tensor.empty() : tensor<1x1xf32>
  %fused = attention.fused
      query(%q : tensor<1x2xf32> by affine_map<(i, j, d, e) -> (i, d)>)
      key(%k : tensor<3x2xf32> by affine_map<(i, j, d, e) -> (j, d)>)
      value(%v : tensor<3x1xf32> by affine_map<(i, j, d, e) -> (j, e)>)
      changes(sets(affine_set<(i, j) : (1 - j >= 0)>)) normaliser(#attention_test.sigmoid)
      outs(%out : tensor<1x1xf32> by [affine_map<(i, j, d, e) -> (i, e)>])
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %init = tensor.empty() : tensor<2x4xf32>
  %t = attention.pack %q by affine_map<(i, d) -> (i, d)> : tensor<1x2xf32> outs(%init : tensor<2x4xf32>)
  %acc = arith.constant dense<0.0> : tensor<1x4xf32>
  %sums = attention.online query(%t : tensor<2x4xf32>)
      key(%k : tensor<3x2xf32> by affine_map<(j, d) -> (j, d)>)
      value(%v : tensor<3x1xf32> by affine_map<(j, e) -> (j, e)>)
      changes(sets(affine_set<(i, j) : (1 - j >= 0)>)) normaliser(#attention_test.sigmoid)
      origin(%zero, %zero) live(%one) outs(%acc : tensor<1x4xf32>)
  %block = attention.finish %sums normaliser(#attention_test.sigmoid)
      by affine_map<(i, e) -> (i, e)> : tensor<1x4xf32> outs(%out : tensor<1x1xf32>)
  return %fused, %block : tensor<1x1xf32>, tensor<1x1xf32>
}
