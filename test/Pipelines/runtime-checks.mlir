// With runtime-checks, extents and indices that disagree at run time are errors
// instead of undefined behaviour; those that agree are computed with.
// RUN: attention-runner %s --opt_level=0 --function=dot --pipeline="builtin.module(attention-to-llvm{runtime-checks=true})" --input=2x3xf32=1 --input=2x3xf32=1 --expected_output=2x2xf32=3
// RUN: not attention-runner %s --opt_level=0 --function=dot --pipeline="builtin.module(attention-to-llvm{runtime-checks=true})" --input=2x3xf32=1 --input=2x4xf32=1 2>&1 | FileCheck %s --check-prefix=EXTENT
// RUN: not attention-runner %s --opt_level=0 --function=heads --pipeline="builtin.module(attention-to-llvm{runtime-checks=true})" --input=4x2x4xf32=1 --input=3x2x4xf32=1 2>&1 | FileCheck %s --check-prefix=INDEX
// RUN: not attention-runner %s --opt_level=0 --function=keep --pipeline="builtin.module(attention-to-llvm{runtime-checks=true})" --input=3x4xf32=1 --input=3xi1=1 2>&1 | FileCheck %s --check-prefix=EXTENT
// RUN: not attention-runner %s --opt_level=0 --function=table --pipeline="builtin.module(attention-to-llvm{runtime-checks=true})" --input=3x4xf32=1 --input=2xf32=1 2>&1 | FileCheck %s --check-prefix=INDEX
//
// Fused attention too, on both paths: queries of 5 x 4, keys of 70 x 4, values of
// 70 x 3, a bias over queries and keys, lengths by batch element, and a table by key.
// DEFINE: %{fast} = attention-runner %s --opt_level=0 --pipeline="attention-to-llvm{runtime-checks=true}" --function
// DEFINE: %{exact} = attention-runner %s --opt_level=0 --pipeline="attention-to-llvm{runtime-checks=true exact=true}" --function
// RUN: %{fast}=fused --input=1x5x4xf32=1 --input=1x70x4xf32=1 --input=1x70x3xf32=2 --input=5x70xf32=0 --input=1xi32=70 --input=70xf32=0 --expected_output=1x5x3xf32=2
// RUN: not %{fast}=fused --input=1x5x4xf32=1 --input=1x70x3xf32=1 --input=1x70x3xf32=2 --input=5x70xf32=0 --input=1xi32=70 --input=70xf32=0 2>&1 | FileCheck %s --check-prefix=EXTENT
// RUN: not %{fast}=fused --input=1x5x4xf32=1 --input=1x70x4xf32=1 --input=1x69x3xf32=2 --input=5x70xf32=0 --input=1xi32=70 --input=70xf32=0 2>&1 | FileCheck %s --check-prefix=EXTENT
// RUN: not %{fast}=fused --input=1x5x4xf32=1 --input=1x70x4xf32=1 --input=1x70x3xf32=2 --input=5x69xf32=0 --input=1xi32=70 --input=70xf32=0 2>&1 | FileCheck %s --check-prefix=EXTENT
// RUN: not %{fast}=fused --input=2x5x4xf32=1 --input=2x70x4xf32=1 --input=2x70x3xf32=2 --input=5x70xf32=0 --input=1xi32=70 --input=70xf32=0 2>&1 | FileCheck %s --check-prefix=EXTENT
// RUN: not %{fast}=fused --input=1x5x4xf32=1 --input=1x70x4xf32=1 --input=1x70x3xf32=2 --input=5x70xf32=0 --input=1xi32=70 --input=69xf32=0 2>&1 | FileCheck %s --check-prefix=INDEX
// RUN: %{fast}=fused --input=1x5x4xf32=1 --input=1x70x4xf32=1 --input=1x70x3xf32=2 --input=5x70xf32=0 --input=1xi32=69 --input=69xf32=0 --expected_output=1x5x3xf32=2
// RUN: not %{exact}=fused --input=1x5x4xf32=1 --input=1x70x3xf32=1 --input=1x70x3xf32=2 --input=5x70xf32=0 --input=1xi32=70 --input=70xf32=0 2>&1 | FileCheck %s --check-prefix=EXTENT
// RUN: not %{exact}=fused --input=1x5x4xf32=1 --input=1x70x4xf32=1 --input=1x70x3xf32=2 --input=5x70xf32=0 --input=1xi32=70 --input=69xf32=0 2>&1 | FileCheck %s --check-prefix=INDEX
// RUN: %{exact}=fused --input=1x5x4xf32=1 --input=1x70x4xf32=1 --input=1x70x3xf32=2 --input=5x70xf32=0 --input=1xi32=69 --input=69xf32=0 --expected_output=1x5x3xf32=2

// EXTENT: Runtime op verification failed
// EXTENT: is incompatible with inferred dimension size
// INDEX: Runtime op verification failed
// INDEX: out-of-bounds access

func.func @dot(%q: tensor<?x?xf32>, %k: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %s = attention.dot_score %q, %k : tensor<?x?xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
  return %s : tensor<?x?xf32>
}

// Three key heads do not divide four query heads.
func.func @heads(%q: tensor<?x?x?xf32>, %k: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  %s = attention.dot_score %q, %k : tensor<?x?x?xf32>, tensor<?x?x?xf32> -> tensor<?x?x?xf32>
  return %s : tensor<?x?x?xf32>
}

func.func @keep(%s: tensor<?x?xf32>, %keep: tensor<?xi1>) -> tensor<?x?xf32> {
  %m = attention.mask_scores %s keep(%keep : tensor<?xi1> by affine_map<(i, j) -> (j)>) : tensor<?x?xf32>
  return %m : tensor<?x?xf32>
}

// A table shorter than the keys, read at live pairs.
func.func @table(%s: tensor<?x?xf32>, %table: tensor<?xf32>) -> tensor<?x?xf32> {
  %m = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    %y = tensor.extract %table[%j] : tensor<?xf32>
    attention.yield %y : f32
  } : tensor<?x?xf32>
  return %m : tensor<?x?xf32>
}

func.func @fused(%q: tensor<?x?x?xf32>, %k: tensor<?x?x?xf32>, %v: tensor<?x?x?xf32>, %bias: tensor<?x?xf32>,
                 %lengths: tensor<?xi32>, %table: tensor<?xf32>) -> tensor<?x?x?xf32> {
  %s = attention.dot_score %q, %k : tensor<?x?x?xf32>, tensor<?x?x?xf32> -> tensor<?x?x?xf32>
  %m = attention.mask_scores %s
      sets(affine_set<(b, i, j)[n] : (n - 1 - j >= 0)>[%lengths : tensor<?xi32>])
      bias(%bias : tensor<?x?xf32> by affine_map<(b, i, j) -> (i, j)>) : tensor<?x?x?xf32>
  %c = attention.modify_scores %m (%x: f32, %b: index, %i: index, %j: index) {
    %t = tensor.extract %table[%j] : tensor<?xf32>
    %y = arith.addf %x, %t : f32
    attention.yield %y : f32
  } : tensor<?x?x?xf32>
  %w = attention.softmax %c : tensor<?x?x?xf32>
  %o = attention.context %w, %v : tensor<?x?x?xf32>, tensor<?x?x?xf32> -> tensor<?x?x?xf32>
  return %o : tensor<?x?x?xf32>
}
