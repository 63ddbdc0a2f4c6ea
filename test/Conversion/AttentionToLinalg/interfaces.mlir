// A score function and a normaliser that no pass knows are generalised and
// lowered by their interfaces, in a program with a mask, and give right numbers.
// RUN: attention-test-opt %s -attention-generalize-scores | FileCheck %s --check-prefix=GENERAL
// RUN: attention-test-opt %s -convert-attention-to-linalg | FileCheck %s
// RUN: attention-test-opt %s -convert-attention-to-linalg | attention-runner - --function=main --input=1x2xf32=1,2 --input=3x2xf32=1,2,2,4,0,0 --input=3x1xf32=1,10,100 --expected_output=1x1xf32=2.3242552

// GENERAL-LABEL: func @main
// GENERAL: attention.score %{{.*}} combine (%[[A:[a-z0-9]+]]: f32, %[[B:[a-z0-9]+]]: f32) {
// GENERAL-NEXT: %[[D:[a-z0-9]+]] = arith.subf %[[A]], %[[B]] : f32
// GENERAL-NEXT: math.absf %[[D]] : f32
// GENERAL: attention.modify_scores
// GENERAL: attention_test.sigmoid

// CHECK-LABEL: func @main
// CHECK-NOT: attention
// CHECK: math.absf
// CHECK: math.exp
// CHECK-NOT: attention
func.func @main(%q: tensor<1x2xf32>, %k: tensor<3x2xf32>, %v: tensor<3x1xf32>) -> tensor<1x1xf32> {
  // Scores 0, −1.5, and the third key is masked: weights 1/2 and 1/(1 + e^1.5).
  %s = attention_test.distance_score %q, %k : tensor<1x2xf32>, tensor<3x2xf32> -> tensor<1x3xf32>
  %m = attention.mask_scores %s sets(affine_set<(i, j) : (1 - j >= 0)>) : tensor<1x3xf32>
  %w = attention_test.sigmoid %m : tensor<1x3xf32>
  %o = attention.context %w, %v : tensor<1x3xf32>, tensor<3x1xf32> -> tensor<1x1xf32>
  return %o : tensor<1x1xf32>
}
