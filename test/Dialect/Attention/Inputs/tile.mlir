// Cuts attention.fused into batch elements and blocks of three queries, and
// attention.online into blocks of two keys.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @tile(%module: !transform.any_op {transform.readonly}) {
    %fused = transform.structured.match ops{["attention.fused"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %tiles, %forall = transform.structured.tile_using_forall %fused tile_sizes [1, 3]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %online = transform.structured.match ops{["attention.online"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %blocks, %for = transform.structured.tile_using_for %online tile_sizes [2]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
