// Letters to phonemes: a small sequence-to-sequence model, with attention and without.
//
// An encoder reads the word with two GRUs, one from the left and one from the right, and keeps a state for every
// letter: h_1 … h_N, the rows of %h. A decoder then says the phonemes one by one. Its state s_t starts from the two
// states that have seen the whole word, and takes in, step by step, the phoneme said last.
//
// Without attention (@plain) s_t is all that a phoneme is predicted from: whatever the word, it had to pass through
// that one vector. With attention the decoder looks the letters up again at every step:
//
//     e_tj = score(s_t, h_j)          how well letter j fits what is to be said now      attention.*_score
//     a_t  = softmax(e_t)             that as a distribution over the letters            attention.softmax
//     o_t  = Σ_j a_tj h_j             what is found there                                attention.context
//     y_t  = argmax([o_t; s_t] W + b) the phoneme, fed back as the decoder's next input
//
// @dot, @bilinear and @additive differ in the first line only. The rows a_t, one below the other, are the alignment of
// phonemes with letters that nobody has told the model.
//
// Vectors are rows: a state is a 1×d tensor, the single query of its step, and matrices stand to its right. All sizes are
// those of the parameters, which are stored as f16 and widened by the operation that reads them; all else is f32.
//
// Parameters:
//   a GRU     x: symbols × 3 × d   the inputs' part, a row a symbol; the 3 gates are reset, update and new
//             w: 3 × d × d         the state's part, from the old state's units (rows) to the new one's
//             b: d                 the bias that the reset gate multiplies; x contains all others
//   a layer   w: in × out, b: out
//   a score   bilinear w: d_q × d_k;  additive wq: a × d_q, wk: a × d_k, v: a, b: a
//
// Results, a row for every step: the phonemes, closing boundary included (0, unless the bound on the length cut the
// word off), the logits (steps × phonemes) and the alignment (steps × letters; @plain has none).

!symbols = tensor<?xi32>      // letters or phonemes, a number each
!row     = tensor<1x?xf32>    // a state, scores, weights, logits
!rows    = tensor<?x?xf32>    // such rows, one below the other
!words   = tensor<?x?xi32>    // symbols for every word
!stack   = tensor<?x?x?xf32>  // rows for every word
!table   = tensor<?x3x?xf16>  // parameters
!gates   = tensor<3x?x?xf16>
!matrix  = tensor<?x?xf16>
!vector  = tensor<?xf16>

//===----------------------------------------------------------------------===//
// Building blocks
//===----------------------------------------------------------------------===//

// One step of a GRU, `%symbol` in, the state replaced:
//
//     r = σ(x_r + s W_r)    z = σ(x_z + s W_z)    n = tanh(x_n + r ∘ (s W_n + b))    s' = n + z ∘ (s − n)
func.func private @gru(%symbol: i32, %s: !row,
                       %x: !table, %w: !gates, %b: !vector) -> !row {
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %d = tensor.dim %s, %c1 : !row
  %row = arith.index_cast %symbol : i32 to index
  %input = tensor.extract_slice %x[%row, 0, 0] [1, 3, %d] [1, 1, 1] : !table to tensor<1x3x?xf16>

  // s W for the three gates at once: g counts gates, k the units of the old state, u those of the new. The innermost
  // loop sums nothing up and runs along the rows of w, so it becomes vectors.
  %empty = tensor.empty(%d) : tensor<1x3x?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x3x?xf32>) -> tensor<1x3x?xf32>
  %state = linalg.contract
    indexing_maps = [affine_map<(i, g, k, u) -> (i, k)>, affine_map<(i, g, k, u) -> (g, k, u)>,
                     affine_map<(i, g, k, u) -> (i, g, u)>]
    ins(%s, %w : !row, !gates) outs(%zeros : tensor<1x3x?xf32>) -> tensor<1x3x?xf32>

  // %input and %state are each read three times, a gate a time.
  %new = linalg.generic {
    indexing_maps = [
      affine_map<(i, u) -> (i, 0, u)>, affine_map<(i, u) -> (i, 1, u)>, affine_map<(i, u) -> (i, 2, u)>,
      affine_map<(i, u) -> (i, 0, u)>, affine_map<(i, u) -> (i, 1, u)>, affine_map<(i, u) -> (i, 2, u)>,
      affine_map<(i, u) -> (u)>, affine_map<(i, u) -> (i, u)>],
    iterator_types = ["parallel", "parallel"]
  } ins(%input, %input, %input, %state, %state, %state, %b
        : tensor<1x3x?xf16>, tensor<1x3x?xf16>, tensor<1x3x?xf16>,
          tensor<1x3x?xf32>, tensor<1x3x?xf32>, tensor<1x3x?xf32>, !vector) outs(%s : !row) {
  ^bb0(%xr16: f16, %xz16: f16, %xn16: f16, %wr: f32, %wz: f32, %wn: f32, %b16: f16, %old: f32):
    %xr = arith.extf %xr16 : f16 to f32
    %xz = arith.extf %xz16 : f16 to f32
    %xn = arith.extf %xn16 : f16 to f32
    %bn = arith.extf %b16 : f16 to f32
    %ar = arith.addf %xr, %wr : f32
    %az = arith.addf %xz, %wz : f32
    %r = func.call @sigmoid(%ar) : (f32) -> f32
    %z = func.call @sigmoid(%az) : (f32) -> f32
    %wn_b = arith.addf %wn, %bn : f32
    %reset = arith.mulf %r, %wn_b : f32
    %an = arith.addf %xn, %reset : f32
    %n = math.tanh %an : f32
    %difference = arith.subf %old, %n : f32
    %kept = arith.mulf %z, %difference : f32
    %result = arith.addf %n, %kept : f32
    linalg.yield %result : f32
  } -> !row
  return %new : !row
}

