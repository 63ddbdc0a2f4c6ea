// Parallel loops run on OpenMP's threads: the same bits from any number of them,
// with and without guard pages; what goes wrong on one of them is one line and
// exit code 2; libomp is loaded only where there is such a loop.

// RUN: attention-runner %s --function=blocks --input=37x23xf32=random:1 --threads=1 --output=@%t.1.npy
// RUN: attention-runner %s --function=blocks --input=37x23xf32=random:1 --threads=2 --output=@%t.2.npy
// RUN: attention-runner %s --function=blocks --input=37x23xf32=random:1 --threads=7 --output=@%t.7.npy
// RUN: attention-runner %s --function=blocks --input=37x23xf32=random:1 --threads=7 --guard_pages --output=@%t.g.npy
// RUN: attention-runner %s --pipeline=attention-to-llvm --function=blocks --input=37x23xf32=random:1 --threads=7 --output=@%t.u.npy
// RUN: cmp %t.1.npy %t.2.npy
// RUN: cmp %t.1.npy %t.7.npy
// RUN: cmp %t.1.npy %t.g.npy
// RUN: cmp %t.1.npy %t.u.npy
// RUN: attention-runner %s --function=serial --input=37x23xf32=random:1 --output=@%t.s.npy
// RUN: attention-runner %s --function=blocks --input=37x23xf32=random:1 --threads=2 --expected_output=@%t.s.npy --expected_atol=0 --expected_rtol=0
// No rows, no columns.
// RUN: attention-runner %s --function=blocks --input=0x23xf32 --threads=2 | FileCheck %s --check-prefix=EMPTY
// RUN: attention-runner %s --function=blocks --input=3x0xf32 --threads=2 | FileCheck %s --check-prefix=ZERO
// EMPTY: result[0]: 0xf32=
// ZERO: result[0]: 3xf32=0 0 0

// Scratch on each thread's stack, of more bytes in all than a stack has.
// RUN: attention-runner %s --function=scratch --input=5000x3xf32=2 --threads=7 --expected_output=5000xf32=8

// Loops with a reduction add up in their order.
// RUN: attention-runner %s --function=sum --input=1000xf32=random:5 --threads=1 --output=- > %t.sum1
// RUN: attention-runner %s --function=sum --input=1000xf32=random:5 --threads=7 --output=- > %t.sum7
// RUN: cmp %t.sum1 %t.sum7

// As many threads as asked for.
// RUN: attention-runner %s --function=count --threads=5 | FileCheck %s --check-prefix=COUNT
// COUNT: result[0]: i32=5

// RUN: env LD_DEBUG=files attention-runner %s --function=blocks --input=3x2xf32 --threads=2 2>&1 | FileCheck %s --check-prefix=LOADED
// RUN: env LD_DEBUG=files attention-runner %s --function=serial --input=3x2xf32 --threads=2 2>&1 | FileCheck %s --check-prefix=UNLOADED
// LOADED: libomp.so
// UNLOADED: calling init
// UNLOADED-NOT: libomp.so

// Faults of another thread than the first, then of all at once.
// RUN: not attention-runner %s --function=assert --input=i32=1 --threads=2 > %t.out 2>&1
// RUN: FileCheck %s --check-prefix=ASSERT --input-file=%t.out
// RUN: %python %S/Inputs/exit-code.py 2 attention-runner %s --function=assert --input=i32=1 --threads=2
// RUN: not attention-runner %s --function=assert --input=i32=0 --threads=7 > %t.out 2>&1
// RUN: FileCheck %s --check-prefix=ASSERT --input-file=%t.out
// ASSERT-NOT: {{.}}
// ASSERT: {{^}}attention-runner: error: an assertion failed in generated code: not this thread{{$}}
// ASSERT-NOT: {{.}}

// RUN: not attention-runner %s --function=divide --input=i32=1 --threads=2 > %t.out 2>&1
// RUN: FileCheck %s --check-prefix=DIVIDE --input-file=%t.out
// RUN: not attention-runner %s --function=divide --input=i32=0 --threads=7 > %t.out 2>&1
// RUN: FileCheck %s --check-prefix=DIVIDE --input-file=%t.out
// DIVIDE-NOT: {{.}}
// DIVIDE: {{^}}attention-runner: error: generated code divided an integer by zero{{$}}
// DIVIDE-NOT: {{.}}

// RUN: not attention-runner %s --pipeline=attention-to-llvm --guard_pages --function=overrun --input=i32=1 --input=4xf32=1 --threads=2 > %t.out 2>&1
// RUN: FileCheck %s --check-prefix=BEYOND --input-file=%t.out
// RUN: not attention-runner %s --pipeline=attention-to-llvm --guard_pages --function=overrun --input=i32=0 --input=4xf32=1 --threads=7 > %t.out 2>&1
// RUN: FileCheck %s --check-prefix=BEYOND --input-file=%t.out
// BEYOND-NOT: {{.}}
// BEYOND: {{^}}attention-runner: error: generated code touched memory outside its buffers: byte 16 of input[1], which has 16 bytes{{$}}
// BEYOND-NOT: {{.}}

