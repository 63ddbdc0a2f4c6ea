// Attention inside loops, branches, parallel loops and functions that are called
// several times computes on both pipelines the same.
// DEFINE: %{exact} = attention-runner %s --guard_pages --pipeline='attention-to-llvm{exact=true}' --function
// DEFINE: %{fast} = attention-runner %s --guard_pages --expected_atol=3e-6 --expected_rtol=3e-6 --pipeline=attention-to-llvm --function
// DEFINE: %{checked} = attention-runner %s --expected_atol=3e-6 --expected_rtol=3e-6 --function
// DEFINE: %{qkv} = --input=70x8xf32=random:1 --input=90x8xf32=random:2 --input=90x5xf32=random:3

#causal = affine_set<(i, j) : (i - j + 20 >= 0)>
#heads = affine_set<(h, i, j)[n] : (n - 1 - j >= 0)>

func.func private @attend(%q: tensor<?x8xf32>, %k: tensor<?x8xf32>, %v: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %s = attention.dot_score %q, %k scaled : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x?xf32>
  %m = attention.mask_scores %s sets(#causal) : tensor<?x?xf32>
  %w = attention.softmax %m : tensor<?x?xf32>
  %o = attention.context %w, %v : tensor<?x?xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
  return %o : tensor<?x?xf32>
}

// Called several times, on what it gave before too.
// RUN: %{exact}=calls %{qkv} --output=@%t.npy
// RUN: %{fast}=calls %{qkv} --expected_output=@%t.npy
// RUN: %{checked}=calls %{qkv} --expected_output=@%t.npy
func.func @calls(%q: tensor<?x8xf32>, %k: tensor<?x8xf32>, %v: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %a = call @attend(%q, %k, %v) : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %b = call @attend(%k, %q, %a) : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %c = call @attend(%q, %k, %b) : (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %r = arith.addf %a, %c : tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

// A loop whose iterations attend to what the last one gave.
// RUN: %{exact}=layers --input=70x8xf32=random:1 --input=index=2 --output=@%t.npy
// RUN: %{fast}=layers --input=70x8xf32=random:1 --input=index=2 --expected_output=@%t.npy
// RUN: %{checked}=layers --input=70x8xf32=random:1 --input=index=2 --expected_output=@%t.npy
func.func @layers(%x: tensor<70x8xf32>, %n: index) -> tensor<70x8xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r = scf.for %layer = %zero to %n step %one iter_args(%h = %x) -> tensor<70x8xf32> {
    %s = attention.dot_score %h, %h scaled : tensor<70x8xf32>, tensor<70x8xf32> -> tensor<70x70xf32>
    %w = attention.softmax %s : tensor<70x70xf32>
    %o = attention.context %w, %h : tensor<70x70xf32>, tensor<70x8xf32> -> tensor<70x8xf32>
    %sum = arith.addf %o, %h : tensor<70x8xf32>
    scf.yield %sum : tensor<70x8xf32>
  }
  return %r : tensor<70x8xf32>
}

// Small enough for its blocks to be no loops, a hundred thousand times: stacks do not grow.
// RUN: %{exact}=many --input=3x8xf32=random:1 --input=index=20 --output=@%t.npy
// RUN: %{fast}=many --input=3x8xf32=random:1 --input=index=20 --expected_output=@%t.npy
// RUN: %{fast}=many --input=3x8xf32=random:1 --input=index=100000
func.func @many(%x: tensor<3x8xf32>, %n: index) -> tensor<3x8xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r = scf.for %layer = %zero to %n step %one iter_args(%h = %x) -> tensor<3x8xf32> {
    %s = attention.dot_score %h, %x : tensor<3x8xf32>, tensor<3x8xf32> -> tensor<3x3xf32>
    %w = attention.softmax %s : tensor<3x3xf32>
    %o = attention.context %w, %x : tensor<3x3xf32>, tensor<3x8xf32> -> tensor<3x8xf32>
    scf.yield %o : tensor<3x8xf32>
  }
  return %r : tensor<3x8xf32>
}

// One branch attends, the other to fewer keys.
// RUN: %{exact}=branches %{qkv} --input=i1=1 --output=@%t1.npy
// RUN: %{fast}=branches %{qkv} --input=i1=1 --expected_output=@%t1.npy
// RUN: %{exact}=branches %{qkv} --input=i1=0 --output=@%t0.npy
// RUN: %{fast}=branches %{qkv} --input=i1=0 --expected_output=@%t0.npy
func.func @branches(%q: tensor<?x8xf32>, %k: tensor<?x8xf32>, %v: tensor<?x?xf32>, %all: i1) -> tensor<?x?xf32> {
  %r = scf.if %all -> tensor<?x?xf32> {
    %s = attention.dot_score %q, %k scaled : tensor<?x8xf32>, tensor<?x8xf32> -> tensor<?x?xf32>
    %w = attention.softmax %s : tensor<?x?xf32>
    %o = attention.context %w, %v : tensor<?x?xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
    scf.yield %o : tensor<?x?xf32>
  } else {
    %zero = arith.constant 0 : index
    %columns = tensor.dim %v, %zero : tensor<?x?xf32>
    %one = arith.constant 1 : index
    %features = tensor.dim %v, %one : tensor<?x?xf32>
    %few = tensor.extract_slice %k[3, 0] [33, 8] [2, 1] : tensor<?x8xf32> to tensor<33x8xf32>
    %values = tensor.extract_slice %v[0, 0] [33, %features] [1, 1] : tensor<?x?xf32> to tensor<33x?xf32>
    %s = attention.dot_score %q, %few scaled : tensor<?x8xf32>, tensor<33x8xf32> -> tensor<?x33xf32>
    %w = attention.softmax %s : tensor<?x33xf32>
    %o = attention.context %w, %values : tensor<?x33xf32>, tensor<33x?xf32> -> tensor<?x?xf32>
    scf.yield %o : tensor<?x?xf32>
  }
  return %r : tensor<?x?xf32>
}

// Until a condition holds.
// RUN: %{exact}=until --input=70x8xf32=random:1 --output=@%t.npy
// RUN: %{fast}=until --input=70x8xf32=random:1 --expected_output=@%t.npy
func.func @until(%x: tensor<70x8xf32>) -> tensor<70x8xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %three = arith.constant 3 : index
  %r:2 = scf.while (%h = %x, %n = %zero) : (tensor<70x8xf32>, index) -> (tensor<70x8xf32>, index) {
    %s = attention.dot_score %h, %x scaled : tensor<70x8xf32>, tensor<70x8xf32> -> tensor<70x70xf32>
    %w = attention.softmax %s : tensor<70x70xf32>
    %o = attention.context %w, %x : tensor<70x70xf32>, tensor<70x8xf32> -> tensor<70x8xf32>
    %goes = arith.cmpi slt, %n, %three : index
    scf.condition(%goes) %o, %n : tensor<70x8xf32>, index
  } do {
  ^bb0(%h: tensor<70x8xf32>, %n: index):
    %next = arith.addi %n, %one : index
    scf.yield %h, %next : tensor<70x8xf32>, index
  }
  return %r#0 : tensor<70x8xf32>
}

