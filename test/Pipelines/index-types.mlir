// Indices are of 64 bits everywhere: none is cut short, 32-bit symbols of sets are
// extended before they are computed with, and no address comes from 32 bits. In
// lanes, differences of indices are compared in 32 bits after they were clamped, and
// positions become floats by way of 32 bits after a comparison: nothing else is cut.
// RUN: attention-opt %s -attention-to-llvm=exact=true | mlir-translate -mlir-to-llvmir \
// RUN:   | FileCheck %s --implicit-check-not="trunc i64" \
// RUN:     --implicit-check-not="getelementptr {{.*}}, i32 %" --implicit-check-not="= {{add|sub|mul}} i32"
// RUN: attention-opt %s -attention-to-llvm | mlir-translate -mlir-to-llvmir \
// RUN:   | FileCheck %s \
// RUN:     --implicit-check-not="getelementptr {{.*}}, i32 %" --implicit-check-not="= {{add|sub|mul}} i32"

// CHECK-LABEL: define {{.*}} @every_kind
// CHECK: sext i32 %{{[0-9]+}} to i64
func.func @every_kind(%q: tensor<?x?x?x?xf16>, %k: tensor<?x?x?x?xf16>, %v: tensor<?x?x?x?xf16>,
                      %n: tensor<?xi32>, %o: i32, %p: i64, %keep: tensor<?x?x?x?xi1>,
                      %bias: tensor<?x?xf16>, %ids: tensor<?xi32>, %table: tensor<?x?xf32>)
    -> (tensor<?x?x?x?xf16>, tensor<?x?x?xf32>) {
  %s = attention.dot_score %q, %k scaled
     : tensor<?x?x?x?xf16>, tensor<?x?x?x?xf16> -> tensor<?x?x?x?xf32>
  %m = attention.mask_scores %s
      sets(affine_set<(b, h, i, j)[n] : (n - 1 - j >= 0)>[%n : tensor<?xi32>],
           affine_set<(b, h, i, j)[o] : (i + o - j >= 0)>[%o : i32]
             or affine_set<(b, h, i, j)[p] : (i mod p - j floordiv p == 0)>[%p : i64])
      keep(%keep : tensor<?x?x?x?xi1>)
      where (%b: index, %h: index, %i: index, %j: index) {
        %x = tensor.extract %ids[%i] : tensor<?xi32>
        %y = tensor.extract %ids[%j] : tensor<?xi32>
        %same = arith.cmpi eq, %x, %y : i32
        attention.yield %same : i1
      }
      bias(%bias : tensor<?x?xf16> by affine_map<(b, h, i, j) -> (h floordiv 2, j)>)
      : tensor<?x?x?x?xf32>
  %c = attention.modify_scores %m (%x: f32, %b: index, %h: index, %i: index, %j: index) {
    %t = tensor.extract %table[%i, %j] : tensor<?x?xf32>
    %y = arith.addf %x, %t : f32
    attention.yield %y : f32
  } : tensor<?x?x?x?xf32>
  %w, %lse = attention.softmax %c : tensor<?x?x?x?xf32>, tensor<?x?x?xf32>
  %r = attention.context %w, %v
     : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf16> -> tensor<?x?x?x?xf16>
  return %r, %lse : tensor<?x?x?x?xf16>, tensor<?x?x?xf32>
}
