//===- ScoreRules.h - What all score functions share --------*- C++ -*-===//
//
// Result types, verification and reification that every score function has:
// queries [b…, i, d_q] and keys [b…, j, d_k] give scores [b…, i, j].
//
//===----------------------------------------------------------------------===//

#ifndef ATTENTION_LIB_DIALECT_ATTENTION_IR_SCORERULES_H
#define ATTENTION_LIB_DIALECT_ATTENTION_IR_SCORERULES_H

#include "Attention/Dialect/Attention/IR/AttentionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"

namespace mlir::attention {

/// The extent of the last dimension: the number of features.
int64_t getNumFeatures(Value matrix);

/// The number of rows [.., i, ..] of a matrix [b…, i, d].
int64_t getNumRows(Value matrix);

/// The element type of the scores.
Type getScoreComputeType(ScoreOpInterface op);

/// [b…, i, d] × [b…, j, d'] -> [b…, i, j] of the compute type of both.
LogicalResult inferScoreType(MLIRContext *context, std::optional<Location> loc,
                             Value query, Value key,
                             SmallVectorImpl<Type> &types);

/// The inferred score type, or it with some extents more or less static, or in
/// f64 for values that are f64.
bool isScoreType(TypeRange inferred, TypeRange actual);

/// Checks the shapes of the queries and keys, but for their numbers of
/// features.
LogicalResult verifyQueryAndKey(ScoreOpInterface op);

/// Checks a parameter of shape [extents…], where each extent has the name
/// `what` in messages.
LogicalResult verifyParameter(Operation *op, Value parameter, StringRef name,
                              Type computeType, StringRef layout,
                              ArrayRef<std::pair<int64_t, StringRef>> extents);

/// The extents of the scores.
LogicalResult reifyScores(ScoreOpInterface op, OpBuilder &builder,
                          ReifiedRankedShapedTypeDims &shapes);

} // namespace mlir::attention

#endif // ATTENTION_LIB_DIALECT_ATTENTION_IR_SCORERULES_H
