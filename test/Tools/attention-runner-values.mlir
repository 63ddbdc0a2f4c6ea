// Inline inputs of every element type, and how results are printed.

// RUN: attention-runner %s --function=matrix --input=2x3xf32=1,2,3,4,5,6 | FileCheck %s --check-prefix=MATRIX
// RUN: attention-runner %s --function=matrix --input='2x3xf32=[1 2 3][4 5 6]' | FileCheck %s --check-prefix=MATRIX
// RUN: attention-runner %s --function=matrix --input=2x3xf32=1,2,3,4,5,6 --output=- --output=- | FileCheck %s --check-prefix=MATRIX
// MATRIX: result[0]: 2x3xf32=[2 4 6][8 10 12]
// MATRIX-NEXT: result[1]: 2x3xf32=[2 4 6][8 10 12]
// MATRIX-NOT: result

// A result may be dropped, and fewer destinations given than there are results.
// RUN: attention-runner %s --function=matrix --input=1x2xf32=1 --output= --output=- | FileCheck %s --check-prefix=SECOND
// RUN: attention-runner %s --function=matrix --input=1x2xf32=1 --output=- | FileCheck %s --check-prefix=FIRST
// SECOND-NOT: result[0]
// SECOND: result[1]: 1x2xf32=[2 2]
// FIRST: result[0]: 1x2xf32=[2 2]
// FIRST-NOT: result[1]

// RUN: attention-runner %s --function=matrix --input=2x600xf32=1 | FileCheck %s --check-prefix=LONG
// RUN: attention-runner %s --function=matrix --input=2x3xf32=1 --output_max_element_count=4 | FileCheck %s --check-prefix=ELIDED
// LONG: result[0]: 2x600xf32=[2 2 {{.*}} ... (176 more elements)
// ELIDED: result[0]: 2x3xf32=[2 2 2][2 ... (2 more elements)

// No elements, given or come back.
// RUN: attention-runner %s --function=matrix --input=0x3xf32= | FileCheck %s --check-prefix=EMPTY
// RUN: attention-runner %s --function=matrix --input=0x3xf32=7 | FileCheck %s --check-prefix=EMPTY
// EMPTY: result[0]: 0x3xf32={{$}}

// Zeros where no value is given; the same random numbers on every machine.
// RUN: attention-runner %s --function=matrix --input=1x2xf32 | FileCheck %s --check-prefix=ZERO
// RUN: attention-runner %s --function=matrix --input=1x4xf32=random:42 | FileCheck %s --check-prefix=RANDOM
// ZERO: result[0]: 1x2xf32=[0 0]
// RANDOM: result[0]: 1x4xf32=[0.8294{{[0-9]*}} -1.7837{{[0-9]*}} 3.459{{[0-9]*}} 1.0912{{[0-9]*}}]

// RUN: attention-runner %s --function=scalars --input=i1=true --input=i8=-128 --input=i32=4294967295 --input=i64=9223372036854775807 --input=index=7 --input=f16=65504 --input=bf16=3.14 --input=f32=-inf --input=f64=0.1 | FileCheck %s --check-prefix=SCALARS
// SCALARS: result[0]: i1=1
// SCALARS-NEXT: result[1]: i8=-128
// SCALARS-NEXT: result[2]: i32=-1
// SCALARS-NEXT: result[3]: i64=9223372036854775807
// SCALARS-NEXT: result[4]: index=7
// SCALARS-NEXT: result[5]: f16=65504
// SCALARS-NEXT: result[6]: bf16=3.140625
// SCALARS-NEXT: result[7]: f32=-inf
// SCALARS-NEXT: result[8]: f64=0.1

// RUN: attention-runner %s --function=tensors --input=2xi1=1,0 --input=2xi8=255,-1 --input=2xi32=1,-2 --input=2xi64=3,4 --input=2xindex=5,6 --input=2xf16=0.5,nan --input=2xbf16=1,2 --input=2xf64=1e300,-0 | FileCheck %s --check-prefix=TENSORS
// TENSORS: result[0]: 2xi1=1 0
// TENSORS-NEXT: result[1]: 2xi8=-1 -1
// TENSORS-NEXT: result[2]: 2xi32=1 -2
// TENSORS-NEXT: result[3]: 2xi64=3 4
// TENSORS-NEXT: result[4]: 2xindex=5 6
// TENSORS-NEXT: result[5]: 2xf16=0.5 nan
// TENSORS-NEXT: result[6]: 2xbf16=1 2
// TENSORS-NEXT: result[7]: 2xf64=1e+300 -0

// A tensor of rank 0, and nested brackets.
// RUN: attention-runner %s --function=rank0 --input=f32=2.5 | FileCheck %s --check-prefix=RANK0
// RANK0: result[0]: f32=2.5
// RUN: attention-runner %s --function=constant | FileCheck %s --check-prefix=CONSTANT
// CONSTANT: result[0]: 2x2x2xf32={{\[\[}}1 2][3 4]]{{\[\[}}5 6][7 8]]

func.func @matrix(%a: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %r = linalg.add ins(%a, %a : tensor<?x?xf32>, tensor<?x?xf32>) outs(%a : tensor<?x?xf32>) -> tensor<?x?xf32>
  // One buffer comes back twice.
  return %r, %r : tensor<?x?xf32>, tensor<?x?xf32>
}

func.func @scalars(%a: i1, %b: i8, %c: i32, %d: i64, %e: index, %f: f16, %g: bf16, %h: f32, %i: f64)
    -> (i1, i8, i32, i64, index, f16, bf16, f32, f64) {
  return %a, %b, %c, %d, %e, %f, %g, %h, %i : i1, i8, i32, i64, index, f16, bf16, f32, f64
}

func.func @tensors(%a: tensor<?xi1>, %b: tensor<2xi8>, %c: tensor<2xi32>, %d: tensor<2xi64>, %e: tensor<2xindex>, %f: tensor<2xf16>, %g: tensor<2xbf16>, %h: tensor<2xf64>)
    -> (tensor<?xi1>, tensor<2xi8>, tensor<2xi32>, tensor<2xi64>, tensor<2xindex>, tensor<2xf16>, tensor<2xbf16>, tensor<2xf64>) {
  return %a, %b, %c, %d, %e, %f, %g, %h : tensor<?xi1>, tensor<2xi8>, tensor<2xi32>, tensor<2xi64>, tensor<2xindex>, tensor<2xf16>, tensor<2xbf16>, tensor<2xf64>
}

func.func @rank0(%a: tensor<f32>) -> tensor<f32> {
  return %a : tensor<f32>
}

func.func @constant() -> tensor<2x2x2xf32> {
  %c = arith.constant dense<[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]> : tensor<2x2x2xf32>
  return %c : tensor<2x2x2xf32>
}