func.func private @sigmoid(%x: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %negative = arith.negf %x : f32
  %exp = math.exp %negative : f32
  %sum = arith.addf %one, %exp : f32
  %result = arith.divf %one, %sum : f32
  return %result : f32
}

// A layer without its activation: x W + b, the innermost loop again along the rows of w.
func.func private @linear(%x: !row, %w: !matrix, %b: !vector) -> !row {
  %c0 = arith.constant 0 : index
  %d = tensor.dim %b, %c0 : !vector
  %empty = tensor.empty(%d) : !row
  %bias = linalg.generic {
    indexing_maps = [affine_map<(i, u) -> (u)>, affine_map<(i, u) -> (i, u)>],
    iterator_types = ["parallel", "parallel"]
  } ins(%b : !vector) outs(%empty : !row) {
  ^bb0(%b_u: f16, %unused: f32):
    %wide = arith.extf %b_u : f16 to f32
    linalg.yield %wide : f32
  } -> !row
  %result = linalg.contract
    indexing_maps = [affine_map<(i, k, u) -> (i, k)>, affine_map<(i, k, u) -> (k, u)>, affine_map<(i, k, u) -> (i, u)>]
    ins(%x, %w : !row, !matrix) outs(%bias : !row) -> !row
  return %result : !row
}

// The index of the largest logit, the first of them if there are several.
func.func private @argmax(%logits: !row) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %logits, %c1 : !row
  %first = tensor.extract %logits[%c0, %c0] : !row
  %max, %at = scf.for %i = %c1 to %n step %c1 iter_args(%max = %first, %at = %c0) -> (f32, index) {
    %value = tensor.extract %logits[%c0, %i] : !row
    %greater = arith.cmpf ogt, %value, %max : f32
    %next = arith.select %greater, %value, %max : f32
    %next_at = arith.select %greater, %i, %at : index
    scf.yield %next, %next_at : f32, index
  }
  %result = arith.index_cast %at : index to i32
  return %result : i32
}

// The bound on the steps of a word of n letters: room for all of the dictionary but one abbreviation ("fyi").
func.func private @max_steps(%letters: index) -> index {
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %twice = arith.muli %letters, %c2 : index
  %result = arith.addi %twice, %c8 : index
  return %result : index
}

//===----------------------------------------------------------------------===//
// The encoder, which all variants share
//===----------------------------------------------------------------------===//

