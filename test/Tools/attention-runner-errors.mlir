// What the runner refuses before it compiles: one line each, exit code 2.

// RUN: not attention-runner %t.none.mlir 2>&1 | FileCheck %s --check-prefix=NOFILE
// NOFILE: {{^}}attention-runner: error: cannot open input file '{{.*}}.none.mlir': No such file or directory

// RUN: echo 'func.func @f() -> f32 { return }' > %t.invalid.mlir
// RUN: not attention-runner %t.invalid.mlir 2>&1 | FileCheck %s --check-prefix=INVALID
// INVALID: {{.*}}.invalid.mlir:1:25: error: 'func.return' op has 0 operands, but enclosing function (@f) returns 1
// INVALID-NOT: attention-runner: error

// RUN: not attention-runner %s 2>&1 | FileCheck %s --check-prefix=SEVERAL
// SEVERAL: {{^}}attention-runner: error: the module has several functions; choose one by --function: @f, @memref, @resultMemref, @unranked, @wide, @dead
// RUN: not attention-runner %s --function=nobody 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: {{^}}attention-runner: error: there is no function @nobody; the module has @f, @memref
// RUN: echo 'func.func private @f()' > %t.private.mlir
// RUN: not attention-runner %t.private.mlir 2>&1 | FileCheck %s --check-prefix=PRIVATE
// RUN: not attention-runner %t.private.mlir --function=f 2>&1 | FileCheck %s --check-prefix=EXTERNAL
// PRIVATE: {{^}}attention-runner: error: the module has no public function with a body
// EXTERNAL: {{^}}attention-runner: error: there is no function @f; the module has none

// RUN: not attention-runner %s --function=memref 2>&1 | FileCheck %s --check-prefix=MEMREF
// MEMREF: {{^}}attention-runner: error: @memref has argument 1 of type memref<2xf32>; the runner passes tensors and scalars, not memrefs
// RUN: not attention-runner %s --function=resultMemref 2>&1 | FileCheck %s --check-prefix=RESULT
// RESULT: {{^}}attention-runner: error: @resultMemref has result 0 of type memref<2xf32>; the runner passes
// RUN: not attention-runner %s --function=unranked 2>&1 | FileCheck %s --check-prefix=UNRANKED
// UNRANKED: {{^}}attention-runner: error: @unranked has argument 0 of type tensor<*xf32>, which the runner cannot pass: ranked tensors and scalars of f16, bf16, f32, f64, i1, i8, i32, i64 and index are known
// RUN: not attention-runner %s --function=wide 2>&1 | FileCheck %s --check-prefix=WIDE
// WIDE: {{^}}attention-runner: error: @wide has argument 0 of type tensor<2xi128>, which the runner cannot pass

// Arity, rank, shape, type.
// RUN: not attention-runner %s --function=f --input=2x2xf32=1 2>&1 | FileCheck %s --check-prefix=ARITY
// ARITY: {{^}}attention-runner: error: @f takes 2 arguments, but 1 inputs are given
// RUN: not attention-runner %s --function=f --input=2xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=RANK
// RANK: {{^}}attention-runner: error: input 0 is of type 2xf32, but @f takes 2x?xf32
// RUN: not attention-runner %s --function=f --input=3x2xf32=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: {{^}}attention-runner: error: input 0 is of type 3x2xf32, but @f takes 2x?xf32
// RUN: not attention-runner %s --function=f --input=2x2xf64=1 --input=f32=1 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: {{^}}attention-runner: error: input 0 is of type 2x2xf64, but @f takes 2x?xf32
// RUN: not attention-runner %s --function=f --input=2x2xf32=1 --input=1xf32=1 2>&1 | FileCheck %s --check-prefix=SCALAR
// SCALAR: {{^}}attention-runner: error: input 1 is of type 1xf32, but @f takes f32

// Texts of inputs.
// RUN: not attention-runner %s --function=f --input=2xq32=1 2>&1 | FileCheck %s --check-prefix=SPEC1
// SPEC1: {{^}}attention-runner: error: --input=2xq32=1: '2xq32' is not a type such as 2x3xf32 with an element type of f16,
// RUN: not attention-runner %s --function=f --input=2,3xf32=1 2>&1 | FileCheck %s --check-prefix=SPEC2
// SPEC2: {{^}}attention-runner: error: --input=2,3xf32=1: '2,3xf32' is not a type such as 2x3xf32{{$}}
// RUN: not attention-runner %s --function=f --input=99999999999999999999xf32=1 2>&1 | FileCheck %s --check-prefix=SPEC3
// SPEC3: {{^}}attention-runner: error: --input={{.*}}: '99999999999999999999xf32' is not a type such as 2x3xf32{{$}}
// RUN: not attention-runner %s --function=f --input=4294967296x4294967296xf32=1 2>&1 | FileCheck %s --check-prefix=HUGE
// HUGE: {{^}}attention-runner: error: --input={{.*}}: a tensor of type 4294967296x4294967296xf32 is larger than memory can be
// RUN: not attention-runner %s --function=f --input=1073741824x1048576xf32=1 2>&1 | FileCheck %s --check-prefix=LARGE
// LARGE: {{^}}attention-runner: error: --input={{.*}}: a tensor of type 1073741824x1048576xf32 needs 4503599627370496 bytes, more than this machine has
// RUN: not attention-runner %s --function=f --input=2x2xf32=1,2,3 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: {{^}}attention-runner: error: --input=2x2xf32=1,2,3: 3 values given for the 4 elements of a tensor of type 2x2xf32
// RUN: not attention-runner %s --function=f --input=f32= 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: {{^}}attention-runner: error: --input=f32=: 0 values given for the 1 elements of a tensor of type f32
// RUN: not attention-runner %s --function=f --input=2xi8=1,256 2>&1 | FileCheck %s --check-prefix=RANGE
// RANGE: {{^}}attention-runner: error: --input=2xi8=1,256: '256' is not a value of type i8
// RUN: not attention-runner %s --function=f --input=f16=1e5 2>&1 | FileCheck %s --check-prefix=OVERFLOW
// OVERFLOW: {{^}}attention-runner: error: --input=f16=1e5: '1e5' is not a value of type f16
// RUN: not attention-runner %s --function=f --input=i1=2 2>&1 | FileCheck %s --check-prefix=BOOL
// BOOL: {{^}}attention-runner: error: --input=i1=2: '2' is not a value of type i1
// RUN: not attention-runner %s --function=f --input=f32=random:x 2>&1 | FileCheck %s --check-prefix=SEED
// SEED: {{^}}attention-runner: error: --input=f32=random:x: 'x' is not a seed: random:SEED takes a whole number of 64 bits
// RUN: not attention-runner %s --function=f --input=i32=random:1 2>&1 | FileCheck %s --check-prefix=RANDOM
// RANDOM: {{^}}attention-runner: error: --input=i32=random:1: random values are for floats and i1, not for i32

