//===- AttentionReadingAttrs.td - What rows of weights are read for -*- tablegen -*-===//
//
// Readings: the largest weights of a row, its entropy. Attention that has them
// needs no tensor of weights: they are built up key by key beside the
// normaliser's state.
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONREADINGATTRS_TD
#define ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONREADINGATTRS_TD

include "Attention/Dialect/Attention/IR/AttentionAttrs.td"

def RowReadingAttrInterface : AttrInterface<"RowReadingAttrInterface"> {
  let cppNamespace = "::mlir::attention";
  let description = [{
    Something that is read off each row of weights, built up while the keys of the
    row are read in any grouping. Its state is a number of *slots*, each a tuple of
    values. A key makes an *entry*, which each slot sees, and the slot before it
    where there is one:

    ```
    slot[t]   = init()                                   for all t
    entry     = entry(s[j], p[j], shift, j)              for each key
    slot'[t]  = insert(slot[t], slot[t − 1], entry)      for all t
    slot[t]   = rescale(slot[t], shift, shift', factor)  for all t
    result[t] = results(slot[t], normaliser's state)
    ```

    where s, p, shift and factor are as in OnlineNormaliserAttrInterface: p is the
    unnormalised weight, and the pivot may give way between two keys. To merge two
    states under the same pivot, each slot of the second makes an entry for the
    first.

    All methods that build build elementwise code: values have the types of the
    state or are vectors of them, and keys are i32 or vectors of i32. A score of
    −inf is an absent pair, which must not change the results.
  }];
  let methods = [
    InterfaceMethod<
      [{The element types of the results, in order, for a compute type.}],
      "::llvm::SmallVector<::mlir::Type>", "getResultTypes",
      (ins "::mlir::FloatType":$computeType)>,
    InterfaceMethod<
      [{How many elements a row of each result has, in a dimension behind the
        others, which is also the number of slots; or nothing where a row has one
        value and there is one slot. By default nothing.}],
      "::std::optional<int64_t>", "getListLength", (ins), "",
      [{ return std::nullopt; }]>,
    InterfaceMethod<
      "Whether weights of this normaliser can be read so.",
      "bool", "isCompatible",
      (ins "::mlir::attention::OnlineNormaliserAttrInterface":$normaliser)>,
    InterfaceMethod<
      "The element types of a slot's values, for a compute type.",
      "::llvm::SmallVector<::mlir::Type>", "getStateTypes",
      (ins "::mlir::FloatType":$computeType)>,
    InterfaceMethod<
      [{Builds the values of a slot before any key. `type` is the compute type, or
        a vector of it.}],
      "::llvm::SmallVector<::mlir::Value>", "buildInit",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Type":$type)>,
    InterfaceMethod<
      [{Whether the slots are a sorted list, of the entries that come first in an
        order which scores and keys alone decide: `buildEntry` gets neither weight
        nor shift then, its values are those of a slot, there is nothing to
        rescale, and `buildIsBefore` is the order. Most keys then change nothing,
        and lists may be merged. By default not.}],
      "bool", "isSelective", (ins), "", [{ return false; }]>,
    InterfaceMethod<
      [{Builds whether an entry comes before a slot or another entry, in a strict
        order: of two entries that are not equal, one does. The initial slot comes
        behind all entries that are to be listed, and before those that are not;
        it has no place before itself. With `inOrder` the entry's key comes behind
        the other's.}],
      "::mlir::Value", "buildIsBefore",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$entry, "::mlir::ValueRange":$other,
           "bool":$inOrder), "",
      [{ llvm_unreachable("not selective"); }]>,
    InterfaceMethod<
      [{Builds the entry of a key. Shift and weight are null where the reading is
        selective, and the shift is where the normaliser has no state.}],
      "::llvm::SmallVector<::mlir::Value>", "buildEntry",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$score, "::mlir::Value":$weight,
           "::mlir::Value":$shift, "::mlir::Value":$key)>,
    InterfaceMethod<
      [{Builds the entry that brings a slot of another state, under the same pivot,
        into this one. By default the slot's values.}],
      "::llvm::SmallVector<::mlir::Value>", "buildEntryOfSlot",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$slot), "",
      [{ return ::llvm::to_vector(slot); }]>,
    InterfaceMethod<
      [{Builds a slot after an entry, from the slot, the one before it (nothing for
        the first) and the entry. With `inOrder` the entry's key comes behind those
        in the state; else it is any other. By default, which is for sorted lists,
        a slot that the entry comes before takes the slot before it, or the entry
        where that belongs behind it.}],
      "::llvm::SmallVector<::mlir::Value>", "buildInsert",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$slot, "::mlir::ValueRange":$before,
           "::mlir::ValueRange":$entry, "bool":$inOrder), "",
      [{
        return ::mlir::attention::buildSortedInsert(
            builder, loc, slot, before, entry, [&](::mlir::ValueRange other) {
              return $_attr.buildIsBefore(builder, loc, entry, other, inOrder);
            });
      }]>,
    InterfaceMethod<
      [{Builds a slot when weights get a new shift and those so far are multiplied
        by `factor`, which may be 0. By default it stays.}],
      "::llvm::SmallVector<::mlir::Value>", "buildRescale",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$slot, "::mlir::Value":$shift,
           "::mlir::Value":$newShift, "::mlir::Value":$factor), "",
      [{ return ::llvm::to_vector(slot); }]>,
    InterfaceMethod<
      [{Builds a slot's element of each result, from the state of the normaliser
        after all keys.}],
      "::llvm::SmallVector<::mlir::Value>", "buildResults",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::ValueRange":$slot,
           "::mlir::attention::OnlineNormaliserAttrInterface":$normaliser,
           "::mlir::ValueRange":$normaliserState)>,
    InterfaceMethod<
      [{Builds the same reading at the graph level, of a tensor of weights
        [b…, i, j], and returns its results. Keys are counted from `firstKey`, or
        from 0 where that is null.}],
      "::llvm::SmallVector<::mlir::Value>", "buildGraphLevel",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc,
           "::mlir::Value":$weights, "::mlir::Value":$firstKey)>,
  ];
  let extraSharedClassDeclaration = [{
    /// The number of slots.
    int64_t getNumSlots() const {
      return $_attr.getListLength().value_or(1);
    }
  }];
}