// Results: h (letters × 2 d: what the GRU from the left and the one from the right know after each letter, side by
// side) and the decoder's first state.
func.func private @encode(%word: !symbols,
    %forward_x: !table, %forward_w: !gates, %forward_b: !vector,
    %backward_x: !table, %backward_w: !gates, %backward_b: !vector,
    %bridge_w: !matrix, %bridge_b: !vector) -> (!rows, !row) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %word, %c0 : !symbols
  %last = arith.subi %n, %c1 : index
  %d = tensor.dim %forward_b, %c0 : !vector
  %two_d = arith.addi %d, %d : index
  %h_empty = tensor.empty(%n, %two_d) : !rows
  %s_empty = tensor.empty(%d) : !row
  %s_zero = linalg.fill ins(%zero : f32) outs(%s_empty : !row) -> !row

  %h, %left, %right = scf.for %i = %c0 to %n step %c1
      iter_args(%h = %h_empty, %left = %s_zero, %right = %s_zero)
      -> (!rows, !row, !row) {
    %letter = tensor.extract %word[%i] : !symbols
    %left_i = func.call @gru(%letter, %left, %forward_x, %forward_w, %forward_b)
      : (i32, !row, !table, !gates, !vector) -> !row
    %h_i = tensor.insert_slice %left_i into %h[%i, 0] [1, %d] [1, 1] : !row into !rows

    %j = arith.subi %last, %i : index
    %letter_j = tensor.extract %word[%j] : !symbols
    %right_j = func.call @gru(%letter_j, %right, %backward_x, %backward_w, %backward_b)
      : (i32, !row, !table, !gates, !vector) -> !row
    %h_ij = tensor.insert_slice %right_j into %h_i[%j, %d] [1, %d] [1, 1] : !row into !rows
    scf.yield %h_ij, %left_i, %right_j : !rows, !row, !row
  }

  %ends = tensor.concat dim(1) %left, %right : (!row, !row) -> !row
  %bridge = call @linear(%ends, %bridge_w, %bridge_b)
    : (!row, !matrix, !vector) -> !row
  %start = linalg.tanh ins(%bridge : !row) outs(%bridge : !row) -> !row
  return %h, %start : !rows, !row
}

//===----------------------------------------------------------------------===//
// The decoders, one a variant
//===----------------------------------------------------------------------===//
//
// Each loop is a "do … while": the first region of scf.while says one phoneme and asks whether there is to be another.

// e_tj = s_t · h_j
func.func @dot(%word: !symbols,
    %forward_x: !table, %forward_w: !gates, %forward_b: !vector,
    %backward_x: !table, %backward_w: !gates, %backward_b: !vector,
    %bridge_w: !matrix, %bridge_b: !vector,
    %decoder_x: !table, %decoder_w: !gates, %decoder_b: !vector,
    %out_w: !matrix, %out_b: !vector)
    -> (!symbols, !rows, !rows) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %boundary = arith.constant 0 : i32
  %n = tensor.dim %word, %c0 : !symbols
  %v = tensor.dim %out_b, %c0 : !vector
  %bound = call @max_steps(%n) : (index) -> index
  %h, %start = call @encode(%word, %forward_x, %forward_w, %forward_b, %backward_x, %backward_w, %backward_b,
                           %bridge_w, %bridge_b)
    : (!symbols, !table, !gates, !vector, !table, !gates, !vector, !matrix, !vector) -> (!rows, !row)

  %phonemes_0 = tensor.empty(%bound) : !symbols
  %logits_0 = tensor.empty(%bound, %v) : !rows
  %weights_0 = tensor.empty(%bound, %n) : !rows
  %steps, %fed_end, %s_end, %phonemes_end, %logits_end, %weights_end
      = scf.while (%t = %c0, %fed = %boundary, %s = %start,
                   %phonemes = %phonemes_0, %logits = %logits_0, %weights = %weights_0)
      : (index, i32, !row, !symbols, !rows, !rows) -> (index, i32, !row, !symbols, !rows, !rows) {
    %s_t = func.call @gru(%fed, %s, %decoder_x, %decoder_w, %decoder_b) : (i32, !row, !table, !gates, !vector) -> !row

    // Attend: score the letters, turn the scores into weights, sum the letters' states.
    %e_t = attention.dot_score %s_t, %h : !row, !rows -> !row
    %a_t = attention.softmax %e_t : !row
    %o_t = attention.context %a_t, %h : !row, !rows -> !row

    // Predict from what was found and the state.
    %seen = tensor.concat dim(1) %o_t, %s_t : (!row, !row) -> !row
    %l_t = func.call @linear(%seen, %out_w, %out_b) : (!row, !matrix, !vector) -> !row
    %y_t = func.call @argmax(%l_t) : (!row) -> i32

    // Keep the step; go on until a word boundary is predicted or the room is used up.
    %phonemes_t = tensor.insert %y_t into %phonemes[%t] : !symbols
    %logits_t = tensor.insert_slice %l_t into %logits[%t, 0] [1, %v] [1, 1] : !row into !rows
    %weights_t = tensor.insert_slice %a_t into %weights[%t, 0] [1, %n] [1, 1] : !row into !rows
    %next = arith.addi %t, %c1 : index
    %unfinished = arith.cmpi ne, %y_t, %boundary : i32
    %room = arith.cmpi ult, %next, %bound : index
    %more = arith.andi %unfinished, %room : i1
    scf.condition(%more) %next, %y_t, %s_t, %phonemes_t, %logits_t, %weights_t
      : index, i32, !row, !symbols, !rows, !rows
  } do {
  ^bb0(%t: index, %fed: i32, %s: !row, %phonemes: !symbols, %logits: !rows, %weights: !rows):
    scf.yield %t, %fed, %s, %phonemes, %logits, %weights : index, i32, !row, !symbols, !rows, !rows
  }

  %phonemes = tensor.extract_slice %phonemes_end[0] [%steps] [1] : !symbols to !symbols
  %logits = tensor.extract_slice %logits_end[0, 0] [%steps, %v] [1, 1] : !rows to !rows
  %weights = tensor.extract_slice %weights_end[0, 0] [%steps, %n] [1, 1] : !rows to !rows
  return %phonemes, %logits, %weights : !symbols, !rows, !rows
}

