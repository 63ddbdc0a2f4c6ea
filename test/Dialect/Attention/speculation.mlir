// Loop-invariant code motion moves what cannot go wrong, and nothing else, out of
// a loop that may not run.
// RUN: attention-opt %s -loop-invariant-code-motion | FileCheck %s

func.func private @use(tensor<4x6xf32>)
func.func private @use_dynamic(tensor<?x?xf32>)

// CHECK-LABEL: func @static(
// CHECK: attention.dot_score
// CHECK: attention.bilinear_score
// CHECK: attention.additive_score
// CHECK: attention.score
// CHECK: attention.modify_scores
// CHECK: attention.mask_scores
// CHECK: attention.softmax
// CHECK: attention.context
// CHECK: scf.for
func.func @static(%n: index, %q: tensor<4x6xf32>, %k: tensor<6x6xf32>, %v: tensor<6xf32>, %c: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %t = %c0 to %n step %c1 {
    %0 = attention.dot_score %q, %k scale(%c : f32) : tensor<4x6xf32>, tensor<6x6xf32> -> tensor<4x6xf32>
    %1 = attention.bilinear_score %q, %k, %k : tensor<4x6xf32>, tensor<6x6xf32>, tensor<6x6xf32> -> tensor<4x6xf32>
    %2 = attention.additive_score %q, %k, %k, %k, %v
       : tensor<4x6xf32>, tensor<6x6xf32>, tensor<6x6xf32>, tensor<6x6xf32>, tensor<6xf32> -> tensor<4x6xf32>
    %3 = attention.score %q, %k combine (%a: f32, %b: f32) {
      %m = arith.mulf %a, %c : f32
      attention.yield %m : f32
    } : tensor<4x6xf32>, tensor<6x6xf32> -> tensor<4x6xf32>
    %4 = attention.modify_scores %0 (%x: f32, %i: index, %j: index) {
      %y = arith.divf %x, %c : f32
      attention.yield %y : f32
    } : tensor<4x6xf32>
    %5 = attention.mask_scores %4 sets(affine_set<(i, j) : (i - j >= 0)>)
        where (%i: index, %j: index) {
      %p = arith.cmpi ne, %i, %j : index
      attention.yield %p : i1
    } bias(%3 : tensor<4x6xf32>) : tensor<4x6xf32>
    %6 = attention.softmax %5 : tensor<4x6xf32>
    %7 = attention.context %6, %k : tensor<4x6xf32>, tensor<6x6xf32> -> tensor<4x6xf32>
    func.call @use(%1) : (tensor<4x6xf32>) -> ()
    func.call @use(%2) : (tensor<4x6xf32>) -> ()
    func.call @use(%7) : (tensor<4x6xf32>) -> ()
  }
  return
}

// One operand has no other to disagree with.
// CHECK-LABEL: func @one_dynamic_operand(
// CHECK: attention.modify_scores
// CHECK: attention.mask_scores
// CHECK: attention.softmax
// CHECK: attention.softmax
// CHECK: scf.for
func.func @one_dynamic_operand(%n: index, %s: tensor<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %t = %c0 to %n step %c1 {
    %0 = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
      %y = math.tanh %x : f32
      attention.yield %y : f32
    } : tensor<?x?xf32>
    %1 = attention.mask_scores %0 sets(affine_set<(i, j)[m] : (m - j >= 0)>[%n : index]) : tensor<?x?xf32>
    %2 = attention.softmax %1 : tensor<?x?xf32>
    %3, %4 = attention.softmax %2 : tensor<?x?xf32>, tensor<?xf32>
    func.call @use_dynamic(%3) : (tensor<?x?xf32>) -> ()
  }
  return
}

// Extents that may disagree where the loop does not run.
// CHECK-LABEL: func @two_dynamic_operands(
// CHECK: scf.for
// CHECK: attention.dot_score
// CHECK: attention.mask_scores
// CHECK: attention.softmax
// CHECK: attention.context
// CHECK: attention.softmax
func.func @two_dynamic_operands(%n: index, %q: tensor<?x8xf32>, %k: tensor<6x8xf32>, %keep: tensor<?x6xi1>,
                                %s: tensor<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %t = %c0 to %n step %c1 {
    %0 = attention.dot_score %q, %k : tensor<?x8xf32>, tensor<6x8xf32> -> tensor<?x6xf32>
    %1 = attention.mask_scores %0 keep(%keep : tensor<?x6xi1>) : tensor<?x6xf32>
    %2 = attention.softmax %1 : tensor<?x6xf32>
    %3 = attention.context %2, %k : tensor<?x6xf32>, tensor<6x8xf32> -> tensor<?x?xf32>
    // A log-sum-exp with an extent that the scores do not state.
    %4, %5 = attention.softmax %s : tensor<?x?xf32>, tensor<4xf32>
    func.call @use_dynamic(%3) : (tensor<?x?xf32>) -> ()
    func.call @use_dynamic(%4) : (tensor<?x?xf32>) -> ()
  }
  return
}

// What a region does must be safe as well: an integer division, a read of a
// tensor at an index that may lie outside it.
// CHECK-LABEL: func @regions(
// CHECK: scf.for
// CHECK: attention.modify_scores
// CHECK: attention.mask_scores
// CHECK: attention.score
func.func @regions(%n: index, %s: tensor<4x6xf32>, %table: tensor<?xf32>, %q: tensor<4x8xf32>, %k: tensor<6x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %t = %c0 to %n step %c1 {
    %0 = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
      %y = tensor.extract %table[%j] : tensor<?xf32>
      attention.yield %y : f32
    } : tensor<4x6xf32>
    %1 = attention.mask_scores %s where (%i: index, %j: index) {
      %d = arith.divui %i, %n : index
      %p = arith.cmpi eq, %d, %j : index
      attention.yield %p : i1
    } : tensor<4x6xf32>
    %2 = attention.score %q, %k combine (%a: f32, %b: f32) {
      %y = tensor.extract %table[%n] : tensor<?xf32>
      attention.yield %y : f32
    } : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
    func.call @use(%0) : (tensor<4x6xf32>) -> ()
    func.call @use(%1) : (tensor<4x6xf32>) -> ()
    func.call @use(%2) : (tensor<4x6xf32>) -> ()
  }
  return
}
