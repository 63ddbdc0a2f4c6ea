// Contexts become attention.fused: every score, change, normaliser operand and
// shape; what is read from memory, and what is not fused, says why.
// RUN: attention-test-opt %s -attention-fuse -split-input-file -verify-roundtrip | FileCheck %s
// RUN: attention-test-opt %s -attention-fuse -split-input-file --remarks-filter='attention.*' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: attention-test-opt %s -attention-fuse -split-input-file -o %t.once
// RUN: attention-test-opt %s -attention-fuse -attention-fuse -split-input-file | diff %t.once -

// The product needs no combine region, wherever the scale comes from.
// CHECK-DAG: #[[$Q:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3) -> (d0, d2)>
// CHECK-DAG: #[[$K:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3) -> (d1, d2)>
// CHECK-DAG: #[[$V:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3) -> (d1, d3)>
// CHECK-DAG: #[[$O:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
// CHECK-LABEL: func @scaled_dot
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<4x16xf32>, %[[K:[a-z0-9_]+]]: tensor<6x16xf16>, %[[V:[a-z0-9_]+]]: tensor<6x8xbf16>)
func.func @scaled_dot(%q: tensor<4x16xf32>, %k: tensor<6x16xf16>, %v: tensor<6x8xbf16>) -> tensor<4x8xf16> {
  // CHECK-DAG: %[[C:[a-z0-9_]+]] = arith.constant 2.500000e-01 : f32
  // CHECK-DAG: %[[E:[a-z0-9_]+]] = tensor.empty() : tensor<4x8xf16>
  // CHECK: %[[R:[a-z0-9_]+]] = attention.fused query(%[[Q]] : tensor<4x16xf32> by #[[$Q]])
  // CHECK-SAME: key(%[[K]] : tensor<6x16xf16> by #[[$K]]) value(%[[V]] : tensor<6x8xbf16> by #[[$V]])
  // CHECK-NOT: combine
  // CHECK-SAME: scale(%[[C]] : f32) normaliser(#attention.softmax) outs(%[[E]] : tensor<4x8xf16> by [#[[$O]]])
  // CHECK-NEXT: return %[[R]]
  // CHECK-NOT: attention.
  // REMARK: remark: [Passed] Fused | Category:attention-fuse | Remark="fused 'attention.dot_score' with 0 changes"
  %s = attention.dot_score %q, %k scaled : tensor<4x16xf32>, tensor<6x16xf16> -> tensor<4x6xf32>
  %w = attention.softmax %s : tensor<4x6xf32>
  %o = attention.context %w, %v : tensor<4x6xf32>, tensor<6x8xbf16> -> tensor<4x8xf16>
  return %o : tensor<4x8xf16>
}

// -----

// CHECK-LABEL: func @bilinear
func.func @bilinear(%q: tensor<4x8xf32>, %k: tensor<6x3xf32>, %w: tensor<8x3xf32>, %v: tensor<6x5xf32>) -> tensor<4x5xf32> {
  // CHECK: %[[P:[a-z0-9_]+]] = linalg.matmul
  // CHECK: attention.fused query(%[[P]] : tensor<4x3xf32> by #{{.*}}) key(%{{.*}} : tensor<6x3xf32> by #{{.*}}) value(
  // CHECK-NOT: combine
  // CHECK: return
  // REMARK: fused 'attention.bilinear_score' with 0 changes
  %s = attention.bilinear_score %q, %k, %w : tensor<4x8xf32>, tensor<6x3xf32>, tensor<8x3xf32> -> tensor<4x6xf32>
  %a = attention.softmax %s : tensor<4x6xf32>
  %o = attention.context %a, %v : tensor<4x6xf32>, tensor<6x5xf32> -> tensor<4x5xf32>
  return %o : tensor<4x5xf32>
}

// -----