// e_tj = s_t W h_j: a decoder state of another size than h_j.
func.func @bilinear(%word: !symbols,
    %forward_x: !table, %forward_w: !gates, %forward_b: !vector,
    %backward_x: !table, %backward_w: !gates, %backward_b: !vector,
    %bridge_w: !matrix, %bridge_b: !vector,
    %decoder_x: !table, %decoder_w: !gates, %decoder_b: !vector,
    %score_w: !matrix,
    %out_w: !matrix, %out_b: !vector)
    -> (!symbols, !rows, !rows) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %boundary = arith.constant 0 : i32
  %n = tensor.dim %word, %c0 : !symbols
  %v = tensor.dim %out_b, %c0 : !vector
  %bound = call @max_steps(%n) : (index) -> index
  %h, %start = call @encode(%word, %forward_x, %forward_w, %forward_b, %backward_x, %backward_w, %backward_b,
                           %bridge_w, %bridge_b)
    : (!symbols, !table, !gates, !vector, !table, !gates, !vector, !matrix, !vector) -> (!rows, !row)

  %phonemes_0 = tensor.empty(%bound) : !symbols
  %logits_0 = tensor.empty(%bound, %v) : !rows
  %weights_0 = tensor.empty(%bound, %n) : !rows
  %steps, %fed_end, %s_end, %phonemes_end, %logits_end, %weights_end
      = scf.while (%t = %c0, %fed = %boundary, %s = %start,
                   %phonemes = %phonemes_0, %logits = %logits_0, %weights = %weights_0)
      : (index, i32, !row, !symbols, !rows, !rows) -> (index, i32, !row, !symbols, !rows, !rows) {
    %s_t = func.call @gru(%fed, %s, %decoder_x, %decoder_w, %decoder_b) : (i32, !row, !table, !gates, !vector) -> !row
    %e_t = attention.bilinear_score %s_t, %h, %score_w : !row, !rows, !matrix -> !row
    %a_t = attention.softmax %e_t : !row
    %o_t = attention.context %a_t, %h : !row, !rows -> !row
    %seen = tensor.concat dim(1) %o_t, %s_t : (!row, !row) -> !row
    %l_t = func.call @linear(%seen, %out_w, %out_b) : (!row, !matrix, !vector) -> !row
    %y_t = func.call @argmax(%l_t) : (!row) -> i32

    %phonemes_t = tensor.insert %y_t into %phonemes[%t] : !symbols
    %logits_t = tensor.insert_slice %l_t into %logits[%t, 0] [1, %v] [1, 1] : !row into !rows
    %weights_t = tensor.insert_slice %a_t into %weights[%t, 0] [1, %n] [1, 1] : !row into !rows
    %next = arith.addi %t, %c1 : index
    %unfinished = arith.cmpi ne, %y_t, %boundary : i32
    %room = arith.cmpi ult, %next, %bound : index
    %more = arith.andi %unfinished, %room : i1
    scf.condition(%more) %next, %y_t, %s_t, %phonemes_t, %logits_t, %weights_t
      : index, i32, !row, !symbols, !rows, !rows
  } do {
  ^bb0(%t: index, %fed: i32, %s: !row, %phonemes: !symbols, %logits: !rows, %weights: !rows):
    scf.yield %t, %fed, %s, %phonemes, %logits, %weights : index, i32, !row, !symbols, !rows, !rows
  }

  %phonemes = tensor.extract_slice %phonemes_end[0] [%steps] [1] : !symbols to !symbols
  %logits = tensor.extract_slice %logits_end[0, 0] [%steps, %v] [1, 1] : !rows to !rows
  %weights = tensor.extract_slice %weights_end[0, 0] [%steps, %n] [1, 1] : !rows to !rows
  return %phonemes, %logits, %weights : !symbols, !rows, !rows
}

