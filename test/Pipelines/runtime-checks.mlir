// With runtime-checks, extents and indices that disagree at run time are errors
// instead of undefined behaviour; those that agree are computed with.
// RUN: attention-runner %s --function=dot --pipeline="builtin.module(attention-to-llvm{runtime-checks=true})" --input=2x3xf32=1 --input=2x3xf32=1 --expected_output=2x2xf32=3
// RUN: not attention-runner %s --function=dot --pipeline="builtin.module(attention-to-llvm{runtime-checks=true})" --input=2x3xf32=1 --input=2x4xf32=1 2>&1 | FileCheck %s --check-prefix=EXTENT
// RUN: not attention-runner %s --function=heads --pipeline="builtin.module(attention-to-llvm{runtime-checks=true})" --input=4x2x4xf32=1 --input=3x2x4xf32=1 2>&1 | FileCheck %s --check-prefix=INDEX
// RUN: not attention-runner %s --function=keep --pipeline="builtin.module(attention-to-llvm{runtime-checks=true})" --input=3x4xf32=1 --input=3xi1=1 2>&1 | FileCheck %s --check-prefix=EXTENT
// RUN: not attention-runner %s --function=table --pipeline="builtin.module(attention-to-llvm{runtime-checks=true})" --input=3x4xf32=1 --input=2xf32=1 2>&1 | FileCheck %s --check-prefix=INDEX

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
