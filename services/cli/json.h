#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weft::cli {

// The stable machine-readable form of the API's messages, on one line. Pure.
//   field names    as in the .proto files (snake_case); every field is there, in their order
//   absent message null
//   numbers        JSON numbers, 64-bit ones too
//   enums          their names ("PRIMARY")
//   google.protobuf.Timestamp   RFC 3339 in UTC, microseconds: "2026-01-02T03:04:05.678901Z"
//   google.protobuf.Duration    seconds as a number
//   NAME_json      the object it holds, as NAME (null when empty or malformed)
// Field names in `without` are left out at the top level (page tokens).
std::string ToJson(const google::protobuf::Message& message,
                   const std::vector<std::string>& without = {});

// {"name":value,...} of values that are JSON already.
std::string JsonObject(const std::vector<std::pair<std::string, std::string>>& members);
// [value,...] of values that are JSON already.
std::string JsonArray(const std::vector<std::string>& values);
std::string JsonString(absl::string_view text);

// {"error":{"code","reason","message","expected","found","next_step","metadata"}}.
// REQUIRES: !status.ok().
std::string ErrorToJson(const absl::Status& status);

// The same data as YAML, in the same order; ends in a line feed. Strings that YAML would read as
// something else are quoted. REQUIRES: `json` is JSON (INVALID JSON gives a quoted string).
std::string JsonToYaml(absl::string_view json);

}  // namespace weft::cli