// e_tj = v · tanh(W_q s_t + W_k h_j + b)
func.func @additive(%word: !symbols,
    %forward_x: !table, %forward_w: !gates, %forward_b: !vector,
    %backward_x: !table, %backward_w: !gates, %backward_b: !vector,
    %bridge_w: !matrix, %bridge_b: !vector,
    %decoder_x: !table, %decoder_w: !gates, %decoder_b: !vector,
    %score_wq: !matrix, %score_wk: !matrix, %score_v: !vector, %score_b: !vector,
    %out_w: !matrix, %out_b: !vector)
    -> (!symbols, !rows, !rows) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %boundary = arith.constant 0 : i32
  %n = tensor.dim %word, %c0 : !symbols
  %v = tensor.dim %out_b, %c0 : !vector
  %bound = call @max_steps(%n) : (index) -> index
  %h, %start = call @encode(%word, %forward_x, %forward_w, %forward_b, %backward_x, %backward_w, %backward_b,
                           %bridge_w, %bridge_b)
    : (!symbols, !table, !gates, !vector, !table, !gates, !vector, !matrix, !vector) -> (!rows, !row)

  %phonemes_0 = tensor.empty(%bound) : !symbols
  %logits_0 = tensor.empty(%bound, %v) : !rows
  %weights_0 = tensor.empty(%bound, %n) : !rows
  %steps, %fed_end, %s_end, %phonemes_end, %logits_end, %weights_end
      = scf.while (%t = %c0, %fed = %boundary, %s = %start,
                   %phonemes = %phonemes_0, %logits = %logits_0, %weights = %weights_0)
      : (index, i32, !row, !symbols, !rows, !rows) -> (index, i32, !row, !symbols, !rows, !rows) {
    %s_t = func.call @gru(%fed, %s, %decoder_x, %decoder_w, %decoder_b) : (i32, !row, !table, !gates, !vector) -> !row
    %e_t = attention.additive_score %s_t, %h, %score_wq, %score_wk, %score_v bias(%score_b : !vector)
      : !row, !rows, !matrix, !matrix, !vector -> !row
    %a_t = attention.softmax %e_t : !row
    %o_t = attention.context %a_t, %h : !row, !rows -> !row
    %seen = tensor.concat dim(1) %o_t, %s_t : (!row, !row) -> !row
    %l_t = func.call @linear(%seen, %out_w, %out_b) : (!row, !matrix, !vector) -> !row
    %y_t = func.call @argmax(%l_t) : (!row) -> i32

    %phonemes_t = tensor.insert %y_t into %phonemes[%t] : !symbols
    %logits_t = tensor.insert_slice %l_t into %logits[%t, 0] [1, %v] [1, 1] : !row into !rows
    %weights_t = tensor.insert_slice %a_t into %weights[%t, 0] [1, %n] [1, 1] : !row into !rows
    %next = arith.addi %t, %c1 : index
    %unfinished = arith.cmpi ne, %y_t, %boundary : i32
    %room = arith.cmpi ult, %next, %bound : index
    %more = arith.andi %unfinished, %room : i1
    scf.condition(%more) %next, %y_t, %s_t, %phonemes_t, %logits_t, %weights_t
      : index, i32, !row, !symbols, !rows, !rows
  } do {
  ^bb0(%t: index, %fed: i32, %s: !row, %phonemes: !symbols, %logits: !rows, %weights: !rows):
    scf.yield %t, %fed, %s, %phonemes, %logits, %weights : index, i32, !row, !symbols, !rows, !rows
  }

  %phonemes = tensor.extract_slice %phonemes_end[0] [%steps] [1] : !symbols to !symbols
  %logits = tensor.extract_slice %logits_end[0, 0] [%steps, %v] [1, 1] : !rows to !rows
  %weights = tensor.extract_slice %weights_end[0, 0] [%steps, %n] [1, 1] : !rows to !rows
  return %phonemes, %logits, %weights : !symbols, !rows, !rows
}

