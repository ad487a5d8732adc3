#pragma once
// The reading half of XML-RPC: a text becomes its method and its values. Pure; use xmlrpc.h.
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/fabric/value.h"
#include "common/fabric/xmlrpc.h"

namespace weft::fabric::xmlrpc {

struct Document {
  enum class Kind { kCall, kResponse, kFault };
  Kind kind = Kind::kCall;
  std::string method;  // of a call
  // Of a call its arguments, of a response exactly one value, of a fault what <fault> holds.
  List values;
};

// Errors as ParseRequest. Any thread; a parser is kept for each thread that has called.
absl::StatusOr<Document> ReadDocument(absl::string_view text, const Limits& limits);

}  // namespace weft::fabric::xmlrpc
