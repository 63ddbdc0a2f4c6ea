// Reads the keys of attention.online in three parts at the same time, with the states of two readings.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @split(%module: !transform.any_op {transform.readonly}) {
    %online = transform.structured.match ops{["attention.online"]} in %module
      : (!transform.any_op) -> !transform.any_op
    %fill:7, %part, %merge, %forall =
      transform.structured.tile_reduction_using_forall %online by num_threads = [3]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op,
                                !transform.any_op, !transform.any_op, !transform.any_op,
                                !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