// The stack of another thread than the first, then of all.
// RUN: not attention-runner %s --function=overflow --input=i32=1 --input=index=100000000 --threads=2 > %t.out 2>&1
// RUN: FileCheck %s --check-prefix=STACK --input-file=%t.out
// RUN: not attention-runner %s --function=overflow --input=i32=0 --input=index=100000000 --threads=7 > %t.out 2>&1
// RUN: FileCheck %s --check-prefix=STACK --input-file=%t.out
// STACK-NOT: {{.}}
// STACK: {{^}}attention-runner: error: generated code touched memory outside its buffers: address 0x{{[0-9a-f]+}}, near no buffer (a null or freed buffer, or a full stack;{{.*$}}
// STACK-NOT: {{.}}

func.func private @usleep(i32) -> i32
func.func private @omp_get_thread_num() -> i32
func.func private @omp_get_max_threads() -> i32

// Sums of rows, in blocks of up to 4 by a loop of two dimensions, with a buffer in
// the loop and a loop of an inner kind.
func.func @blocks(%a: tensor<?x?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %a, %c0 : tensor<?x?xf32>
  %m = tensor.dim %a, %c1 : tensor<?x?xf32>
  %empty = tensor.empty(%n) : tensor<?xf32>
  %r = scf.forall (%i, %u) = (0, 0) to (%n, 1) step (4, 1) shared_outs(%out = %empty) -> tensor<?xf32> {
    %left = arith.subi %n, %i : index
    %rows = arith.minsi %left, %c4 : index
    %slice = tensor.extract_slice %a[%i, 0] [%rows, %m] [1, 1] : tensor<?x?xf32> to tensor<?x?xf32>
    %e0 = tensor.empty(%rows, %m) : tensor<?x?xf32>
    %doubled = linalg.add ins(%slice, %slice : tensor<?x?xf32>, tensor<?x?xf32>) outs(%e0 : tensor<?x?xf32>) -> tensor<?x?xf32>
    %e1 = tensor.empty(%rows) : tensor<?xf32>
    %s0 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
    %sums = linalg.reduce {arith.addf} ins(%doubled : tensor<?x?xf32>) outs(%s0 : tensor<?xf32>) dimensions = [1]
    %e2 = tensor.empty(%rows) : tensor<?xf32>
    %copy = scf.forall (%j) in (%rows) shared_outs(%o = %e2) -> tensor<?xf32> {
      %one = tensor.extract_slice %sums[%j] [1] [1] : tensor<?xf32> to tensor<1xf32>
      scf.forall.in_parallel {
        tensor.parallel_insert_slice %one into %o[%j] [1] [1] : tensor<1xf32> into tensor<?xf32>
      }
    }
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %copy into %out[%i] [%rows] [1] : tensor<?xf32> into tensor<?xf32>
    }
  }
  return %r : tensor<?xf32>
}

func.func @serial(%a: tensor<?x?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %a, %c0 : tensor<?x?xf32>
  %m = tensor.dim %a, %c1 : tensor<?x?xf32>
  %e0 = tensor.empty(%n, %m) : tensor<?x?xf32>
  %doubled = linalg.add ins(%a, %a : tensor<?x?xf32>, tensor<?x?xf32>) outs(%e0 : tensor<?x?xf32>) -> tensor<?x?xf32>
  %e1 = tensor.empty(%n) : tensor<?xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?xf32>) -> tensor<?xf32>
  %sums = linalg.reduce {arith.addf} ins(%doubled : tensor<?x?xf32>) outs(%s0 : tensor<?xf32>) dimensions = [1]
  return %sums : tensor<?xf32>
}

func.func @scratch(%a: tensor<?x?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %a, %c0 : tensor<?x?xf32>
  %m = tensor.dim %a, %c1 : tensor<?x?xf32>
  %one = arith.constant 1.0 : f32
  %empty = tensor.empty(%n) : tensor<?xf32>
  %r = scf.forall (%i) in (%n) shared_outs(%out = %empty) -> tensor<?xf32> {
    %s = memref.alloca() : memref<16384xf32>
    %j = arith.remui %i, %m : index
    memref.store %one, %s[%c0] : memref<16384xf32>
    scf.for %k = %c0 to %m step %c1 {
      %x = tensor.extract %a[%i, %k] : tensor<?x?xf32>
      %y = memref.load %s[%k] : memref<16384xf32>
      %z = arith.mulf %x, %y : f32
      %k1 = arith.addi %k, %c1 : index
      memref.store %z, %s[%k1] : memref<16384xf32>
    }
    %z = memref.load %s[%m] : memref<16384xf32>
    %t = tensor.from_elements %z : tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %t into %out[%i] [1] [1] : tensor<1xf32> into tensor<?xf32>
    }
  }
  return %r : tensor<?xf32>
}