// Results and other flags.
// RUN: not attention-runner %s --function=f --output=- --output=- 2>&1 | FileCheck %s --check-prefix=OUTPUTS
// OUTPUTS: {{^}}attention-runner: error: 2 --output flags for the 1 results of @f
// RUN: not attention-runner %s --function=f --expected_output=f32=1 --expected_output=f32=1 2>&1 | FileCheck %s --check-prefix=EXPECTED
// EXPECTED: {{^}}attention-runner: error: 2 --expected_output flags for the 1 results of @f
// RUN: not attention-runner %s --function=f --input=2x1xf32 --input=f32 --output=file.npy 2>&1 | FileCheck %s --check-prefix=DESTINATION
// DESTINATION: {{^}}attention-runner: error: --output=file.npy is neither @file.npy nor -
// RUN: not attention-runner %s --function=f --input=2x1xf32 --input=f32 --output=@%t.none/file.npy 2>&1 | FileCheck %s --check-prefix=UNWRITABLE
// UNWRITABLE: {{^}}attention-runner: error: cannot write '{{.*}}.none/file.npy': No such file or directory
// RUN: not attention-runner %s --function=f --input=2x1xf32 --input=f32 --output=@/dev/full 2>&1 | FileCheck %s --check-prefix=FULL
// FULL: {{^}}attention-runner: error: cannot write '/dev/full': No space left on device
// RUN: not attention-runner %s --function=f --threads=9999 2>&1 | FileCheck %s --check-prefix=THREADS
// THREADS: {{^}}attention-runner: error: --threads may be at most 1024
// RUN: not attention-runner %s --nonsense 2>&1 | FileCheck %s --check-prefix=FLAG
// FLAG: attention-runner: Unknown command line argument '--nonsense'

// Pipelines that are none, that fail, or that do not lower all.
// RUN: not attention-runner %s --function=f --input=2x1xf32 --input=f32 --pipeline=nonsense 2>&1 | FileCheck %s --check-prefix=PIPELINE
// PIPELINE: {{^}}attention-runner: error: --pipeline is neither a registered pipeline nor the text of one: 'nonsense' does not refer to a registered pass or pass pipeline
// RUN: not attention-runner %s --function=f --input=2x1xf32 --input=f32 --pipeline='builtin.module(canonicalize,cse)' 2>&1 | FileCheck %s --check-prefix=UNLOWERED
// UNLOWERED: {{^}}attention-runner: error: the pipeline did not lower @f to the LLVM dialect
// RUN: not attention-runner %s --function=f --input=2x1xf32 --input=f32 --pipeline='one-shot-bufferize{bufferize-function-boundaries},buffer-results-to-out-params{modify-public-functions=true},expand-strided-metadata,finalize-memref-to-llvm,convert-func-to-llvm,reconcile-unrealized-casts' 2>&1 | FileCheck %s --check-prefix=SIGNATURE
// SIGNATURE: {{^}}attention-runner: error: the pipeline lowered @f to a function of type !llvm.func<void (ptr, ptr, i64, i64, i64, i64, i64, f32, ptr, ptr, {{.*}}>, which is not how the runner calls it: see docs/Formats.md on pipelines
// RUN: not attention-runner %s --function=dead --input=2xf32 --pipeline='one-shot-bufferize{bufferize-function-boundaries},canonicalize,expand-strided-metadata,finalize-memref-to-llvm,convert-func-to-llvm,reconcile-unrealized-casts' 2>&1 | FileCheck %s --check-prefix=ARITH
// ARITH: {{.*}}errors.mlir:[[@LINE+24]]:{{.*}}: error: 

func.func @f(%a: tensor<2x?xf32>, %b: f32) -> tensor<2x?xf32> {
  return %a : tensor<2x?xf32>
}

func.func @memref(%a: f32, %b: memref<2xf32>) {
  return
}

func.func @resultMemref() -> memref<2xf32> {
  %r = memref.alloc() : memref<2xf32>
  return %r : memref<2xf32>
}

func.func @unranked(%a: tensor<*xf32>) {
  return
}

func.func @wide(%a: tensor<2xi128>) {
  return
}

func.func @dead(%a: tensor<2xf32>) -> tensor<2xf32> {
  %c = arith.constant 0 : index
  %e = tensor.extract %a[%c] : tensor<2xf32>
  %r = tensor.insert %e into %a[%c] : tensor<2xf32>
  return %r : tensor<2xf32>
}