// A parallel loop of the user's around it: the inner one is sequential, and its
// scratch is one frame's.
// RUN: %{exact}=heads --input=1000x66x4xf32=random:1 --threads=2 --output=@%t.npy
// RUN: %{fast}=heads --input=1000x66x4xf32=random:1 --threads=2 --expected_output=@%t.npy
func.func @heads(%x: tensor<1000x66x4xf32>) -> tensor<1000x4xf32> {
  %empty = tensor.empty() : tensor<1000x4xf32>
  %r = scf.forall (%b) in (2) shared_outs(%out = %empty) -> tensor<1000x4xf32> {
    %offset = affine.apply affine_map<(b) -> (500 * b)>(%b)
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %end = arith.constant 500 : index
    %init = tensor.extract_slice %out[%offset, 0] [500, 4] [1, 1] : tensor<1000x4xf32> to tensor<500x4xf32>
    %part = scf.for %n = %zero to %end step %one iter_args(%acc = %init) -> tensor<500x4xf32> {
      %at = arith.addi %offset, %n : index
      %h = tensor.extract_slice %x[%at, 0, 0] [1, 66, 4] [1, 1, 1] : tensor<1000x66x4xf32> to tensor<66x4xf32>
      %s = attention.dot_score %h, %h scaled : tensor<66x4xf32>, tensor<66x4xf32> -> tensor<66x66xf32>
      %w = attention.softmax %s : tensor<66x66xf32>
      %o = attention.context %w, %h : tensor<66x66xf32>, tensor<66x4xf32> -> tensor<66x4xf32>
      %last = tensor.extract_slice %o[65, 0] [1, 4] [1, 1] : tensor<66x4xf32> to tensor<1x4xf32>
      %next = tensor.insert_slice %last into %acc[%n, 0] [1, 4] [1, 1] : tensor<1x4xf32> into tensor<500x4xf32>
      scf.yield %next : tensor<500x4xf32>
    }
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %part into %out[%offset, 0] [500, 4] [1, 1] : tensor<500x4xf32> into tensor<1000x4xf32>
    }
  }
  return %r : tensor<1000x4xf32>
}