// No attention: all that is left of the word is the state.
func.func @plain(%word: !symbols,
    %forward_x: !table, %forward_w: !gates, %forward_b: !vector,
    %backward_x: !table, %backward_w: !gates, %backward_b: !vector,
    %bridge_w: !matrix, %bridge_b: !vector,
    %decoder_x: !table, %decoder_w: !gates, %decoder_b: !vector,
    %out_w: !matrix, %out_b: !vector)
    -> (!symbols, !rows) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %boundary = arith.constant 0 : i32
  %n = tensor.dim %word, %c0 : !symbols
  %v = tensor.dim %out_b, %c0 : !vector
  %bound = call @max_steps(%n) : (index) -> index
  %unused, %start = call @encode(%word, %forward_x, %forward_w, %forward_b, %backward_x, %backward_w, %backward_b,
                                %bridge_w, %bridge_b)
    : (!symbols, !table, !gates, !vector, !table, !gates, !vector, !matrix, !vector) -> (!rows, !row)

  %phonemes_0 = tensor.empty(%bound) : !symbols
  %logits_0 = tensor.empty(%bound, %v) : !rows
  %steps, %fed_end, %s_end, %phonemes_end, %logits_end
      = scf.while (%t = %c0, %fed = %boundary, %s = %start,
                   %phonemes = %phonemes_0, %logits = %logits_0)
      : (index, i32, !row, !symbols, !rows) -> (index, i32, !row, !symbols, !rows) {
    %s_t = func.call @gru(%fed, %s, %decoder_x, %decoder_w, %decoder_b) : (i32, !row, !table, !gates, !vector) -> !row
    %l_t = func.call @linear(%s_t, %out_w, %out_b) : (!row, !matrix, !vector) -> !row
    %y_t = func.call @argmax(%l_t) : (!row) -> i32

    %phonemes_t = tensor.insert %y_t into %phonemes[%t] : !symbols
    %logits_t = tensor.insert_slice %l_t into %logits[%t, 0] [1, %v] [1, 1] : !row into !rows
    %next = arith.addi %t, %c1 : index
    %unfinished = arith.cmpi ne, %y_t, %boundary : i32
    %room = arith.cmpi ult, %next, %bound : index
    %more = arith.andi %unfinished, %room : i1
    scf.condition(%more) %next, %y_t, %s_t, %phonemes_t, %logits_t
      : index, i32, !row, !symbols, !rows
  } do {
  ^bb0(%t: index, %fed: i32, %s: !row, %phonemes: !symbols, %logits: !rows):
    scf.yield %t, %fed, %s, %phonemes, %logits : index, i32, !row, !symbols, !rows
  }

  %phonemes = tensor.extract_slice %phonemes_end[0] [%steps] [1] : !symbols to !symbols
  %logits = tensor.extract_slice %logits_end[0, 0] [%steps, %v] [1, 1] : !rows to !rows
  return %phonemes, %logits : !symbols, !rows
}

//===----------------------------------------------------------------------===//
// Many words in one call
//===----------------------------------------------------------------------===//
//
// Words come as rows of %words, filled up to the longest; %letters says how long each is. The results are filled up
// likewise: phonemes (words × steps), the number of steps of each word, logits (words × steps × phonemes).

func.func private @room_for_words(%words: !words, %v: index) -> (!words, !symbols, !stack) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %boundary = arith.constant 0 : i32
  %zero = arith.constant 0.0 : f32
  %count = tensor.dim %words, %c0 : !words
  %longest = tensor.dim %words, %c1 : !words
  %bound = call @max_steps(%longest) : (index) -> index
  %phonemes_empty = tensor.empty(%count, %bound) : !words
  %phonemes = linalg.fill ins(%boundary : i32) outs(%phonemes_empty : !words) -> !words
  %steps = tensor.empty(%count) : !symbols
  %logits_empty = tensor.empty(%count, %bound, %v) : !stack
  %logits = linalg.fill ins(%zero : f32) outs(%logits_empty : !stack) -> !stack
  return %phonemes, %steps, %logits : !words, !symbols, !stack
}

func.func private @word_at(%words: !words, %letters: !symbols, %i: index) -> !symbols {
  %length = tensor.extract %letters[%i] : !symbols
  %n = arith.index_cast %length : i32 to index
  %word = tensor.extract_slice %words[%i, 0] [1, %n] [1, 1] : !words to !symbols
  return %word : !symbols
}

