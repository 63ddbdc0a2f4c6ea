// A score function of another dialect, which no pass knows by name, goes through
// the whole fast path: fused, tiled, and its pair body on vectors, without a call.
// RUN: attention-test-opt --attention-to-vector %s | FileCheck %s --implicit-check-not='attention{{_test|.online|.fused|.score}}' --implicit-check-not=math.exp

// CHECK-LABEL: func @distance
// CHECK: scf.forall
// CHECK: %[[D:.*]] = arith.subf %{{.*}}, %{{.*}} {{.*}}: vector<{{.*}}xf32>
// CHECK: math.absf %[[D]] {{.*}}: vector<{{.*}}xf32>
func.func @distance(%q: tensor<512x64xf32>, %k: tensor<512x64xf32>, %v: tensor<512x64xf32>)
    -> tensor<512x64xf32> {
  %s = attention_test.distance_score %q, %k
     : tensor<512x64xf32>, tensor<512x64xf32> -> tensor<512x512xf32>
  %w = attention.softmax %s : tensor<512x512xf32>
  %o = attention.context %w, %v
     : tensor<512x512xf32>, tensor<512x64xf32> -> tensor<512x64xf32>
  return %o : tensor<512x64xf32>
}
