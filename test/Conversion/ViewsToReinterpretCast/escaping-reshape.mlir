// A reshape that leaves its function, compiled and run.
// RUN: attention-runner %s --function=escapes --guard_pages --input=6x2xf32=0,1,2,3,4,5,6,7,8,9,10,11 --input=index=3 --input=index=2 --expected_output=3x2x2xf32=0,1,2,3,4,5,6,7,8,9,10,11

func.func @escapes(%x: tensor<?x2xf32>, %a: index, %b: index) -> tensor<?x?x2xf32> {
  %r = tensor.expand_shape %x [[0, 1], [2]] output_shape [%a, %b, 2] : tensor<?x2xf32> into tensor<?x?x2xf32>
  return %r : tensor<?x?x2xf32>
}