func.func @dot_words(%words: !words, %letters: !symbols,
    %forward_x: !table, %forward_w: !gates, %forward_b: !vector,
    %backward_x: !table, %backward_w: !gates, %backward_b: !vector,
    %bridge_w: !matrix, %bridge_b: !vector,
    %decoder_x: !table, %decoder_w: !gates, %decoder_b: !vector,
    %out_w: !matrix, %out_b: !vector)
    -> (!words, !symbols, !stack) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = tensor.dim %words, %c0 : !words
  %v = tensor.dim %out_b, %c0 : !vector
  %phonemes_0, %steps_0, %logits_0 = call @room_for_words(%words, %v) : (!words, index) -> (!words, !symbols, !stack)
  %phonemes, %steps, %logits = scf.for %i = %c0 to %count step %c1
      iter_args(%phonemes = %phonemes_0, %steps = %steps_0, %logits = %logits_0) -> (!words, !symbols, !stack) {
    %word = func.call @word_at(%words, %letters, %i) : (!words, !symbols, index) -> !symbols
    %phonemes_i, %logits_i, %unused = func.call @dot(%word, %forward_x, %forward_w, %forward_b, %backward_x,
                                                     %backward_w, %backward_b, %bridge_w, %bridge_b, %decoder_x,
                                                     %decoder_w, %decoder_b, %out_w, %out_b)
      : (!symbols, !table, !gates, !vector, !table, !gates, !vector, !matrix, !vector, !table, !gates, !vector,
         !matrix, !vector)
      -> (!symbols, !rows, !rows)
    %n = tensor.dim %phonemes_i, %c0 : !symbols
    %steps_i = arith.index_cast %n : index to i32
    %phonemes_next = tensor.insert_slice %phonemes_i into %phonemes[%i, 0] [1, %n] [1, 1] : !symbols into !words
    %steps_next = tensor.insert %steps_i into %steps[%i] : !symbols
    %logits_next = tensor.insert_slice %logits_i into %logits[%i, 0, 0] [1, %n, %v] [1, 1, 1] : !rows into !stack
    scf.yield %phonemes_next, %steps_next, %logits_next : !words, !symbols, !stack
  }
  return %phonemes, %steps, %logits : !words, !symbols, !stack
}

func.func @bilinear_words(%words: !words, %letters: !symbols,
    %forward_x: !table, %forward_w: !gates, %forward_b: !vector,
    %backward_x: !table, %backward_w: !gates, %backward_b: !vector,
    %bridge_w: !matrix, %bridge_b: !vector,
    %decoder_x: !table, %decoder_w: !gates, %decoder_b: !vector,
    %score_w: !matrix,
    %out_w: !matrix, %out_b: !vector)
    -> (!words, !symbols, !stack) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = tensor.dim %words, %c0 : !words
  %v = tensor.dim %out_b, %c0 : !vector
  %phonemes_0, %steps_0, %logits_0 = call @room_for_words(%words, %v) : (!words, index) -> (!words, !symbols, !stack)
  %phonemes, %steps, %logits = scf.for %i = %c0 to %count step %c1
      iter_args(%phonemes = %phonemes_0, %steps = %steps_0, %logits = %logits_0) -> (!words, !symbols, !stack) {
    %word = func.call @word_at(%words, %letters, %i) : (!words, !symbols, index) -> !symbols
    %phonemes_i, %logits_i, %unused = func.call @bilinear(%word, %forward_x, %forward_w, %forward_b, %backward_x,
                                                          %backward_w, %backward_b, %bridge_w, %bridge_b, %decoder_x,
                                                          %decoder_w, %decoder_b, %score_w, %out_w, %out_b)
      : (!symbols, !table, !gates, !vector, !table, !gates, !vector, !matrix, !vector, !table, !gates, !vector,
         !matrix, !matrix, !vector)
      -> (!symbols, !rows, !rows)
    %n = tensor.dim %phonemes_i, %c0 : !symbols
    %steps_i = arith.index_cast %n : index to i32
    %phonemes_next = tensor.insert_slice %phonemes_i into %phonemes[%i, 0] [1, %n] [1, 1] : !symbols into !words
    %steps_next = tensor.insert %steps_i into %steps[%i] : !symbols
    %logits_next = tensor.insert_slice %logits_i into %logits[%i, 0, 0] [1, %n, %v] [1, 1, 1] : !rows into !stack
    scf.yield %phonemes_next, %steps_next, %logits_next : !words, !symbols, !stack
  }
  return %phonemes, %steps, %logits : !words, !symbols, !stack
}

