#pragma once
// Early returns for absl::Status and absl::StatusOr.
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define WEFT_STATUS_CONCAT_INNER(a, b) a##b
#define WEFT_STATUS_CONCAT(a, b) WEFT_STATUS_CONCAT_INNER(a, b)

// Evaluates an expression of type absl::Status once and returns it from the enclosing function
// unless it is OK.
//   WEFT_RETURN_IF_ERROR(session->Execute(kStopReceiver));
#define WEFT_RETURN_IF_ERROR(expression)                                                   \
  do {                                                                                     \
    if (absl::Status weft_status_ = (expression); !weft_status_.ok()) return weft_status_; \
  } while (false)

// Evaluates an expression of type absl::StatusOr<T> once; returns its status when that is an error,
// else moves the value into `target`, which may be a declaration. A type with a comma in it needs
// an alias or auto.
//   WEFT_ASSIGN_OR_RETURN(const ResultSet rows, session->Query(kShowServers));
#define WEFT_ASSIGN_OR_RETURN(target, expression) \
  WEFT_ASSIGN_OR_RETURN_IMPL(WEFT_STATUS_CONCAT(weft_status_or_, __LINE__), target, expression)

#define WEFT_ASSIGN_OR_RETURN_IMPL(holder, target, expression) \
  auto holder = (expression);                                  \
  if (!holder.ok()) return std::move(holder).status();         \
  target = std::move(holder).value()
