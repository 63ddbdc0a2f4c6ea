// Wide heads, static and dynamic, in f64: scratch that would not fit threads' stacks
// is not put on them.
// DEFINE: %{exact} = attention-runner %s --guard_pages --pipeline='attention-to-llvm{exact=true}' --function
// DEFINE: %{fast} = env OMP_STACKSIZE=1M attention-runner %s --guard_pages --threads=2 --expected_atol=1e-12 --pipeline=attention-to-llvm --function

// RUN: %{exact}=wide --input=130x4096xf64=random:1 --input=66x4096xf64=random:2 --input=66x300xf64=random:3 --output=@%t.npy
// RUN: %{fast}=wide --input=130x4096xf64=random:1 --input=66x4096xf64=random:2 --input=66x300xf64=random:3 --expected_output=@%t.npy
func.func @wide(%q: tensor<130x4096xf64>, %k: tensor<66x4096xf64>, %v: tensor<66x300xf64>) -> tensor<130x300xf64> {
  %s = attention.dot_score %q, %k scaled : tensor<130x4096xf64>, tensor<66x4096xf64> -> tensor<130x66xf64>
  %w = attention.softmax %s : tensor<130x66xf64>
  %o = attention.context %w, %v : tensor<130x66xf64>, tensor<66x300xf64> -> tensor<130x300xf64>
  return %o : tensor<130x300xf64>
}

// RUN: %{fast}=wide_dynamic --input=130x4096xf64=random:1 --input=66x4096xf64=random:2 --input=66x300xf64=random:3 --expected_output=@%t.npy
func.func @wide_dynamic(%q: tensor<?x?xf64>, %k: tensor<?x?xf64>, %v: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %s = attention.dot_score %q, %k scaled : tensor<?x?xf64>, tensor<?x?xf64> -> tensor<?x?xf64>
  %w = attention.softmax %s : tensor<?x?xf64>
  %o = attention.context %w, %v : tensor<?x?xf64>, tensor<?x?xf64> -> tensor<?x?xf64>
  return %o : tensor<?x?xf64>
}

// Each head's scratch fits, that of all together would not: frames are budgeted.
// RUN: %{exact}=several --input=66x256xf64=random:1 --output=@%t.npy
// RUN: %{fast}=several --input=66x256xf64=random:1 --expected_output=@%t.npy
func.func @several(%x: tensor<66x256xf64>) -> tensor<66x256xf64> {
  %s0 = attention.dot_score %x, %x scaled : tensor<66x256xf64>, tensor<66x256xf64> -> tensor<66x66xf64>
  %w0 = attention.softmax %s0 : tensor<66x66xf64>
  %h0 = attention.context %w0, %x : tensor<66x66xf64>, tensor<66x256xf64> -> tensor<66x256xf64>
  %s1 = attention.dot_score %h0, %x scaled : tensor<66x256xf64>, tensor<66x256xf64> -> tensor<66x66xf64>
  %w1 = attention.softmax %s1 : tensor<66x66xf64>
  %h1 = attention.context %w1, %x : tensor<66x66xf64>, tensor<66x256xf64> -> tensor<66x256xf64>
  %s2 = attention.dot_score %h1, %x scaled : tensor<66x256xf64>, tensor<66x256xf64> -> tensor<66x66xf64>
  %w2 = attention.softmax %s2 : tensor<66x66xf64>
  %h2 = attention.context %w2, %h0 : tensor<66x66xf64>, tensor<66x256xf64> -> tensor<66x256xf64>
  %sum = arith.addf %h1, %h2 : tensor<66x256xf64>
  return %sum : tensor<66x256xf64>
}