func.func @additive_words(%words: !words, %letters: !symbols,
    %forward_x: !table, %forward_w: !gates, %forward_b: !vector,
    %backward_x: !table, %backward_w: !gates, %backward_b: !vector,
    %bridge_w: !matrix, %bridge_b: !vector,
    %decoder_x: !table, %decoder_w: !gates, %decoder_b: !vector,
    %score_wq: !matrix, %score_wk: !matrix, %score_v: !vector, %score_b: !vector,
    %out_w: !matrix, %out_b: !vector)
    -> (!words, !symbols, !stack) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = tensor.dim %words, %c0 : !words
  %v = tensor.dim %out_b, %c0 : !vector
  %phonemes_0, %steps_0, %logits_0 = call @room_for_words(%words, %v) : (!words, index) -> (!words, !symbols, !stack)
  %phonemes, %steps, %logits = scf.for %i = %c0 to %count step %c1
      iter_args(%phonemes = %phonemes_0, %steps = %steps_0, %logits = %logits_0) -> (!words, !symbols, !stack) {
    %word = func.call @word_at(%words, %letters, %i) : (!words, !symbols, index) -> !symbols
    %phonemes_i, %logits_i, %unused = func.call @additive(%word, %forward_x, %forward_w, %forward_b, %backward_x,
                                                          %backward_w, %backward_b, %bridge_w, %bridge_b, %decoder_x,
                                                          %decoder_w, %decoder_b, %score_wq, %score_wk, %score_v,
                                                          %score_b, %out_w, %out_b)
      : (!symbols, !table, !gates, !vector, !table, !gates, !vector, !matrix, !vector, !table, !gates, !vector,
         !matrix, !matrix, !vector, !vector, !matrix, !vector)
      -> (!symbols, !rows, !rows)
    %n = tensor.dim %phonemes_i, %c0 : !symbols
    %steps_i = arith.index_cast %n : index to i32
    %phonemes_next = tensor.insert_slice %phonemes_i into %phonemes[%i, 0] [1, %n] [1, 1] : !symbols into !words
    %steps_next = tensor.insert %steps_i into %steps[%i] : !symbols
    %logits_next = tensor.insert_slice %logits_i into %logits[%i, 0, 0] [1, %n, %v] [1, 1, 1] : !rows into !stack
    scf.yield %phonemes_next, %steps_next, %logits_next : !words, !symbols, !stack
  }
  return %phonemes, %steps, %logits : !words, !symbols, !stack
}

func.func @plain_words(%words: !words, %letters: !symbols,
    %forward_x: !table, %forward_w: !gates, %forward_b: !vector,
    %backward_x: !table, %backward_w: !gates, %backward_b: !vector,
    %bridge_w: !matrix, %bridge_b: !vector,
    %decoder_x: !table, %decoder_w: !gates, %decoder_b: !vector,
    %out_w: !matrix, %out_b: !vector)
    -> (!words, !symbols, !stack) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %count = tensor.dim %words, %c0 : !words
  %v = tensor.dim %out_b, %c0 : !vector
  %phonemes_0, %steps_0, %logits_0 = call @room_for_words(%words, %v) : (!words, index) -> (!words, !symbols, !stack)
  %phonemes, %steps, %logits = scf.for %i = %c0 to %count step %c1
      iter_args(%phonemes = %phonemes_0, %steps = %steps_0, %logits = %logits_0) -> (!words, !symbols, !stack) {
    %word = func.call @word_at(%words, %letters, %i) : (!words, !symbols, index) -> !symbols
    %phonemes_i, %logits_i = func.call @plain(%word, %forward_x, %forward_w, %forward_b, %backward_x, %backward_w,
                                              %backward_b, %bridge_w, %bridge_b, %decoder_x, %decoder_w, %decoder_b,
                                              %out_w, %out_b)
      : (!symbols, !table, !gates, !vector, !table, !gates, !vector, !matrix, !vector, !table, !gates, !vector,
         !matrix, !vector)
      -> (!symbols, !rows)
    %n = tensor.dim %phonemes_i, %c0 : !symbols
    %steps_i = arith.index_cast %n : index to i32
    %phonemes_next = tensor.insert_slice %phonemes_i into %phonemes[%i, 0] [1, %n] [1, 1] : !symbols into !words
    %steps_next = tensor.insert %steps_i into %steps[%i] : !symbols
    %logits_next = tensor.insert_slice %logits_i into %logits[%i, 0, 0] [1, %n, %v] [1, 1, 1] : !rows into !stack
    scf.yield %phonemes_next, %steps_next, %logits_next : !words, !symbols, !stack
  }
  return %phonemes, %steps, %logits : !words, !symbols, !stack
}
