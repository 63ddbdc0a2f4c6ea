// Sources for message-coverage.test; never compiled. emitError("a comment").
LogicalResult verify(Operation *op) {
  if (covered)
    return op->emitOpError("expected rank ")
           << expected << ", found " << type.getRank();
  if (fragmentOnly)
    return op->emitOpError("expected extent ") << a << ", as of the keys";
  if (generic)
    return emitOptionalError(loc, "expected ", name, " to be positive");
  if (specific)
    return emitError(loc) << "expected the scale to be positive";
  if (conditional)
    return op->emitError() << "expected " << (last ? "the last" : "a first")
                           << " dimension";
  if (twice)
    return emitError(loc, "expected one "
                          "block");
  if (again)
    return emitError(loc, "expected one block");
  if (opaque)
    return op->emitError(message);
  auto diag = op->emitWarning("slow path");
  diag.attachNote() << "because of \"" << reason << "\"";
  diag << ", and more";
  return failure();
}
