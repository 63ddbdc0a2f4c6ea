// The ops of the fused and block levels parse and print to themselves, every
// clause of them, on tensors and on buffers: in custom form, in generic form and
// in bytecode.
// RUN: attention-opt %s -verify-roundtrip | FileCheck %s
// RUN: attention-opt %s --mlir-print-op-generic | attention-opt | FileCheck %s
// RUN: attention-opt %s --emit-bytecode | attention-opt | FileCheck %s

// CHECK-DAG: #[[$ROWS:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$COLUMNS:.*]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-DAG: #[[$QUERY:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d0, d3)>
// CHECK-DAG: #[[$KEY:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0 floordiv 4, d2, d3)>
// CHECK-DAG: #[[$VALUE:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (0, d2, d4)>
// CHECK-DAG: #[[$CONTEXT:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d0, d4)>
// CHECK-DAG: #[[$LSE:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d0)>
// CHECK-DAG: #[[$WEIGHTS:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2)>
// CHECK-DAG: #[[$SINK:.*]] = affine_map<(d0) -> (d0 floordiv 2)>
// CHECK-DAG: #[[$PAIR:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[$BIAS:.*]] = affine_map<(d0, d1, d2) -> (d0 floordiv 2, 0, d2)>
// CHECK-DAG: #[[$CAUSAL:.*]] = affine_set<(d0, d1, d2) : (d1 - d2 >= 0)>
// CHECK-DAG: #[[$LENGTH:.*]] = affine_set<(d0, d1, d2)[s0] : (-d2 + s0 - 1 >= 0)>
#rows = affine_map<(r, c) -> (r, c)>
#columns = affine_map<(r, c) -> (c, r)>
#query = affine_map<(h, i, j, d, e) -> (i, h, d)>
#key = affine_map<(h, i, j, d, e) -> (h floordiv 4, j, d)>
#value = affine_map<(h, i, j, d, e) -> (0, j, e)>
#context = affine_map<(h, i, j, d, e) -> (i, h, e)>
#lse = affine_map<(h, i, j, d, e) -> (i, h)>
#weights = affine_map<(h, i, j, d, e) -> (h, i, j)>
#sink = affine_map<(h) -> (h floordiv 2)>
#pair = affine_map<(h, i, j) -> (i, j)>
#bias = affine_map<(h, i, j) -> (h floordiv 2, 0, j)>
#causal = affine_set<(h, i, j) : (i - j >= 0)>
#length = affine_set<(h, i, j)[n] : (n - 1 - j >= 0)>

