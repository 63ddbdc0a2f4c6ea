// Generic form that no custom form could say is an error, not a crash, and is
// printed in the diagnostic's note.
// RUN: attention-opt %s -split-input-file -verify-diagnostics
// RUN: not attention-opt %s -split-input-file 2>&1 | FileCheck %s
// RUN: not attention-opt %s -split-input-file --mlir-print-op-generic 2>&1 | FileCheck %s

func.func @too_few_operands(%q: tensor<4x8xf32>) {
  // CHECK: "attention.dot_score"(%{{.*}}) : (tensor<4x8xf32>) -> tensor<4x6xf32>
  // expected-error@below {{expected 2 or more operands, but found 1}}
  %0 = "attention.dot_score"(%q) : (tensor<4x8xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @no_tensor(%q: f32, %k: tensor<6x8xf32>) {
  // expected-error@below {{operand #0 must be ranked tensor of 16-bit float or bfloat16 type or 32-bit float or 64-bit float values, but got 'f32'}}
  %0 = "attention.dot_score"(%q, %k) : (f32, tensor<6x8xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @unranked(%s: tensor<*xf32>) {
  // expected-error@below {{operand #0 must be ranked tensor of 32-bit float or 64-bit float values, but got 'tensor<*xf32>'}}
  %0 = "attention.softmax"(%s) : (tensor<*xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @no_result(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) {
  // expected-error@below {{requires one result}}
  "attention.dot_score"(%q, %k) : (tensor<4x8xf32>, tensor<6x8xf32>) -> ()
  return
}

// -----

func.func @too_many_results(%s: tensor<4x6xf32>) {
  // expected-error@below {{result group starting at #1 requires 0 or 1 element, but found 2}}
  %0:3 = "attention.softmax"(%s) : (tensor<4x6xf32>) -> (tensor<4x6xf32>, tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

func.func @no_region(%s: tensor<4x6xf32>) {
  // expected-error@below {{requires one region}}
  %0 = "attention.mask_scores"(%s) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @no_block(%s: tensor<4x6xf32>) {
  // expected-error@below {{region #0 ('modify') failed to verify constraint: region with 1 blocks}}
  %0 = "attention.modify_scores"(%s) ({}) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @no_arguments(%s: tensor<4x6xf32>, %x: f32) {
  // expected-error@below {{expected the modify region to take a score and its indices: ('f32', 'index', 'index'), found ()}}
  %0 = "attention.modify_scores"(%s) ({
    "attention.yield"(%x) : (f32) -> ()
  }) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @no_terminator(%s: tensor<4x6xf32>) {
  // expected-error@below {{empty block: expect at least a terminator}}
  %0 = "attention.modify_scores"(%s) ({
  ^bb0(%x: f32, %i: index, %j: index):
  }) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

// What a region's operation is asked for, it must have.
func.func @nested_operands(%s: tensor<4x6xf32>) {
  %0 = "attention.modify_scores"(%s) ({
  ^bb0(%x: f32, %i: index, %j: index):
    // expected-error@below {{'memref.load' op expected 1 or more operands, but found 0}}
    %y = "memref.load"() : () -> f32
    "attention.yield"(%y) : (f32) -> ()
  }) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @segments(%s: tensor<4x6xf32>) {
  // expected-error@below {{operand count (1) does not match with the total size (2) specified in attribute 'operandSegmentSizes'}}
  %0 = "attention.mask_scores"(%s) <{operandSegmentSizes = array<i32: 1, 0, 0, 1>}> ({}) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  return
}

// -----

func.func @different_types(%s: tensor<4x6xf32>) {
  // expected-error@below {{failed to verify that all of {scores, result} have same type}}
  %0 = "attention.mask_scores"(%s) <{operandSegmentSizes = array<i32: 1, 0, 0, 0>}> ({}) : (tensor<4x6xf32>) -> tensor<4x6xf64>
  return
}
