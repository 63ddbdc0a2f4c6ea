// attention.weights and mass print as they are read, on tensors and on buffers,
// with and without a state, a pair body, changes.
// RUN: attention-test-opt %s -verify-roundtrip | FileCheck %s

#rows = affine_map<(r, c) -> (r, c)>
#columns = affine_map<(r, c) -> (c, r)>
#causal = affine_set<(h, i, j) : (i - j >= 0)>

// CHECK-DAG: #[[$ROWS:[a-z0-9_]+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$COLUMNS:[a-z0-9_]+]] = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-LABEL: func @weights(
// CHECK: attention.weights query(%{{.*}} : tensor<4x8xf32>) key(%{{.*}} : tensor<?x4xf16> by #[[$ROWS]]) changes(sets(#{{.*}})) normaliser(#attention.softmax) state(%{{.*}}, %{{.*}} : tensor<8xf32>, tensor<8xf32>) origin(%{{.*}}, %{{.*}}, %{{.*}}) live(%{{.*}}) first(%{{.*}}) outs(%{{.*}} : tensor<?x?xf32> by #[[$COLUMNS]]) {note = 1 : i64}
func.func @weights(%t: tensor<4x8xf32>, %k: tensor<?x4xf16>, %max: tensor<8xf32>, %sum: tensor<8xf32>,
                   %h: index, %w: tensor<?x?xf32>) {
  %0 = attention.weights query(%t : tensor<4x8xf32>) key(%k : tensor<?x4xf16> by #rows)
      changes(sets(#causal)) normaliser(#attention.softmax)
      state(%max, %sum : tensor<8xf32>, tensor<8xf32>)
      origin(%h, %h, %h) live(%h) first(%h) outs(%w : tensor<?x?xf32> by #columns) {note = 1}
  return
}

// CHECK-LABEL: func @buffers(
// CHECK: attention.weights query(%{{.*}} : memref<4x8xf64>) key(%{{.*}} : memref<4x7xf32> by #[[$COLUMNS]]) params(%{{.*}} : memref<4xf32>) combine (%{{.*}}: f64, %{{.*}}: f64, %{{.*}}: f64) {
// CHECK: } scale(%{{.*}} : f64) normaliser(#attention_test.sigmoid) origin(%{{.*}}, %{{.*}}) live(%{{.*}}) first(%{{.*}}) outs(%{{.*}} : memref<5x7xf64, strided<[?, 1], offset: ?>> by #[[$ROWS]])
func.func @buffers(%t: memref<4x8xf64>, %k: memref<4x7xf32>, %p: memref<4xf32>, %s: f64, %i: index,
                   %w: memref<5x7xf64, strided<[?, 1], offset: ?>>) {
  attention.weights query(%t : memref<4x8xf64>) key(%k : memref<4x7xf32> by #columns)
      params(%p : memref<4xf32>) combine (%x: f64, %y: f64, %z: f64) {
        %d = arith.subf %x, %y : f64
        %e = arith.mulf %d, %z : f64
        attention.yield %e : f64
      } scale(%s : f64) normaliser(#attention_test.sigmoid) origin(%i, %i) live(%i) first(%i)
      outs(%w : memref<5x7xf64, strided<[?, 1], offset: ?>> by #rows)
  return
}

// CHECK-LABEL: func @mass(
// CHECK: attention.mass query(%{{.*}} : tensor<4x8xf32>) key(%{{.*}} : tensor<?x4xf16> by #[[$ROWS]]) changes(sets(#{{.*}})) normaliser(#attention.softmax) state(%{{.*}}, %{{.*}} : tensor<8xf32>, tensor<8xf32>) origin(%{{.*}}, %{{.*}}, %{{.*}}) live(%{{.*}}) first(%{{.*}}) outs(%{{.*}} : tensor<?xf32>) {note = 1 : i64}
func.func @mass(%t: tensor<4x8xf32>, %k: tensor<?x4xf16>, %max: tensor<8xf32>, %sum: tensor<8xf32>,
                %h: index, %m: tensor<?xf32>) {
  %0 = attention.mass query(%t : tensor<4x8xf32>) key(%k : tensor<?x4xf16> by #rows)
      changes(sets(#causal)) normaliser(#attention.softmax)
      state(%max, %sum : tensor<8xf32>, tensor<8xf32>)
      origin(%h, %h, %h) live(%h) first(%h) outs(%m : tensor<?xf32>) {note = 1}
  return
}

// CHECK-LABEL: func @mass_of_buffers(
// CHECK: attention.mass query(%{{.*}} : memref<4x8xf64>) key(%{{.*}} : memref<4x7xf32> by #[[$COLUMNS]]) normaliser(#attention_test.sigmoid) origin(%{{.*}}, %{{.*}}) live(%{{.*}}) first(%{{.*}}) outs(%{{.*}} : memref<7xf64, strided<[?], offset: ?>>)
func.func @mass_of_buffers(%t: memref<4x8xf64>, %k: memref<4x7xf32>, %i: index,
                           %m: memref<7xf64, strided<[?], offset: ?>>) {
  attention.mass query(%t : memref<4x8xf64>) key(%k : memref<4x7xf32> by #columns)
      normaliser(#attention_test.sigmoid) origin(%i, %i) live(%i) first(%i)
      outs(%m : memref<7xf64, strided<[?], offset: ?>>)
  return
}