// CHECK-LABEL: func @additive
// CHECK-SAME: %[[P:[a-z0-9_]+]]: tensor<3xf16>
func.func @additive(%p: tensor<3xf16>, %q: tensor<2x4x8xf32>, %k: tensor<2x6x5xf32>, %wq: tensor<3x8xf32>, %wk: tensor<3x5xf32>, %b: tensor<3xf32>, %v: tensor<2x6x5xf32>) -> tensor<2x4x5xf32> {
  // CHECK: attention.fused query(%{{.*}} : tensor<2x4x3xf32> by #{{.*}}) key(%{{.*}} : tensor<2x6x3xf32> by #{{.*}}) value(
  // CHECK-SAME: params(%[[P]] : tensor<3xf16>) combine (%[[X:[a-z0-9_]+]]: f32, %[[Y:[a-z0-9_]+]]: f32, %[[Z:[a-z0-9_]+]]: f32) {
  // CHECK-NEXT: %[[S:[a-z0-9_]+]] = arith.addf %[[X]], %[[Y]] : f32
  // CHECK-NEXT: %[[T:[a-z0-9_]+]] = math.tanh %[[S]] : f32
  // CHECK-NEXT: %[[U:[a-z0-9_]+]] = arith.mulf %[[Z]], %[[T]] : f32
  // CHECK-NEXT: attention.yield %[[U]] : f32
  // CHECK-NEXT: } normaliser
  %s = attention.additive_score %q, %k, %wq, %wk, %p bias(%b : tensor<3xf32>)
     : tensor<2x4x8xf32>, tensor<2x6x5xf32>, tensor<3x8xf32>, tensor<3x5xf32>, tensor<3xf16> -> tensor<2x4x6xf32>
  %a = attention.softmax %s : tensor<2x4x6xf32>
  %o = attention.context %a, %v : tensor<2x4x6xf32>, tensor<2x6x5xf32> -> tensor<2x4x5xf32>
  return %o : tensor<2x4x5xf32>
}

// -----

// A combine region that is the product, either way round, is a dot product; one
// that is not stays.
// CHECK-LABEL: func @general
// CHECK-SAME: %[[C:[a-z0-9_]+]]: f32
func.func @general(%c: f32, %q: tensor<4x8xf32>, %k: tensor<6x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  // CHECK: attention.fused
  // CHECK-NOT: combine
  // CHECK: attention.fused
  // CHECK-SAME: combine (%[[X:[a-z0-9_]+]]: f32, %{{.*}}: f32) {
  // CHECK-NEXT: arith.mulf %[[X]], %[[C]] : f32
  %s = attention.score %q, %k combine (%a: f32, %b: f32) {
    %m = arith.mulf %b, %a : f32
    attention.yield %m : f32
  } : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %w = attention.softmax %s : tensor<4x6xf32>
  %o = attention.context %w, %k : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  %t = attention.score %q, %k combine (%a: f32, %b: f32) {
    %m = arith.mulf %a, %c : f32
    attention.yield %m : f32
  } : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %x = attention.softmax %t : tensor<4x6xf32>
  %p = attention.context %x, %k : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  return %o, %p : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// A score function and a normaliser that the pass has never heard of.
// CHECK-LABEL: func @unknown
func.func @unknown(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[C:[a-z0-9_]+]] = arith.constant -5.000000e-01 : f32
  // CHECK: attention.fused
  // CHECK-SAME: combine (%[[X:[a-z0-9_]+]]: f32, %[[Y:[a-z0-9_]+]]: f32) {
  // CHECK-NEXT: %[[D:[a-z0-9_]+]] = arith.subf %[[X]], %[[Y]] : f32
  // CHECK-NEXT: math.absf %[[D]] : f32
  // CHECK: } scale(%[[C]] : f32) normaliser(#attention_test.sigmoid)
  // REMARK: fused 'attention_test.distance_score' with 0 changes
  %s = attention_test.distance_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %w = attention_test.sigmoid %s : tensor<4x6xf32>
  %o = attention.context %w, %k : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  return %o : tensor<4x8xf32>
}

// -----

// Changes are one list, in program order: of one op, its clauses in theirs.
#causal = affine_set<(h, i, j) : (i - j >= 0)>
#length = affine_set<(h, i, j)[n] : (n - 1 - j >= 0)>

