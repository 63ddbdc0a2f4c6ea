// Keys of more than 2³¹ elements: 64-bit indices all the way. The memory is
// calloc's and never written but for a few elements, so it takes address space
// (6 GB) and page tables but next to no memory. All else about index types is
// looked up in the IR: test/Pipelines/index-types.mlir.
// RUN: attention-runner %s --function=features --pipeline="attention-to-llvm{exact=true}" --expected_output=1x2xf32=0.18242552,0.81757448 --expected_output=1xf32=1.9514133 --expected_output=1x1xf32=8.1757448
// RUN: attention-runner %s --function=keys --expected_output=1x1xf32=2.9999987 --expected_output=1xf32=32.0000004

llvm.func @calloc(i64, i64) -> !llvm.ptr

/// A matrix of zeros, bf16.
func.func private @zeros(%rows: i64, %columns: i64) -> memref<?x?xbf16> {
  %size = llvm.mlir.constant(2 : i64) : i64
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %count = llvm.mul %rows, %columns : i64
  %data = llvm.call @calloc(%count, %size) : (i64, i64) -> !llvm.ptr
  %d0 = llvm.mlir.poison : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>
  %d1 = llvm.insertvalue %data, %d0[0] : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>
  %d2 = llvm.insertvalue %data, %d1[1] : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>
  %d3 = llvm.insertvalue %zero, %d2[2] : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>
  %d4 = llvm.insertvalue %rows, %d3[3, 0] : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>
  %d5 = llvm.insertvalue %columns, %d4[3, 1] : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>
  %d6 = llvm.insertvalue %columns, %d5[4, 0] : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>
  %d7 = llvm.insertvalue %one, %d6[4, 1] : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)>
  %matrix = builtin.unrealized_conversion_cast %d7 : !llvm.struct<(ptr, ptr, i64, array<2 x i64>, array<2 x i64>)> to memref<?x?xbf16>
  return %matrix : memref<?x?xbf16>
}

// A gigabyte of features: what packs queries for the fast path has no room for them.
func.func @features() -> (tensor<?x?xf32>, tensor<?xf32>, tensor<?x?xf32>) {
  %d = arith.constant 1073741888 : i64
  %last = arith.constant 1073741887 : index
  %i1 = arith.constant 1 : i64
  %i2 = arith.constant 2 : i64
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %q = func.call @zeros(%i1, %d) : (i64, i64) -> memref<?x?xbf16>
  %k = func.call @zeros(%i2, %d) : (i64, i64) -> memref<?x?xbf16>
  %quarter = arith.constant 0.25 : bf16
  %half = arith.constant 0.5 : bf16
  %one = arith.constant 1.0 : bf16
  %two = arith.constant 2.0 : bf16
  %three = arith.constant 3.0 : bf16
  memref.store %half, %q[%c0, %c0] : memref<?x?xbf16>
  memref.store %quarter, %q[%c0, %last] : memref<?x?xbf16>
  memref.store %one, %k[%c0, %last] : memref<?x?xbf16>
  memref.store %two, %k[%c1, %c0] : memref<?x?xbf16>
  memref.store %three, %k[%c1, %last] : memref<?x?xbf16>
  %queries = bufferization.to_tensor %q restrict : memref<?x?xbf16> to tensor<?x?xbf16>
  %keys = bufferization.to_tensor %k restrict : memref<?x?xbf16> to tensor<?x?xbf16>

  // Scores 0.25 and 0.5 · 2 + 0.25 · 3.
  %s = attention.dot_score %queries, %keys : tensor<?x?xbf16>, tensor<?x?xbf16> -> tensor<?x?xf32>
  %w, %lse = attention.softmax %s : tensor<?x?xf32>, tensor<?xf32>
  %v = arith.constant dense<[[0.0], [10.0]]> : tensor<2x1xf32>
  %values = tensor.cast %v : tensor<2x1xf32> to tensor<?x?xf32>
  %o = attention.context %w, %values : tensor<?x?xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
  return %w, %lse, %o : tensor<?x?xf32>, tensor<?xf32>, tensor<?x?xf32>
}

// 2³¹ + 512 elements of keys: of score 0, but for the last one's 32, beside whose weight
// all others vanish.
func.func @keys() -> (tensor<?x?xf32>, tensor<?xf32>) {
  %n = arith.constant 33554440 : i64
  %last = arith.constant 33554439 : index
  %i1 = arith.constant 1 : i64
  %d = arith.constant 64 : i64
  %c0 = arith.constant 0 : index
  %c63 = arith.constant 63 : index
  %q = func.call @zeros(%i1, %d) : (i64, i64) -> memref<?x?xbf16>
  %k = func.call @zeros(%n, %d) : (i64, i64) -> memref<?x?xbf16>
  %v = func.call @zeros(%n, %i1) : (i64, i64) -> memref<?x?xbf16>
  %one = arith.constant 1.0 : bf16
  %three = arith.constant 3.0 : bf16
  %score = arith.constant 32.0 : bf16
  memref.store %one, %q[%c0, %c63] : memref<?x?xbf16>
  memref.store %score, %k[%last, %c63] : memref<?x?xbf16>
  memref.store %three, %v[%last, %c0] : memref<?x?xbf16>
  %queries = bufferization.to_tensor %q restrict : memref<?x?xbf16> to tensor<?x?xbf16>
  %keys = bufferization.to_tensor %k restrict : memref<?x?xbf16> to tensor<?x?xbf16>
  %values = bufferization.to_tensor %v restrict : memref<?x?xbf16> to tensor<?x?xbf16>
  %s = attention.dot_score %queries, %keys : tensor<?x?xbf16>, tensor<?x?xbf16> -> tensor<?x?xf32>
  %w, %lse = attention.softmax %s : tensor<?x?xf32>, tensor<?xf32>
  %o = attention.context %w, %values : tensor<?x?xf32>, tensor<?x?xbf16> -> tensor<?x?xf32>
  return %o, %lse : tensor<?x?xf32>, tensor<?xf32>
}
