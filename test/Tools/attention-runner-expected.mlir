// Expected results: |a - b| <= atol + rtol |b|, NaN equal to NaN; exit code 1,
// the worst element, its place and both values if one is not as good.

// RUN: attention-runner %s --function=f --input=2x2xf32=1,2,nan,inf --expected_output=2x2xf32=1,2,nan,inf | FileCheck %s --check-prefix=GOOD
// GOOD: [SUCCESS] all results are as expected

// The reference may be of another float type; one that is ignored is not read.
// RUN: attention-runner %s --function=f --input=2x2xf32=1 --expected_output=2x2xf64=1.000019
// RUN: attention-runner %s --function=f --input=2x2xf32=1 --expected_output='(ignored)'
// RUN: attention-runner %s --function=f --input=2x2xf32=100 --expected_output=2x2xf32=101 --expected_atol=0 --expected_rtol=0.01
// RUN: attention-runner %s --function=f --input=0x2xf32=1 --expected_output=0x2xf32=1

// RUN: not attention-runner %s --function=f --input=2x2xf32=1,2,3,4 --expected_output=2x2xf32=1,2.5,3,5 --expected_atol=0.25 --expected_rtol=0.01 2>&1 | FileCheck %s --check-prefix=WORST
// WORST: {{^}}attention-runner: result 0 differs from the expected one in 2 of 4 elements, worst at [1,1]: 4 for 5 (1 apart, 0.3 allowed)
// WORST-NOT: SUCCESS
// RUN: not attention-runner %s --function=f --input=1x2xf32=1,inf --expected_output=1x2xf32=5,7 2>&1 | FileCheck %s --check-prefix=INF
// INF: worst at [0,1]: inf for 7 (inf apart
// RUN: not attention-runner %s --function=f --input=1x2xf32=nan,1 --expected_output=1x2xf32=0,nan --expected_atol=inf 2>&1 | FileCheck %s --check-prefix=NAN
// NAN: in 2 of 2 elements, worst at [0,0]: nan for 0
// RUN: not attention-runner %s --function=f --input=1x2xf32=1 --expected_output=2xf32=1 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: {{^}}attention-runner: result 0 is of type 1x2xf32, but the expected one is 2xf32
// RUN: not attention-runner %s --function=f --input=1x2xf32=1 --expected_output=1x2xi32=1 2>&1 | FileCheck %s --check-prefix=KIND
// KIND: {{^}}attention-runner: result 0 is of type 1x2xf32, but the expected one is 1x2xi32

// Integers are equal or not.
// RUN: attention-runner %s --function=i --input=2xi64=1,9007199254740993 --expected_output=2xi64=1,9007199254740993
// RUN: not attention-runner %s --function=i --input=2xi64=1,9007199254740993 --expected_output=2xi64=1,9007199254740992 2>&1 | FileCheck %s --check-prefix=INTEGER
// INTEGER: in 1 of 2 elements, worst at [1]: 9007199254740993 for 9007199254740992

// The exit codes are 1 for a difference, 2 for what cannot be run.
// RUN: %python %S/Inputs/exit-code.py 1 attention-runner %s --function=f --input=1x2xf32=1 --expected_output=1x2xf32=2
// RUN: %python %S/Inputs/exit-code.py 2 attention-runner %s --function=f --input=1x2xf32=1 --expected_output=@%t.none.npy
// RUN: %python %S/Inputs/exit-code.py 0 attention-runner %s --function=f --input=1x2xf32=1 --expected_output=1x2xf32=1
// RUN: %python %S/Inputs/exit-code.py 2 attention-runner %s --nonsense

func.func @f(%a: tensor<?x?xf32>) -> tensor<?x?xf32> {
  return %a : tensor<?x?xf32>
}

func.func @i(%a: tensor<?xi64>) -> tensor<?xi64> {
  return %a : tensor<?xi64>
}
