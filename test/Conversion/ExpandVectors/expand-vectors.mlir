// A transpose becomes shuffles and a mask a comparison; what is no vector stays.
// RUN: attention-opt %s -expand-vectors | FileCheck %s
// RUN: attention-opt %s -expand-vectors -convert-to-llvm | FileCheck %s --check-prefix=LLVM

// CHECK-LABEL: func @transpose
// CHECK-NOT: vector.transpose
// CHECK: vector.shuffle
// CHECK: return
// LLVM-LABEL: llvm.func @transpose
// LLVM: llvm.shufflevector
// LLVM-NOT: vector.{{[a-z]}}
// LLVM: llvm.return
func.func @transpose(%x: vector<4x4xf32>) -> vector<4x4xf32> {
  %r = vector.transpose %x, [1, 0] : vector<4x4xf32> to vector<4x4xf32>
  return %r : vector<4x4xf32>
}

// CHECK-LABEL: func @mask
// CHECK-SAME: (%[[N:.*]]: index)
// CHECK: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: %[[M:.*]] = arith.addi %[[N]], %[[ZERO]] : index
// CHECK: %[[I:.*]] = arith.index_cast %[[M]] : index to i32
// CHECK: %[[ALL:.*]] = vector.broadcast %[[I]] : i32 to vector<8xi32>
// CHECK: arith.cmpi sgt, %[[ALL]], %{{.*}} : vector<8xi32>
func.func @mask(%n: index) -> vector<8xi1> {
  %zero = arith.constant 0 : index
  %m = arith.addi %n, %zero : index
  %r = vector.create_mask %m : vector<8xi1>
  return %r : vector<8xi1>
}