def Attention_TopKReadingAttr
    : Attention_Attr<"TopKReading", "top_k",
        [DeclareAttrInterfaceMethods<RowReadingAttrInterface,
           ["getListLength", "isSelective", "buildIsBefore"]>]> {
  let summary = "The k keys of largest weight in a row.";
  let description = [{
    Results are lists of k elements a row: the weights, in decreasing order, and
    their keys as i32. Of equal scores the lower key comes first. Keys of weight 0
    are not listed: where fewer than k remain, the weight is 0 and the key −1. In a
    row with a NaN among its weights all weights are NaN and all keys −1. Written
    `#attention.top_k<8>`.

    It is read off scores, so weights have to grow with them: not those of
    `#attention.as_weights`, which a modifier made.
  }];
  let parameters = (ins "int64_t":$k);
  let assemblyFormat = "`<` $k `>`";
  let genVerifyDecl = 1;
}

def Attention_EntropyReadingAttr
    : Attention_Attr<"EntropyReading", "entropy",
        [DeclareAttrInterfaceMethods<RowReadingAttrInterface,
           ["buildInsert", "buildRescale"]>]> {
  let summary = "The entropy of a row of weights.";
  let description = [{
    −Σ_j w[j] · ln w[j] over the keys, in nats, one value a row: 0 · ln 0 is 0, so
    an empty row gives 0. With sinks, which are no keys, weights add up to less than
    1, and the sum is what it is. A row with a NaN among its weights gives NaN.
    Written `#attention.entropy`.

    Its state is the sum of the unnormalised weights of keys and that of their
    products with score − shift; the formula that makes an entropy of them is the
    normaliser's.
  }];
}

def Attention_ReadingsAttr
    : TypedArrayAttrBase<RowReadingAttrInterface, "what rows of weights are read for">;

#endif // ATTENTION_DIALECT_ATTENTION_IR_ATTENTIONREADINGATTRS_TD
