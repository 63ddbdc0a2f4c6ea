// Cuts attention.fused with the attribute `rows` into batch elements and blocks of
// three queries, and with `columns` into batch elements; or tries queries of it.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @tile(%module: !transform.any_op {transform.readonly}) {
    %rows = transform.structured.match ops{["attention.fused"]} attributes {rows} in %module
      : (!transform.any_op) -> !transform.any_op
    %0, %1 = transform.structured.tile_using_forall %rows tile_sizes [1, 3]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %columns = transform.structured.match ops{["attention.fused"]} attributes {columns} in %module
      : (!transform.any_op) -> !transform.any_op
    %2, %3 = transform.structured.tile_using_forall %columns tile_sizes [1]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @tile_queries(%module: !transform.any_op {transform.readonly}) {
    %columns = transform.structured.match ops{["attention.fused"]} attributes {columns} in %module
      : (!transform.any_op) -> !transform.any_op
    %0, %1 = transform.structured.tile_using_for %columns tile_sizes [0, 3]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