func.func @sum(%a: tensor<?xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %a, %c0 : tensor<?xf32>
  %r = scf.parallel (%i) = (%c0) to (%n) step (%c1) init (%zero) -> f32 {
    %x = tensor.extract %a[%i] : tensor<?xf32>
    scf.reduce (%x : f32) {
    ^bb0(%l: f32, %s: f32):
      %t = arith.addf %l, %s : f32
      scf.reduce.return %t : f32
    }
  }
  return %r : f32
}

func.func @count() -> i32 {
  %m = memref.alloca() : memref<1xi32>
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (1) {
    %n = func.call @omp_get_max_threads() : () -> i32
    memref.store %n, %m[%c0] : memref<1xi32>
  }
  %r = memref.load %m[%c0] : memref<1xi32>
  return %r : i32
}

// Threads from %first on fail; those before wait for them.
func.func @assert(%first: i32) {
  %time = arith.constant 2000 : i32
  scf.forall (%i) in (500) {
    %thread = func.call @omp_get_thread_num() : () -> i32
    %fine = arith.cmpi slt, %thread, %first : i32
    scf.if %fine {
      func.call @usleep(%time) : (i32) -> i32
    }
    cf.assert %fine, "not this thread"
  }
  return
}

func.func @divide(%first: i32) -> tensor<500xi32> {
  %time = arith.constant 2000 : i32
  %empty = tensor.empty() : tensor<500xi32>
  %r = scf.forall (%i) in (500) shared_outs(%out = %empty) -> tensor<500xi32> {
    %thread = func.call @omp_get_thread_num() : () -> i32
    %fine = arith.cmpi slt, %thread, %first : i32
    scf.if %fine {
      func.call @usleep(%time) : (i32) -> i32
    }
    %others = arith.subi %first, %thread : i32
    // 0 in all threads if %first is: the first may come too late to take part.
    %divisor = arith.muli %first, %others : i32
    %q = arith.divsi %time, %divisor : i32
    %t = tensor.from_elements %q : tensor<1xi32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %t into %out[%i] [1] [1] : tensor<1xi32> into tensor<500xi32>
    }
  }
  return %r : tensor<500xi32>
}

// Meanwhile all threads allocate.
func.func @overrun(%first: i32, %a: tensor<4xf32>) -> tensor<500xf32> {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %time = arith.constant 2000 : i32
  %empty = tensor.empty() : tensor<500xf32>
  %r = scf.forall (%i) in (500) shared_outs(%out = %empty) -> tensor<500xf32> {
    %thread = func.call @omp_get_thread_num() : () -> i32
    %fine = arith.cmpi slt, %thread, %first : i32
    scf.if %fine {
      func.call @usleep(%time) : (i32) -> i32
    }
    %b = memref.alloc() : memref<4xf32>
    %k = arith.select %fine, %c0, %c4 : index
    %x = tensor.extract %a[%k] : tensor<4xf32>
    memref.store %x, %b[%c0] : memref<4xf32>
    %y = memref.load %b[%c0] : memref<4xf32>
    %t = tensor.from_elements %y : tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %t into %out[%i] [1] [1] : tensor<1xf32> into tensor<500xf32>
    }
  }
  return %r : tensor<500xf32>
}

// Touches the pages of what it allocates on the stack one by one.
func.func @overflow(%first: i32, %n: index) -> tensor<500xf32>
    attributes {passthrough = [["probe-stack", "inline-asm"]]} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = arith.constant 1.0 : f32
  %time = arith.constant 2000 : i32
  %empty = tensor.empty() : tensor<500xf32>
  %r = scf.forall (%i) in (500) shared_outs(%out = %empty) -> tensor<500xf32> {
    %thread = func.call @omp_get_thread_num() : () -> i32
    %fine = arith.cmpi slt, %thread, %first : i32
    scf.if %fine {
      func.call @usleep(%time) : (i32) -> i32
    }
    %size = arith.select %fine, %c1, %n : index
    %s = memref.alloca(%size) : memref<?xf32>
    %last = arith.subi %size, %c1 : index
    memref.store %x, %s[%last] : memref<?xf32>
    %y = memref.load %s[%c0] : memref<?xf32>
    %t = tensor.from_elements %y : tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %t into %out[%i] [1] [1] : tensor<1xf32> into tensor<500xf32>
    }
  }
  return %r : tensor<500xf32>
}
