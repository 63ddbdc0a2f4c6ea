// Static extents that casts have forgotten come back, also where a region is
// empty (mlir::clone of upstream's pattern would crash there).
// RUN: attention-opt %s -canonicalize | FileCheck %s

#rows = affine_map<(r, c) -> (r, c)>

// CHECK-LABEL: func @fused(
// CHECK-NOT: tensor.cast
// CHECK: %[[O:.*]] = attention.fused query(%{{.*}} : tensor<5x4xf32> by #{{.*}}) key(%{{.*}} : tensor<7x4xf32> by #{{.*}}) {{.*}} outs(%{{.*}} : tensor<5x3xf32> by
// CHECK: %[[C:.*]] = tensor.cast %[[O]] : tensor<5x3xf32> to tensor<?x3xf32>
// CHECK: return %[[C]]
func.func @fused(%q: tensor<5x4xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %o: tensor<5x3xf32>)
    -> tensor<?x3xf32> {
  %0 = tensor.cast %q : tensor<5x4xf32> to tensor<?x4xf32>
  %1 = tensor.cast %k : tensor<7x4xf32> to tensor<?x4xf32>
  %2 = tensor.cast %o : tensor<5x3xf32> to tensor<?x3xf32>
  %3 = attention.fused query(%0 : tensor<?x4xf32> by affine_map<(i, j, d, e) -> (i, d)>)
      key(%1 : tensor<?x4xf32> by affine_map<(i, j, d, e) -> (j, d)>)
      value(%v : tensor<7x3xf32> by affine_map<(i, j, d, e) -> (j, e)>)
      normaliser(#attention.softmax)
      outs(%2 : tensor<?x3xf32> by [affine_map<(i, j, d, e) -> (i, e)>])
  return %3 : tensor<?x3xf32>
}

// CHECK-LABEL: func @online(
// CHECK-NOT: tensor.cast
// CHECK: %[[R:.*]]:3 = attention.online query(%{{.*}} : tensor<4x8xf32>) key(%{{.*}} : tensor<7x4xf32> by #{{.*}}) {{.*}} outs(%{{.*}}, %{{.*}}, %{{.*}} : tensor<3x8xf32>, tensor<8xf32>, tensor<8xf32>)
// CHECK: tensor.cast %[[R]]#0 : tensor<3x8xf32> to tensor<?x8xf32>
func.func @online(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %v: tensor<7x3xf32>, %acc: tensor<3x8xf32>,
                  %max: tensor<8xf32>, %sum: tensor<8xf32>, %i: index) -> tensor<?x8xf32> {
  %0 = tensor.cast %k : tensor<7x4xf32> to tensor<?x4xf32>
  %1 = tensor.cast %acc : tensor<3x8xf32> to tensor<?x8xf32>
  %2:3 = attention.online query(%t : tensor<4x8xf32>) key(%0 : tensor<?x4xf32> by #rows)
      value(%v : tensor<7x3xf32> by #rows) normaliser(#attention.softmax)
      origin(%i, %i) live(%i)
      outs(%1, %max, %sum : tensor<?x8xf32>, tensor<8xf32>, tensor<8xf32>)
  return %2#0 : tensor<?x8xf32>
}

// CHECK-LABEL: func @weights(
// CHECK-NOT: tensor.cast
// CHECK: %[[R:.*]] = attention.weights query(%{{.*}} : tensor<4x8xf32>) key(%{{.*}} : tensor<7x4xf32> by #{{.*}}) {{.*}} outs(%{{.*}} : tensor<5x7xf32> by
// CHECK: tensor.cast %[[R]] : tensor<5x7xf32> to tensor<?x?xf32>
func.func @weights(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>,
                   %w: tensor<5x7xf32>, %i: index) -> tensor<?x?xf32> {
  %0 = tensor.cast %k : tensor<7x4xf32> to tensor<?x4xf32>
  %1 = tensor.cast %w : tensor<5x7xf32> to tensor<?x?xf32>
  %2 = attention.weights query(%t : tensor<4x8xf32>) key(%0 : tensor<?x4xf32> by #rows)
      normaliser(#attention.softmax) state(%max, %sum : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%i) outs(%1 : tensor<?x?xf32> by #rows)
  return %2 : tensor<?x?xf32>
}

// CHECK-LABEL: func @mass(
// CHECK-NOT: tensor.cast
// CHECK: %[[R:.*]] = attention.mass query(%{{.*}} : tensor<4x8xf32>) key(%{{.*}} : tensor<7x4xf32> by #{{.*}}) {{.*}} outs(%{{.*}} : tensor<7xf32>)
// CHECK: tensor.cast %[[R]] : tensor<7xf32> to tensor<?xf32>
func.func @mass(%t: tensor<4x8xf32>, %k: tensor<7x4xf32>, %max: tensor<8xf32>, %sum: tensor<8xf32>,
                %m: tensor<7xf32>, %i: index) -> tensor<?xf32> {
  %0 = tensor.cast %k : tensor<7x4xf32> to tensor<?x4xf32>
  %1 = tensor.cast %m : tensor<7xf32> to tensor<?xf32>
  %2 = attention.mass query(%t : tensor<4x8xf32>) key(%0 : tensor<?x4xf32> by #rows)
      normaliser(#attention.softmax) state(%max, %sum : tensor<8xf32>, tensor<8xf32>)
      origin(%i, %i) live(%i) first(%i) outs(%1 : tensor<?xf32>)
  return %2 : tensor<?xf32>
}
