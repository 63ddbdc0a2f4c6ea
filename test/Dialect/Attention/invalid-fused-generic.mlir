// Generic form of the fused and block levels that no custom form could say is an
// error, not a crash, and is printed in the diagnostic's note.
// RUN: attention-opt %s -split-input-file -verify-diagnostics
// RUN: not attention-opt %s -split-input-file 2>&1 | FileCheck %s
// CHECK-COUNT-9: "attention.fused"(

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @sets_missing(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected 1 lists of sets, 0 symbols, 0 tensors and 0 regions for its changes, found 0, 0, 0 and 0}}
  %0 = "attention.fused"(%q, %k, %v, %o) <{
      changes = [#attention.change<sets>], change_sets = [],
      query_map = #q, key_map = #k, value_map = #v, output_maps = [#o],
      normaliser = #attention.softmax,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 1>}> ({})
    : (tensor<2x5x4xf32>, tensor<2x7x4xf32>, tensor<2x7x3xf32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @region_missing(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected 0 lists of sets, 0 symbols, 0 tensors and 1 regions for its changes, found 0, 0, 0 and 0}}
  %0 = "attention.fused"(%q, %k, %v, %o) <{
      changes = [#attention.change<modify>], change_sets = [],
      query_map = #q, key_map = #k, value_map = #v, output_maps = [#o],
      normaliser = #attention.softmax,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 1>}> ({})
    : (tensor<2x5x4xf32>, tensor<2x7x4xf32>, tensor<2x7x3xf32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @symbols_missing(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected 1 lists of sets, 1 symbols, 0 tensors and 0 regions for its changes, found 1, 0, 0 and 0}}
  %0 = "attention.fused"(%q, %k, %v, %o) <{
      changes = [#attention.change<sets>], change_sets = [[[affine_set<(h, i, j)[n] : (n - j >= 0)>]]],
      query_map = #q, key_map = #k, value_map = #v, output_maps = [#o],
      normaliser = #attention.softmax,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 1>}> ({})
    : (tensor<2x5x4xf32>, tensor<2x7x4xf32>, tensor<2x7x3xf32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @tensor_missing(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected 0 lists of sets, 0 symbols, 1 tensors and 0 regions for its changes, found 0, 0, 0 and 0}}
  %0 = "attention.fused"(%q, %k, %v, %o) <{
      changes = [#attention.change<keep by affine_map<(h, i, j) -> (i, j)>>], change_sets = [],
      query_map = #q, key_map = #k, value_map = #v, output_maps = [#o],
      normaliser = #attention.softmax,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 1>}> ({})
    : (tensor<2x5x4xf32>, tensor<2x7x4xf32>, tensor<2x7x3xf32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_missing(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected a map from 3 dimensions (batch..., i, j) for keep}}
  %0 = "attention.fused"(%q, %k, %v, %o) <{
      changes = [#attention.change<keep>], change_sets = [],
      query_map = #q, key_map = #k, value_map = #v, output_maps = [#o],
      normaliser = #attention.softmax,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 1>}> ({})
    : (tensor<2x5x4xf32>, tensor<2x7x4xf32>, tensor<2x7x3xf32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @map_of_sets(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected a map only for keep and bias, found one for sets}}
  %0 = "attention.fused"(%q, %k, %v, %o) <{
      changes = [#attention.change<sets by affine_map<(h, i, j) -> (i, j)>>], change_sets = [[]],
      query_map = #q, key_map = #k, value_map = #v, output_maps = [#o],
      normaliser = #attention.softmax,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 1>}> ({})
    : (tensor<2x5x4xf32>, tensor<2x7x4xf32>, tensor<2x7x3xf32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @empty_union(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{'attention.fused' op expected at least one set in each union}}
  %0 = "attention.fused"(%q, %k, %v, %o) <{
      changes = [#attention.change<sets>], change_sets = [[[]]],
      query_map = #q, key_map = #k, value_map = #v, output_maps = [#o],
      normaliser = #attention.softmax,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 1>}> ({})
    : (tensor<2x5x4xf32>, tensor<2x7x4xf32>, tensor<2x7x3xf32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @init_maps_missing(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected a map for each init operand, found 0 for 1}}
  %0 = "attention.fused"(%q, %k, %v, %v, %o) <{
      changes = [], change_sets = [],
      query_map = #q, key_map = #k, value_map = #v, output_maps = [#o],
      normaliser = #attention.softmax,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 1, 0, 1>}> ({})
    : (tensor<2x5x4xf32>, tensor<2x7x4xf32>, tensor<2x7x3xf32>, tensor<2x7x3xf32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

#q = affine_map<(h, i, j, d, e) -> (h, i, d)>
#k = affine_map<(h, i, j, d, e) -> (h, j, d)>
#v = affine_map<(h, i, j, d, e) -> (h, j, e)>
#o = affine_map<(h, i, j, d, e) -> (h, i, e)>
func.func @blocks(%q: tensor<2x5x4xf32>, %k: tensor<2x7x4xf32>, %v: tensor<2x7x3xf32>, %o: tensor<2x5x3xf32>) {
  // expected-error@below {{expected a combine region of one block}}
  %0 = "attention.fused"(%q, %k, %v, %o) <{
      changes = [], change_sets = [],
      query_map = #q, key_map = #k, value_map = #v, output_maps = [#o],
      normaliser = #attention.softmax,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 1>}> ({
    ^bb0(%a: f32, %b: f32):
      cf.br ^bb1
    ^bb1:
      attention.yield %a : f32
    })
    : (tensor<2x5x4xf32>, tensor<2x7x4xf32>, tensor<2x7x3xf32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

func.func @pack(%q: tensor<5x4xf32>, %t: tensor<4x8xf32>) {
  // expected-error@below {{expected 1 destinations, found 2}}
  %0:2 = "attention.pack"(%q, %t, %t) <{query_map = affine_map<(i, d) -> (i, d)>,
      operandSegmentSizes = array<i32: 1, 0, 2>}>
    : (tensor<5x4xf32>, tensor<4x8xf32>, tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>)
  return
}
