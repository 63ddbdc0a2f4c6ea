// A reshape that makes several dynamic extents of one becomes a cast with the
// extents it states; other views become what upstream's patterns make of them, and
// what is no view stays.
// RUN: attention-opt %s -convert-views-to-reinterpret-cast | FileCheck %s

// CHECK-LABEL: func @split
// CHECK-SAME: (%[[M:[a-z0-9]+]]: memref<?x8xf32>, %[[A:[a-z0-9]+]]: index, %[[B:[a-z0-9]+]]: index)
func.func @split(%m: memref<?x8xf32>, %a: index, %b: index) -> memref<?x?x8xf32> {
  // CHECK: %[[EIGHT:[a-z0-9_]+]] = arith.constant 8 : index
  // CHECK: %[[BASE:[a-z0-9_]+]], %{{.*}}, %{{.*}}:2, %{{.*}}:2 = memref.extract_strided_metadata %[[M]]
  // CHECK: %[[STRIDE:[a-z0-9_]+]] = arith.muli %[[EIGHT]], %[[B]] : index
  // CHECK: memref.reinterpret_cast %[[BASE]] to offset: [0], sizes: [%[[A]], %[[B]], 8], strides: [%[[STRIDE]], 8, 1]
  %r = memref.expand_shape %m [[0, 1], [2]] output_shape [%a, %b, 8] : memref<?x8xf32> into memref<?x?x8xf32>
  return %r : memref<?x?x8xf32>
}

// CHECK-LABEL: func @strided
// CHECK-SAME: (%{{.*}}, %{{.*}}: index, %[[B:[a-z0-9]+]]: index)
func.func @strided(%m: memref<4x?xf32, strided<[?, 2], offset: ?>>, %a: index, %b: index) -> memref<2x2x?x?xf32, strided<[?, ?, ?, 2], offset: ?>> {
  // CHECK: %[[TWO:[a-z0-9_]+]] = arith.constant 2 : index
  // CHECK: %[[BASE:[a-z0-9_]+]], %[[OFFSET:[a-z0-9_]+]], %{{.*}}:2, %[[STRIDES:[a-z0-9_]+]]:2 = memref.extract_strided_metadata
  // CHECK: %[[ROWS:[a-z0-9_]+]] = arith.muli %[[STRIDES]]#0
  // CHECK: %[[COLUMNS:[a-z0-9_]+]] = arith.muli %[[TWO]], %[[B]] : index
  // CHECK: memref.reinterpret_cast %[[BASE]] to offset: [%[[OFFSET]]], sizes: [2, 2, %{{.*}}, %{{.*}}], strides: [%[[ROWS]], %[[STRIDES]]#0, %[[COLUMNS]], 2]
  %r = memref.expand_shape %m [[0, 1], [2, 3]] output_shape [2, 2, %a, %b] : memref<4x?xf32, strided<[?, 2], offset: ?>> into memref<2x2x?x?xf32, strided<[?, ?, ?, 2], offset: ?>>
  return %r : memref<2x2x?x?xf32, strided<[?, ?, ?, 2], offset: ?>>
}

// CHECK-LABEL: func @one_dynamic
func.func @one_dynamic(%m: memref<?x8xf32>, %a: index) -> memref<?x2x8xf32> {
  // CHECK-NOT: memref.expand_shape
  // CHECK: memref.reinterpret_cast %{{.*}} to offset: [0], sizes: [%{{.*}}, 2, 8], strides: [16, 8, 1]
  %r = memref.expand_shape %m [[0, 1], [2]] output_shape [%a, 2, 8] : memref<?x8xf32> into memref<?x2x8xf32>
  return %r : memref<?x2x8xf32>
}

// CHECK-LABEL: func @among_others
func.func @among_others(%m: memref<8x8xf32>, %i: index) -> (memref<2x8xf32, strided<[8, 1], offset: ?>>, index) {
  // CHECK: %[[ZERO:.*]] = arith.constant 0
  // CHECK: memref.reinterpret_cast %{{.*}} to offset: [%{{.*}}], sizes: [2, 8], strides: [8, 1]
  // CHECK: arith.addi %{{.*}}, %[[ZERO]]
  %zero = arith.constant 0 : index
  %r = memref.subview %m[%i, 0] [2, 8] [1, 1] : memref<8x8xf32> to memref<2x8xf32, strided<[8, 1], offset: ?>>
  %n = arith.addi %i, %zero : index
  return %r, %n : memref<2x8xf32, strided<[8, 1], offset: ?>>, index
}
