// A reading of another dialect, which no pass knows by name: fused with any
// normaliser, tiled and split with its state, on vectors, and by its definition
// on the plain path; with the same numbers on all of these.
// DEFINE: %{fuse} = attention-test-opt %s -attention-set-target=cpu=x86-64-v3 -attention-fuse
// DEFINE: %{tile} = attention-test-opt %s -attention-set-target -attention-fuse -attention-tile
// DEFINE: %{vector} = -one-shot-bufferize=bufferize-function-boundaries=true -convert-attention-to-vector
// DEFINE: %{judge} = attention-runner - --expected_output=@%t0.npy --expected_output=@%t1.npy --expected_output=@%t2.npy
// RUN: %{fuse} | FileCheck %s --check-prefix=FUSED
// RUN: %{fuse} -attention-tile=key-splits=3 | FileCheck %s --check-prefix=TILED
// RUN: attention-test-opt %s -attention-to-vector | FileCheck %s --check-prefix=VECTOR --implicit-check-not='attention{{_test|.online|.fused}}'
// RUN: attention-test-opt %s -convert-attention-to-linalg | attention-runner - --output=@%t0.npy --output=@%t1.npy --output=@%t2.npy
// RUN: %{tile} %{vector} | %{judge}
// RUN: %{tile}='key-splits=3 key-block=8' %{vector} | %{judge}
// RUN: %{tile}='key-splits=3 key-block=8' -convert-attention-to-linalg | %{judge}
// RUN: %{fuse} -convert-attention-to-linalg | %{judge}

// FUSED: attention.fused {{.*}} normaliser(#attention.softmax) {{.*}} reads([#attention_test.mean_key])
// FUSED: attention.fused {{.*}} normaliser(#attention_test.sigmoid) {{.*}} reads([#attention_test.mean_key])
// FUSED-NOT: attention_test.mean_key %

// TILED: scf.forall {{.*}} -> (tensor<[[B:[0-9]+]]x3x5x[[N:[0-9]+]]xf32>, tensor<[[B]]x3x[[N]]xf32>, tensor<[[B]]x3x[[N]]xf32>, tensor<[[B]]x3x1x[[N]]xf32>)
// TILED: attention.online {{.*}} reads([#attention_test.mean_key])
// TILED: attention.merge {{.*}} reads([#attention_test.mean_key])
// TILED: attention.finish {{.*}} reads([#attention_test.mean_key])

// Carried beside the sum of weights, in registers.
// VECTOR: arith.sitofp %{{.*}} : vector<{{[0-9]+}}xi32> to vector<{{[0-9]+}}xf32>
func.func @main() -> (f32, f32, f32) {
  %a = arith.constant 7 : index
  %b = arith.constant 5 : index
  %q = func.call @numbers(%a, %b) : (index, index) -> tensor<37x8xf32>
  %k0 = func.call @more_numbers(%b, %a) : (index, index) -> tensor<93x8xf32>
  %v = tensor.extract_slice %k0[0, 1] [93, 5] [1, 1] : tensor<93x8xf32> to tensor<93x5xf32>
  %s = attention.dot_score %q, %k0 : tensor<37x8xf32>, tensor<93x8xf32> -> tensor<37x93xf32>
  %m = attention.mask_scores %s sets(affine_set<(i, j) : (2 * i - j >= 0)>) : tensor<37x93xf32>
  %w = attention.softmax %m : tensor<37x93xf32>
  %o = attention.context %w, %v : tensor<37x93xf32>, tensor<93x5xf32> -> tensor<37x5xf32>
  %mean = attention_test.mean_key %w : tensor<37x93xf32> -> tensor<37xf32>

  // Weights without a state, which do not add up to 1, and no context.
  %t = attention.dot_score %q, %k0 : tensor<37x8xf32>, tensor<93x8xf32> -> tensor<37x93xf32>
  %u = attention_test.sigmoid %t : tensor<37x93xf32>
  %moment = attention_test.mean_key %u : tensor<37x93xf32> -> tensor<37xf32>

  %flat = tensor.collapse_shape %o [[0, 1]] : tensor<37x5xf32> into tensor<185xf32>
  %r0 = func.call @sum(%flat) : (tensor<185xf32>) -> f32
  %r1 = func.call @sum_of_rows(%mean) : (tensor<37xf32>) -> f32
  %r2 = func.call @sum_of_rows(%moment) : (tensor<37xf32>) -> f32
  return %r0, %r1, %r2 : f32, f32, f32
}

func.func private @numbers(%a: index, %b: index) -> tensor<37x8xf32> {
  %t = tensor.generate {
  ^bb0(%i: index, %d: index):
    %x = arith.muli %i, %a : index
    %y = arith.muli %d, %b : index
    %z = arith.addi %x, %y : index
    %eleven = arith.constant 11 : index
    %r = arith.remui %z, %eleven : index
    %n = arith.index_cast %r : index to i32
    %f = arith.sitofp %n : i32 to f32
    %half = arith.constant 0.25 : f32
    %one = arith.constant 1.25 : f32
    %h = arith.mulf %f, %half : f32
    %e = arith.subf %h, %one : f32
    tensor.yield %e : f32
  } : tensor<37x8xf32>
  return %t : tensor<37x8xf32>
}

func.func private @more_numbers(%a: index, %b: index) -> tensor<93x8xf32> {
  %t = tensor.generate {
  ^bb0(%i: index, %d: index):
    %x = arith.muli %i, %a : index
    %y = arith.muli %d, %b : index
    %z = arith.addi %x, %y : index
    %eleven = arith.constant 11 : index
    %r = arith.remui %z, %eleven : index
    %n = arith.index_cast %r : index to i32
    %f = arith.sitofp %n : i32 to f32
    %half = arith.constant 0.25 : f32
    %one = arith.constant 1.25 : f32
    %h = arith.mulf %f, %half : f32
    %e = arith.subf %h, %one : f32
    tensor.yield %e : f32
  } : tensor<93x8xf32>
  return %t : tensor<93x8xf32>
}

func.func private @sum(%t: tensor<185xf32>) -> f32 {
  %zero = arith.constant 0.0 : f32
  %init = tensor.from_elements %zero : tensor<f32>
  // Rows count differently.
  %s = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%t : tensor<185xf32>) outs(%init : tensor<f32>) {
  ^bb0(%x: f32, %sum: f32):
    %i = linalg.index 0 : index
    %n = arith.index_cast %i : index to i32
    %f = arith.sitofp %n : i32 to f32
    %p = arith.mulf %x, %f : f32
    %r = arith.addf %sum, %p : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %r = tensor.extract %s[] : tensor<f32>
  return %r : f32
}

func.func private @sum_of_rows(%t: tensor<37xf32>) -> f32 {
  %zero = arith.constant 0.0 : f32
  %init = tensor.from_elements %zero : tensor<f32>
  // Rows count differently.
  %s = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%t : tensor<37xf32>) outs(%init : tensor<f32>) {
  ^bb0(%x: f32, %sum: f32):
    %i = linalg.index 0 : index
    %n = arith.index_cast %i : index to i32
    %f = arith.sitofp %n : i32 to f32
    %p = arith.mulf %x, %f : f32
    %r = arith.addf %sum, %p : f32
    linalg.yield %r : f32
  } -> tensor<f32>
  %r = tensor.extract %s[] : tensor<f32>
  return %r : f32
}
