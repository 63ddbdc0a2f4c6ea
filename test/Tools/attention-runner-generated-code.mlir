// What goes wrong in generated code is one line and exit code 2; guard pages
// show where; the inputs stay as they are from call to call.

// RUN: not attention-runner %s --function=assert --input=index=4 2>&1 | FileCheck %s --check-prefix=ASSERT
// ASSERT: {{^}}attention-runner: error: an assertion failed in generated code: n is not 3{{$}}
// RUN: attention-runner %s --function=assert --input=index=3

// RUN: not attention-runner %s --function=divide --input=i32=1 --input=i32=0 2>&1 | FileCheck %s --check-prefix=DIVIDE
// DIVIDE: {{^}}attention-runner: error: generated code divided an integer by zero

// RUN: echo 'func.func private @nobody_defines_this() func.func @missing() { call @nobody_defines_this() : () -> () return }' > %t.missing.mlir
// RUN: not attention-runner %t.missing.mlir 2>&1 | FileCheck %s --check-prefix=MISSING
// MISSING: {{^}}attention-runner: error: nothing defines what the code calls: nobody_defines_this

// RUN: attention-runner %s --pipeline=attention-to-llvm --guard_pages --function=read --input=index=3 --input=4xf32=1,2,3,4 | FileCheck %s --check-prefix=INSIDE
// RUN: not attention-runner %s --pipeline=attention-to-llvm --guard_pages --function=read --input=index=4 --input=4xf32=1 2>&1 | FileCheck %s --check-prefix=PAST
// RUN: not attention-runner %s --pipeline=attention-to-llvm --guard_pages --function=read --input=index=-1025 --input=4xf32=1 2>&1 | FileCheck %s --check-prefix=BEFORE
// RUN: not attention-runner %s --pipeline=attention-to-llvm --function=read --input=index=1000000000000 --input=4xf32=1 2>&1 | FileCheck %s --check-prefix=FAR
// INSIDE: result[0]: f32=4
// PAST: {{^}}attention-runner: error: generated code touched memory outside its buffers: byte 16 of input[1], which has 16 bytes
// BEFORE: {{^}}attention-runner: error: generated code touched memory outside its buffers: byte -4100 of input[1], which has 16 bytes
// By default extents and indices are checked at run time.
// RUN: not attention-runner %s --function=read --input=index=4 --input=4xf32=1 2>&1 | FileCheck %s --check-prefix=CHECKED
// CHECKED: {{^}}attention-runner: error: an assertion failed in generated code: ERROR: Runtime op verification failed ^ out-of-bounds access Location: {{.*}}{{$}}
// FAR: {{^}}attention-runner: error: generated code touched memory outside its buffers: address 0x{{[0-9a-f]+}}, near no buffer

// Results: a write past the end, into what alignment leaves or into the page.
// RUN: attention-runner %s --pipeline=attention-to-llvm --guard_pages --function=write --input=index=3 | FileCheck %s --check-prefix=WRITTEN
// RUN: not attention-runner %s --pipeline=attention-to-llvm --guard_pages --function=write --input=index=4 2>&1 | FileCheck %s --check-prefix=SLACK
// RUN: not attention-runner %s --pipeline=attention-to-llvm --guard_pages --function=write --input=index=16 2>&1 | FileCheck %s --check-prefix=PAGE
// RUN: not attention-runner %s --pipeline=attention-to-llvm --guard_pages --function=write --input=index=-1 2>&1 | FileCheck %s --check-prefix=UNDER
// WRITTEN: result[0]: 4xf32=nan nan nan 7
// SLACK: {{^}}attention-runner: error: generated code wrote to byte 16 of a buffer of generated code, of which 16 bytes are in use by result 0
// PAGE: {{^}}attention-runner: error: generated code touched memory outside its buffers: byte 64 of a buffer of generated code, which has 64 bytes
// UNDER: {{^}}attention-runner: error: generated code wrote to byte -1 of a buffer of generated code, of which 16 bytes are in use by result 0

// Inputs may not be written to.
// RUN: not attention-runner %s --pipeline=attention-to-llvm --guard_pages --function=scribble --input=4xf32=1 2>&1 | FileCheck %s --check-prefix=SCRIBBLE
// SCRIBBLE: {{^}}attention-runner: error: generated code touched memory outside its buffers: a write to byte 0 of input[0], which is read-only

// Filling an argument fills a copy of it: ten calls read the same.
// RUN: attention-runner %s --pipeline=attention-to-llvm --function=fill --guard_pages --input=4xf32=1,2,3,4 --benchmark --benchmark_repetitions=2 --benchmark_min_time=5x --output=- --output=- | FileCheck %s --check-prefix=FILL
// FILL: result[0]: f32=10
// FILL-NEXT: result[1]: 4xf32=0 0 0 0
// FILL-NEXT: @fill(4xf32): 2 repetitions of 5 calls

// RUN: attention-runner %s --function=threads --threads=3 | FileCheck %s --check-prefix=THREADS
// THREADS: result[0]: i32=3

func.func @assert(%n: index) {
  %c = arith.constant 3 : index
  %e = arith.cmpi eq, %n, %c : index
  cf.assert %e, "n is not 3"
  return
}

func.func @divide(%a: i32, %b: i32) -> i32 {
  %e = arith.divsi %a, %b : i32
  return %e : i32
}

func.func @read(%n: index, %t: tensor<4xf32>) -> f32 {
  %e = tensor.extract %t[%n] : tensor<4xf32>
  return %e : f32
}

func.func @write(%n: index) -> tensor<4xf32> {
  %c = arith.constant 7.0 : f32
  %m = memref.alloc() {alignment = 64 : i64} : memref<4xf32>
  memref.store %c, %m[%n] : memref<4xf32>
  %t = bufferization.to_tensor %m restrict : memref<4xf32> to tensor<4xf32>
  return %t : tensor<4xf32>
}

func.func @scribble(%t: tensor<4xf32>) {
  %z = arith.constant 0 : index
  %c = arith.constant 7.0 : f32
  %m = bufferization.to_buffer %t read_only : tensor<4xf32> to memref<4xf32>
  memref.store %c, %m[%z] : memref<4xf32>
  return
}

func.func @fill(%t: tensor<4xf32>) -> (f32, tensor<4xf32>) {
  %z = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<f32>
  %s0 = linalg.fill ins(%z : f32) outs(%i : tensor<f32>) -> tensor<f32>
  %s = linalg.reduce {arith.addf} ins(%t : tensor<4xf32>) outs(%s0 : tensor<f32>) dimensions = [0]
  %e = tensor.extract %s[] : tensor<f32>
  %f = linalg.fill ins(%z : f32) outs(%t : tensor<4xf32>) -> tensor<4xf32>
  return %e, %f : f32, tensor<4xf32>
}

func.func private @omp_get_max_threads() -> i32

func.func @threads() -> i32 {
  %n = call @omp_get_max_threads() : () -> i32
  return %n : i32
}
