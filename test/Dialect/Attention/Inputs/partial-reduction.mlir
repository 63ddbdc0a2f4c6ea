// Reads the keys of attention.online in three parts at the same time.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @split(%module: !transform.any_op {transform.readonly}) {
    %online = transform.structured.match ops{["attention.online"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %fill:3, %part, %merge, %forall =
      transform.structured.tile_reduction_using_forall %online by num_threads = [3]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op,
                                !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