// CHECK-DAG: #[[$IJ:[a-z0-9_]+]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[$B:[a-z0-9_]+]] = affine_map<(d0, d1, d2) -> (0, d1, d2)>
// CHECK-DAG: #[[$CAUSAL:[a-z0-9_]+]] = affine_set<(d0, d1, d2) : (d1 - d2 >= 0)>
// CHECK-DAG: #[[$LENGTH:[a-z0-9_]+]] = affine_set<(d0, d1, d2)[s0] : (-d2 + s0 - 1 >= 0)>
// CHECK-LABEL: func @changes
func.func @changes(%q: tensor<2x4x8xf32>, %k: tensor<2x6x8xf32>, %n: tensor<2xi32>, %m: index,
                   %keep: tensor<4x6xi1>, %bias: tensor<1x4x6xf16>, %id: tensor<6xi32>, %t: f32) -> tensor<2x4x8xf32> {
  // CHECK: attention.fused
  // CHECK-SAME: changes(modify
  // CHECK: arith.divf
  // CHECK: sets(#[[$CAUSAL]] or #[[$LENGTH]][%{{.*}} : tensor<2xi32>], #[[$LENGTH]][%{{.*}} : index])
  // CHECK-SAME: , keep(%{{.*}} : tensor<4x6xi1> by #[[$IJ]])
  // CHECK-SAME: where (
  // CHECK: tensor.extract
  // CHECK: bias(%{{.*}} : tensor<1x4x6xf16> by #[[$B]])
  // CHECK-SAME: modify (
  // CHECK: math.tanh
  // CHECK: sets(#[[$CAUSAL]])
  // REMARK: fused 'attention.dot_score' with 7 changes
  %s = attention.dot_score %q, %k : tensor<2x4x8xf32>, tensor<2x6x8xf32> -> tensor<2x4x6xf32>
  %s1 = attention.modify_scores %s (%x: f32, %h: index, %i: index, %j: index) {
    %y = arith.divf %x, %t : f32
    attention.yield %y : f32
  } : tensor<2x4x6xf32>
  %s2 = attention.mask_scores %s1
      sets(#causal or #length[%n : tensor<2xi32>], #length[%m : index])
      keep(%keep : tensor<4x6xi1> by affine_map<(h, i, j) -> (i, j)>)
      where (%h: index, %i: index, %j: index) {
        %a = tensor.extract %id[%i] : tensor<6xi32>
        %b = tensor.extract %id[%j] : tensor<6xi32>
        %same = arith.cmpi eq, %a, %b : i32
        attention.yield %same : i1
      }
      bias(%bias : tensor<1x4x6xf16>) : tensor<2x4x6xf32>
  %s3 = attention.modify_scores %s2 (%x: f32, %h: index, %i: index, %j: index) {
    %y = math.tanh %x : f32
    attention.yield %y : f32
  } : tensor<2x4x6xf32>
  %s4 = attention.mask_scores %s3 sets(#causal) : tensor<2x4x6xf32>
  %w = attention.softmax %s4 : tensor<2x4x6xf32>
  %o = attention.context %w, %k : tensor<2x4x6xf32>, tensor<2x6x8xf32> -> tensor<2x4x8xf32>
  return %o : tensor<2x4x8xf32>
}

// -----

// Sinks follow the trailing batch dimensions. The log-sum-exp may have users,
// also before the context.
// CHECK-DAG: #[[$LSE:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2)>
// CHECK-DAG: #[[$HEAD:[a-z0-9_]+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[$ZERO:[a-z0-9_]+]] = affine_map<(d0, d1) -> (d0, 0)>
// CHECK-LABEL: func @sinks_and_lse
func.func @sinks_and_lse(%q: tensor<2x8x4x3xf32>, %k: tensor<2x8x6x3xf32>, %a: tensor<8xf32>, %b: tensor<2x1xf32>)
    -> (tensor<2x8x4x3xf32>, tensor<2x8x4xf32>, tensor<2x8x4x3xf32>) {
  // CHECK: %[[R:[a-z0-9_]+]]:2 = attention.fused
  // CHECK-SAME: init(%{{.*}} : tensor<8xf32> by [#[[$HEAD]]])
  // CHECK-SAME: outs(%{{.*}}, %{{.*}} : tensor<2x8x4x3xf32>, tensor<2x8x4xf32> by [#{{.*}}, #[[$LSE]]]) lse
  // CHECK: math.exp %[[R]]#1
  // CHECK: attention.fused
  // CHECK-SAME: init(%{{.*}} : tensor<2x1xf32> by [#[[$ZERO]]])
  // CHECK-NOT: lse
  // CHECK: return
  %s = attention.dot_score %q, %k : tensor<2x8x4x3xf32>, tensor<2x8x6x3xf32> -> tensor<2x8x4x6xf32>
  %w, %lse = attention.softmax %s sinks(%a : tensor<8xf32>) : tensor<2x8x4x6xf32>, tensor<2x8x4xf32>
  %x = math.exp %lse : tensor<2x8x4xf32>
  %o = attention.context %w, %k : tensor<2x8x4x6xf32>, tensor<2x8x6x3xf32> -> tensor<2x8x4x3xf32>
  %t = attention.dot_score %q, %k : tensor<2x8x4x3xf32>, tensor<2x8x6x3xf32> -> tensor<2x8x4x6xf32>
  %y, %unused = attention.softmax %t sinks(%b : tensor<2x1xf32>) : tensor<2x8x4x6xf32>, tensor<2x8x4xf32>
  %p = attention.context %y, %k : tensor<2x8x4x6xf32>, tensor<2x8x6x3xf32> -> tensor<2x8x4x3xf32>
  return %o, %x, %p : tensor<2x8x4x3xf32>, tensor<2x8x4xf32>, tensor<2x8x4x3xf32>
}

// -----

// Keys and values of different numbers of heads; a batch of 1 is read for all.
// CHECK-DAG: #[[$K:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (0, d1 floordiv 4, d3, d4)>
// CHECK-DAG: #[[$V:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, 0, d3, d5)>
// CHECK-LABEL: func @grouped
func.func @grouped(%q: tensor<?x8x4x3xf32>, %k: tensor<1x2x6x3xf32>, %v: tensor<?x1x6x5xf32>) -> tensor<?x8x4x5xf32> {
  // CHECK: attention.fused
  // CHECK-SAME: key(%{{.*}} : tensor<1x2x6x3xf32> by #[[$K]]) value(%{{.*}} : tensor<?x1x6x5xf32> by #[[$V]])
  %s = attention.dot_score %q, %k : tensor<?x8x4x3xf32>, tensor<1x2x6x3xf32> -> tensor<?x8x4x6xf32>
  %w = attention.softmax %s : tensor<?x8x4x6xf32>
  %o = attention.context %w, %v : tensor<?x8x4x6xf32>, tensor<?x1x6x5xf32> -> tensor<?x8x4x5xf32>
  return %o : tensor<?x8x4x5xf32>
}

// -----

// Heads known at run time only are repeated, unless there are as many.
// CHECK-LABEL: func @dynamic_heads
// CHECK-SAME: (%[[Q:[a-z0-9_]+]]: tensor<?x?x3xf32>, %[[K:[a-z0-9_]+]]: tensor<?x?x3xf32>)
func.func @dynamic_heads(%q: tensor<?x?x3xf32>, %k: tensor<?x?x3xf32>) -> tensor<?x?x3xf32> {
  // CHECK: %[[SAME:[a-z0-9_]+]] = arith.cmpi eq
  // CHECK: %[[R:[a-z0-9_]+]] = scf.if %[[SAME]]
  // CHECK: scf.yield %[[K]] :
  // CHECK: linalg.generic
  // CHECK: %[[H:[a-z0-9_]+]] = tensor.dim %[[Q]], %c0
  // CHECK: %[[N:[a-z0-9_]+]] = tensor.dim %[[Q]], %c1
  // CHECK: %[[E:[a-z0-9_]+]] = tensor.empty(%[[H]], %[[N]]) : tensor<?x?x3xf32>
  // CHECK: attention.fused query(%[[Q]] : {{.*}}) key(%[[R]] : {{.*}}) value(%[[Q]] : {{.*}}) normaliser
  // CHECK-SAME: outs(%[[E]] :
  %s = attention.dot_score %q, %k : tensor<?x?x3xf32>, tensor<?x?x3xf32> -> tensor<?x?x?xf32>
  %w = attention.softmax %s : tensor<?x?x?xf32>
  %o = attention.context %w, %q : tensor<?x?x?xf32>, tensor<?x?x3xf32> -> tensor<?x?x3xf32>
  return %o : tensor<?x?x3xf32>
}

// -----

// What any of the types knows, all operands know; the context is as it was.
// CHECK-LABEL: func @refined
func.func @refined(%q: tensor<?x4x?xf32>, %k: tensor<?x?x?xf32>, %v: tensor<2x6x?xf32>) -> tensor<?x?x?xf32> {
  // CHECK: %[[R:[a-z0-9_]+]] = attention.fused
  // CHECK-SAME: query(%{{.*}} : tensor<8x4x3xf32> by {{.*}}) key(%{{.*}} : tensor<8x6x3xf32> by {{.*}}) value(%{{.*}} : tensor<2x6x?xf32> by
  // CHECK-SAME: outs(%{{.*}} : tensor<8x4x?xf32> by
  // CHECK: tensor.cast %[[R]] : tensor<8x4x?xf32> to tensor<?x?x?xf32>
  %k3 = tensor.cast %k : tensor<?x?x?xf32> to tensor<?x?x3xf32>
  %s = attention.dot_score %q, %k3 : tensor<?x4x?xf32>, tensor<?x?x3xf32> -> tensor<8x4x?xf32>
  %w = attention.softmax %s : tensor<8x4x?xf32>
  %o = attention.context %w, %v : tensor<8x4x?xf32>, tensor<2x6x?xf32> -> tensor<?x?x?xf32>
  return %o : tensor<?x?x?xf32>
}

// -----

// CHECK-LABEL: func @empty_extents
func.func @empty_extents(%q: tensor<0x4x0xf32>, %k: tensor<0x0x0xf32>, %v: tensor<0x0x5xf32>) -> tensor<0x4x5xf32> {
  // CHECK: %[[ZERO:[a-z0-9_]+]] = arith.constant 0.000000e+00 : f32
  // CHECK: attention.fused {{.*}} scale(%[[ZERO]] : f32)
  %s = attention.dot_score %q, %k scaled : tensor<0x4x0xf32>, tensor<0x0x0xf32> -> tensor<0x4x0xf32>
  %w = attention.softmax %s : tensor<0x4x0xf32>
  %o = attention.context %w, %v : tensor<0x4x0xf32>, tensor<0x0x5xf32> -> tensor<0x4x5xf32>
  return %o : tensor<0x4x5xf32>
}

// -----

// CHECK-LABEL: func @f64
func.func @f64(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x8xf64>) -> tensor<4x8xf32> {
  // CHECK: arith.constant 0.35{{.*}} : f64
  // CHECK: attention.fused {{.*}} scale(%{{.*}} : f64)
  %s = attention.dot_score %q, %k scaled : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf64>
  %w = attention.softmax %s : tensor<4x6xf64>
  %o = attention.context %w, %v : tensor<4x6xf64>, tensor<6x8xf64> -> tensor<4x8xf32>
  return %o : tensor<4x8xf32>
}

// -----

// Projections asked for in f64 are f64.
// CHECK-LABEL: func @f64_projection
func.func @f64_projection(%q: tensor<4x8xf32>, %k: tensor<6x3xf32>, %w: tensor<8x3xf32>) -> tensor<4x3xf32> {
  // CHECK: attention.fused query(%{{.*}} : tensor<4x3xf64> by
  %s = attention.bilinear_score %q, %k, %w : tensor<4x8xf32>, tensor<6x3xf32>, tensor<8x3xf32> -> tensor<4x6xf64>
  %a = attention.softmax %s : tensor<4x6xf64>
  %o = attention.context %a, %k : tensor<4x6xf64>, tensor<6x3xf32> -> tensor<4x3xf32>
  return %o : tensor<4x3xf32>
}

// -----

// Scores of a type that attention.fused would not compute are read from memory:
// a bias of scores of 0.
// CHECK-DAG: #[[$QUERY:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3) -> (d0, d2)>
// CHECK-DAG: #[[$KEY:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3) -> (d1, d2)>
// CHECK-DAG: #[[$VALUE:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3) -> (d1, d3)>
// CHECK-DAG: #[[$PAIR:[a-z0-9_]+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func @f64_asked_for
// CHECK-SAME: %[[Q:[a-z0-9]+]]: tensor<4x8xf32>, %[[K:[a-z0-9]+]]: tensor<6x8xf32>
func.func @f64_asked_for(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) -> tensor<4x8xf32> {
  // CHECK-NEXT: %[[S:.*]] = attention.dot_score %[[Q]], %[[K]] scaled
  // CHECK: %[[ZQ:.*]] = linalg.fill {{.*}} -> tensor<4x1xf64>
  // CHECK: %[[ZK:.*]] = linalg.fill {{.*}} -> tensor<6x1xf64>
  // CHECK: %[[R:.*]] = attention.fused query(%[[ZQ]] : tensor<4x1xf64> by #[[$QUERY]])
  // CHECK-SAME: key(%[[ZK]] : tensor<6x1xf64> by #[[$KEY]])
  // CHECK-SAME: value(%[[K]] : tensor<6x8xf32> by #[[$VALUE]])
  // CHECK-SAME: changes(bias(%[[S]] : tensor<4x6xf64> by #[[$PAIR]])) normaliser(#attention.softmax)
  // CHECK-NEXT: return %[[R]]
  // REMARK: remark: [Missed] Memory | Category:attention-fuse | Remark="scores are read from memory: they are f64, which neither queries nor keys nor values are"
  // REMARK: remark: [Passed] Fused | Category:attention-fuse | Remark="fused scores in memory with 0 changes"
  %s = attention.dot_score %q, %k scaled : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf64>
  %w = attention.softmax %s : tensor<4x6xf64>
  %o = attention.context %w, %k : tensor<4x6xf64>, tensor<6x8xf32> -> tensor<4x8xf32>
  return %o : tensor<4x8xf32>
}

// -----

// Weights that others use, also before the context, are a result.
// CHECK-DAG: #[[$WEIGHTS:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
// CHECK-LABEL: func @weights_used
func.func @weights_used(%q: tensor<4x8xf32>, %k: tensor<?x8xf32>)
    -> (tensor<4x8xf32>, tensor<4x?xf32>, tensor<4xf32>) {
  // CHECK: %[[N:.*]] = tensor.dim %{{.*}}, %{{.*}} : tensor<?x8xf32>
  // CHECK: %[[W:.*]] = tensor.empty(%[[N]]) : tensor<4x?xf32>
  // CHECK: %[[R:[a-z0-9_]+]]:3 = attention.fused
  // CHECK-SAME: outs(%{{.*}}, %{{.*}}, %[[W]] : tensor<4x8xf32>, tensor<4xf32>, tensor<4x?xf32> by [#{{.*}}, #{{.*}}, #[[$WEIGHTS]]]) lse weights
  // CHECK: math.sqrt %[[R]]#2
  // CHECK: return %[[R]]#0, %{{.*}}, %[[R]]#1
  // REMARK: fused 'attention.dot_score' with 0 changes
  %s = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<?x8xf32> -> tensor<4x?xf32>
  %w, %lse = attention.softmax %s : tensor<4x?xf32>, tensor<4xf32>
  %x = math.sqrt %w : tensor<4x?xf32>
  %o = attention.context %w, %k : tensor<4x?xf32>, tensor<?x8xf32> -> tensor<4x8xf32>
  return %o, %x, %lse : tensor<4x8xf32>, tensor<4x?xf32>, tensor<4xf32>
}

// -----

// Of two contexts of the same weights the first is fused with their scores, the
// second one reads them.
// CHECK-LABEL: func @two_contexts
func.func @two_contexts(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %v: tensor<6x3xf32>)
    -> (tensor<4x8xf32>, tensor<4x3xf32>) {
  // CHECK: %[[R:[a-z0-9_]+]]:2 = attention.fused
  // CHECK: %[[P:.*]] = attention.fused
  // CHECK-SAME: changes(bias(%[[R]]#1 : tensor<4x6xf32> by #{{.*}})) normaliser(#attention.as_weights)
  // CHECK: return %[[R]]#0, %[[P]]
  // REMARK: fused 'attention.dot_score' with 0 changes
  // REMARK: [Missed] Memory | Category:attention-fuse | Remark="weights are read from memory: the weights are not a normaliser's"
  // REMARK: fused weights in memory with 0 changes
  %s = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %w = attention.softmax %s : tensor<4x6xf32>
  %o = attention.context %w, %k : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  %p = attention.context %w, %v : tensor<4x6xf32>, tensor<6x3xf32> -> tensor<4x3xf32>
  return %o, %p : tensor<4x8xf32>, tensor<4x3xf32>
}

// -----

// CHECK-LABEL: func @weights_twice
func.func @weights_twice(%q: tensor<6x8xf32>, %k: tensor<6x8xf32>) -> tensor<6x6xf32> {
  // CHECK: %[[W:[a-z0-9_]+]]:2 = attention.fused {{.*}} weights
  // CHECK: attention.fused {{.*}} value(%[[W]]#1 : {{.*}} changes(bias(%[[W]]#1 :
  // REMARK: weights are read from memory: the weights are the values too
  // REMARK: fused weights in memory with 0 changes
  // REMARK: fused 'attention.dot_score' with 0 changes, without a context
  %s = attention.dot_score %q, %k : tensor<6x8xf32>, tensor<6x8xf32> -> tensor<6x6xf32>
  %w = attention.softmax %s : tensor<6x6xf32>
  %o = attention.context %w, %w : tensor<6x6xf32>, tensor<6x6xf32> -> tensor<6x6xf32>
  return %o : tensor<6x6xf32>
}

// -----

// CHECK-LABEL: func @values_after_weights
func.func @values_after_weights(%q: tensor<6x8xf32>, %k: tensor<6x8xf32>) -> tensor<6x6xf32> {
  // CHECK: %[[W:[a-z0-9_]+]]:2 = attention.fused {{.*}} weights
  // CHECK: %[[V:.*]] = math.sqrt %[[W]]#1
  // CHECK: attention.fused {{.*}} value(%[[V]] : {{.*}} changes(bias(%[[W]]#1 :
  // REMARK: weights are read from memory: the values are made after a user of the weights, 'math.sqrt' at
  %s = attention.dot_score %q, %k : tensor<6x8xf32>, tensor<6x8xf32> -> tensor<6x6xf32>
  %w = attention.softmax %s : tensor<6x6xf32>
  %v = math.sqrt %w : tensor<6x6xf32>
  %o = attention.context %w, %v : tensor<6x6xf32>, tensor<6x6xf32> -> tensor<6x6xf32>
  return %o : tensor<6x6xf32>
}

// -----

// A region that reads the scores is a user of them; what changes them is fused.
// CHECK-LABEL: func @scores_used
func.func @scores_used(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[S:.*]] = attention.dot_score
  // CHECK: attention.fused
  // CHECK-SAME: changes(bias(%[[S]] : tensor<4x6xf32> by #{{.*}}), modify (%[[X:.*]]: f32, %[[I:.*]]: index, %{{.*}}: index) {
  // CHECK-NEXT: tensor.extract %[[S]][%[[I]], %[[I]]]
  // CHECK-NOT: attention.modify_scores
  // REMARK: scores are read from memory: the scores have another user, 'tensor.extract' at
  // REMARK: fused scores in memory with 1 changes
  %s = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %m = attention.modify_scores %s (%x: f32, %i: index, %j: index) {
    %first = tensor.extract %s[%i, %i] : tensor<4x6xf32>
    %y = arith.subf %x, %first : f32
    attention.yield %y : f32
  } : tensor<4x6xf32>
  %w = attention.softmax %m : tensor<4x6xf32>
  %o = attention.context %w, %k : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  return %o : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @no_online_form
func.func @no_online_form(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) -> tensor<4x8xf32> {
  // CHECK: attention_test.distance_score
  // CHECK: %[[W:.*]] = attention_test.sigmoid
  // CHECK: attention.fused {{.*}} changes(bias(%[[W]] : {{.*}} normaliser(#attention.as_weights)
  // REMARK: weights are read from memory: the normaliser 'attention_test.sigmoid' at loc({{.*}}) has no form that reads keys block by block
  // REMARK: fused weights in memory with 0 changes
  // REMARK: [Missed] Fused | Category:attention-fuse | Remark="not fused: the normaliser 'attention_test.sigmoid' at loc({{.*}}) has no form that reads keys block by block"
  %s = attention_test.distance_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %w = attention_test.sigmoid %s whole_rows : tensor<4x6xf32>
  %o = attention.context %w, %k : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  return %o : tensor<4x8xf32>
}

// -----

// Keys of 0 are the same for all batch elements; heads that share values do so.
// CHECK-DAG: #[[$QUERY:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3)>
// CHECK-DAG: #[[$KEY:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d2, d3)>
// CHECK-DAG: #[[$VALUE:[a-z0-9_]+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0 floordiv 4, d2, d4)>
// CHECK-DAG: #[[$PAIR:[a-z0-9_]+]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-LABEL: func @foreign_weights
// CHECK-SAME: %[[W:[a-z0-9]+]]: tensor<8x?x?xf32>, %[[V:[a-z0-9]+]]: tensor<2x6x3xf16>
func.func @foreign_weights(%w: tensor<8x?x?xf32>, %v: tensor<2x6x3xf16>) -> tensor<8x?x3xf16> {
  // CHECK: %[[NQ:.*]] = tensor.dim %[[W]], %c1
  // CHECK: %[[EQ:.*]] = tensor.empty(%[[NQ]]) : tensor<8x?x1xf32>
  // CHECK: %[[ZQ:.*]] = linalg.fill {{.*}} outs(%[[EQ]] :
  // CHECK: %[[ZK:.*]] = linalg.fill {{.*}} -> tensor<?x1xf32>
  // CHECK: %[[K:.*]] = tensor.cast %[[ZK]] : tensor<?x1xf32> to tensor<6x1xf32>
  // CHECK: %[[R:.*]] = attention.fused query(%[[ZQ]] : tensor<8x?x1xf32> by #[[$QUERY]])
  // CHECK-SAME: key(%[[K]] : tensor<6x1xf32> by #[[$KEY]])
  // CHECK-SAME: value(%[[V]] : tensor<2x6x3xf16> by #[[$VALUE]])
  // CHECK-SAME: changes(bias(%[[W]] : tensor<8x?x?xf32> by #[[$PAIR]])) normaliser(#attention.as_weights)
  // CHECK: return %[[R]]
  // REMARK: weights are read from memory: the weights are not a normaliser's
  // REMARK: fused weights in memory with 0 changes
  %o = attention.context %w, %v : tensor<8x?x?xf32>, tensor<2x6x3xf16> -> tensor<8x?x3xf16>
  return %o : tensor<8x?x3xf16>
}

// -----

// CHECK-LABEL: func @foreign_scores
func.func @foreign_scores(%s: tensor<4x6xf32>, %v: tensor<6x8xf32>) -> tensor<4x8xf32> {
  // CHECK: attention.fused
  // CHECK-SAME: changes(bias(%{{.*}} : tensor<4x6xf32> by #{{.*}}), sets(#{{.*}})) normaliser(#attention.softmax)
  // CHECK-NOT: attention.mask_scores
  // REMARK: scores are read from memory: the scores are not a score function's
  // REMARK: fused scores in memory with 1 changes
  %m = attention.mask_scores %s sets(affine_set<(i, j) : (i - j >= 0)>) : tensor<4x6xf32>
  %w = attention.softmax %m : tensor<4x6xf32>
  %o = attention.context %w, %v : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  return %o : tensor<4x8xf32>
}

// -----

// Scores computed once, before a loop, are not computed in every round.
// CHECK-LABEL: func @other_block
func.func @other_block(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>, %n: index, %o: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[W:[a-z0-9_]+]]:2 = attention.fused {{.*}} weights
  // CHECK: scf.for
  // CHECK: attention.fused {{.*}} changes(bias(%[[W]]#1 : {{.*}} normaliser(#attention.as_weights)
  // REMARK: weights are read from memory: the weights are made in another block, by 'attention.softmax' at
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %w = attention.softmax %s : tensor<4x6xf32>
  %r = scf.for %t = %c0 to %n step %c1 iter_args(%a = %o) -> tensor<4x8xf32> {
    %x = attention.context %w, %k : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
    scf.yield %x : tensor<4x8xf32>
  }
  return %r : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @values_after_lse
func.func @values_after_lse(%q: tensor<4x8xf32>, %k: tensor<6x8xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[W:[a-z0-9_]+]]:3 = attention.fused {{.*}} lse weights
  // CHECK: attention.fused {{.*}} changes(bias(%[[W]]#2 : {{.*}} normaliser(#attention.as_weights)
  // REMARK: weights are read from memory: the values are made after a user of the log-sum-exp, 'tensor.extract' at
  %c0 = arith.constant 0 : index
  %s = attention.dot_score %q, %k : tensor<4x8xf32>, tensor<6x8xf32> -> tensor<4x6xf32>
  %w, %lse = attention.softmax %s : tensor<4x6xf32>, tensor<4xf32>
  %x = tensor.extract %lse[%c0] : tensor<4xf32>
  %v = tensor.splat %x : tensor<6x8xf32>
  %o = attention.context %w, %v : tensor<4x6xf32>, tensor<6x8xf32> -> tensor<4x8xf32>
  return %o : tensor<4x8xf32>
}