//===----------------------------------------------------------------------===//
// fused
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @least(
// CHECK: attention.fused query(%{{.*}} : tensor<5x4xf32> by #{{.*}}) key(%{{.*}} : tensor<7x4xf32> by #{{.*}}) value(%{{.*}} : tensor<7x3xf32> by #{{.*}}) normaliser(#attention.softmax) outs(%{{.*}} : tensor<5x3xf32> by [#{{[a-z0-9]+}}])
func.func @least(%q: tensor<5x4xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>,
                 %o: tensor<5x3xf32>) -> tensor<5x3xf32> {
  %0 = attention.fused query(%q : tensor<5x4xf32> by affine_map<(i, j, d, e) -> (i, d)>)
      key(%k : tensor<7x4xf32> by affine_map<(i, j, d, e) -> (j, d)>)
      value(%v : tensor<7x3xf32> by affine_map<(i, j, d, e) -> (j, e)>)
      normaliser(#attention.softmax)
      outs(%o : tensor<5x3xf32> by [affine_map<(i, j, d, e) -> (i, e)>])
  return %0 : tensor<5x3xf32>
}

// CHECK-LABEL: func @everything(
// CHECK: attention.fused query(%{{.*}} : tensor<?x8x4xf16> by #[[$QUERY]]) key(%{{.*}} : tensor<2x?x4xbf16> by #[[$KEY]]) value(%{{.*}} : tensor<1x?x3xf32> by #[[$VALUE]])
// CHECK-SAME: params(%{{.*}}, %{{.*}} : tensor<4xf32>, tensor<4xf16>) combine (%[[Q:.*]]: f32, %[[K:.*]]: f32, %[[P:.*]]: f32, %{{.*}}: f32) {
// CHECK: arith.subf %[[Q]], %[[K]] : f32
// CHECK: } scale(%{{.*}} : f32) changes(sets(#[[$CAUSAL]], #[[$LENGTH]][%{{.*}} : tensor<8xi64>] or #[[$LENGTH]][%{{.*}} : i32]), modify (%[[S:.*]]: f32, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index) {
// CHECK: math.tanh %[[S]] : f32
// CHECK: }, keep(%{{.*}} : tensor<?x?xi1> by #[[$PAIR]]), where (%{{.*}}: index, %[[I:.*]]: index, %[[J:.*]]: index) {
// CHECK: arith.cmpi ne, %[[I]], %[[J]] : index
// CHECK: }, bias(%{{.*}} : tensor<4x1x?xf16> by #[[$BIAS]]), sets(#[[$LENGTH]][%{{.*}} : index]), sets())
// CHECK-SAME: normaliser(#attention.softmax) init(%{{.*}} : tensor<4xf32> by [#[[$SINK]]]) origin(%{{.*}}, %{{.*}}, %{{.*}}) outs(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x8x3xbf16>, tensor<?x8xf32>, tensor<8x?x?xf32> by [#[[$CONTEXT]], #[[$LSE]], #[[$WEIGHTS]]]) lse weights {note = 1 : i64}
func.func @everything(%q: tensor<?x8x4xf16>, %k: tensor<2x?x4xbf16>, %v: tensor<1x?x3xf32>,
                      %w: tensor<4xf32>, %u: tensor<4xf16>, %scale: f32, %n: tensor<8xi64>,
                      %m: i32, %l: index, %keep: tensor<?x?xi1>, %bias: tensor<4x1x?xf16>,
                      %sinks: tensor<4xf32>, %h0: index, %i0: index, %j0: index,
                      %o: tensor<?x8x3xbf16>, %lse: tensor<?x8xf32>, %weights: tensor<8x?x?xf32>)
    -> (tensor<?x8x3xbf16>, tensor<?x8xf32>, tensor<8x?x?xf32>) {
  %0:3 = attention.fused query(%q : tensor<?x8x4xf16> by #query)
      key(%k : tensor<2x?x4xbf16> by #key) value(%v : tensor<1x?x3xf32> by #value)
      params(%w, %u : tensor<4xf32>, tensor<4xf16>)
      combine (%a: f32, %b: f32, %p: f32, %r: f32) {
        %t = arith.subf %a, %b : f32
        attention.yield %t : f32
      }
      scale(%scale : f32)
      changes(sets(#causal, #length[%n : tensor<8xi64>] or #length[%m : i32]),
              modify (%s: f32, %h: index, %i: index, %j: index) {
                %t = math.tanh %s : f32
                attention.yield %t : f32
              },
              keep(%keep : tensor<?x?xi1> by #pair),
              where (%h: index, %i: index, %j: index) {
                %t = arith.cmpi ne, %i, %j : index
                attention.yield %t : i1
              },
              bias(%bias : tensor<4x1x?xf16> by #bias),
              sets(#length[%l : index]), sets())
      normaliser(#attention.softmax) init(%sinks : tensor<4xf32> by [#sink])
      origin(%h0, %i0, %j0)
      outs(%o, %lse, %weights : tensor<?x8x3xbf16>, tensor<?x8xf32>, tensor<8x?x?xf32>
           by [#context, #lse, #weights]) lse weights {note = 1}
  return %0#0, %0#1, %0#2 : tensor<?x8x3xbf16>, tensor<?x8xf32>, tensor<8x?x?xf32>
}

//===----------------------------------------------------------------------===//
// Blocks on tensors
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @pack(
// CHECK: attention.pack %{{.*}} by #[[$COLUMNS]] : tensor<4x?xbf16> outs(%{{.*}} : tensor<4x8xf32>)
// CHECK: attention.pack %{{.*}} by #[[$COLUMNS]] scale(%{{.*}} : f32) {note = 1 : i64} : tensor<4x?xbf16> outs(%{{.*}} : tensor<4x8xf32>)
func.func @pack(%q: tensor<4x?xbf16>, %scale: f32, %t: tensor<4x8xf32>) {
  %0 = attention.pack %q by #columns : tensor<4x?xbf16> outs(%t : tensor<4x8xf32>)
  %1 = attention.pack %q by #columns scale(%scale : f32) {note = 1}
     : tensor<4x?xbf16> outs(%t : tensor<4x8xf32>)
  return
}

// CHECK-LABEL: func @online(
// CHECK: attention.online query(%{{.*}} : tensor<4x8xf32>) key(%{{.*}} : tensor<4x?xf16> by #[[$COLUMNS]]) value(%{{.*}} : tensor<?x3xf32> by #[[$ROWS]])
// CHECK-SAME: params(%{{.*}} : tensor<4xf32>) combine (%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32) {
// CHECK: } scale(%{{.*}} : f32) changes(sets(#[[$LENGTH]][%{{.*}} : index]), keep(%{{.*}} : tensor<?x?xi1> by #[[$PAIR]])) normaliser(#attention.softmax) origin(%{{.*}}, %{{.*}}, %{{.*}}) live(%{{.*}}) outs(%{{.*}}, %{{.*}}, %{{.*}} : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>) {note = 1 : i64}
func.func @online(%t: tensor<4x8xf32>, %k: tensor<4x?xf16>, %v: tensor<?x3xf32>, %w: tensor<4xf32>,
                  %scale: f32, %n: index, %keep: tensor<?x?xi1>, %acc: tensor<3x8xf32>,
                  %max: tensor<8xf32>, %sum: tensor<8xf32>) {
  %0:3 = attention.online query(%t : tensor<4x8xf32>) key(%k : tensor<4x?xf16> by #columns)
      value(%v : tensor<?x3xf32> by #rows) params(%w : tensor<4xf32>)
      combine (%a: f32, %b: f32, %p: f32) {
        attention.yield %p : f32
      } scale(%scale : f32)
      changes(sets(#length[%n : index]), keep(%keep : tensor<?x?xi1> by #pair))
      normaliser(#attention.softmax) origin(%n, %n, %n) live(%n)
      outs(%acc, %max, %sum : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>) {note = 1}
  return
}

// CHECK-LABEL: func @finish(
// CHECK: attention.finish %{{.*}} state(%{{.*}}, %{{.*}} : tensor<8xf32>, tensor<8xf32>) normaliser(#attention.softmax) by #[[$ROWS]] {note = 1 : i64} : tensor<3x8xf32> outs(%{{.*}}, %{{.*}} : tensor<?x3xf16>, tensor<?xf32>)
func.func @finish(%acc: tensor<3x8xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>,
                  %o: tensor<?x3xf16>, %lse: tensor<?xf32>) {
  %0:2 = attention.finish %acc state(%max, %sum : tensor<8xf32>, tensor<8xf32>)
      normaliser(#attention.softmax) by #rows {note = 1} : tensor<3x8xf32>
      outs(%o, %lse : tensor<?x3xf16>, tensor<?xf32>)
  return
}

//===----------------------------------------------------------------------===//
// Blocks on buffers
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func @buffers(
// CHECK: attention.pack %{{.*}} by #[[$ROWS]] : memref<?x4xf16, strided<[?, 1], offset: ?>> outs(%{{.*}} : memref<4x8xf32>)
// CHECK: attention.online query(%{{.*}} : memref<4x8xf32>) key(%{{.*}} : memref<?x4xf32> by #[[$ROWS]]) value(%{{.*}} : memref<?x3xf32> by #[[$ROWS]]) changes(sets(#[[$LENGTH]][%{{.*}} : memref<?xi32>]), bias(%{{.*}} : memref<?x?xf32> by #[[$PAIR]])) normaliser(#attention.softmax) origin(%{{.*}}, %{{.*}}, %{{.*}}) live(%{{.*}}) outs(%{{.*}}, %{{.*}}, %{{.*}} : memref<3x8xf32>, memref<8xf32>, memref<8xf32>)
// CHECK: attention.finish %{{.*}} state(%{{.*}}, %{{.*}} : memref<8xf32>, memref<8xf32>) normaliser(#attention.softmax) by #[[$COLUMNS]] : memref<3x8xf32> outs(%{{.*}} : memref<3x?xf32>)
func.func @buffers(%q: memref<?x4xf16, strided<[?, 1], offset: ?>>, %t: memref<4x8xf32>,
                   %k: memref<?x4xf32>, %v: memref<?x3xf32>, %n: memref<?xi32>,
                   %bias: memref<?x?xf32>, %i: index, %acc: memref<3x8xf32>,
                   %max: memref<8xf32>, %sum: memref<8xf32>, %o: memref<3x?xf32>) {
  attention.pack %q by #rows : memref<?x4xf16, strided<[?, 1], offset: ?>>
      outs(%t : memref<4x8xf32>)
  attention.online query(%t : memref<4x8xf32>) key(%k : memref<?x4xf32> by #rows)
      value(%v : memref<?x3xf32> by #rows)
      changes(sets(#length[%n : memref<?xi32>]), bias(%bias : memref<?x?xf32> by #pair))
      normaliser(#attention.softmax) origin(%i, %i, %i) live(%i)
      outs(%acc, %max, %sum : memref<3x8xf32>, memref<8xf32>, memref<8xf32>)
  attention.finish %acc state(%max, %sum : memref<8xf32>, memref<8xf32>)
      normaliser(#attention.softmax) by #columns : memref<3x8xf32>
      outs(%o : memref<3x?xf32>)
  return
}
