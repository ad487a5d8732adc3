#pragma once
// Answers as `mysqlfabric` prints them. Pure.
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "common/fabric/value.h"

namespace weft::cli::mysqlfabric {

// An answer with its envelope.
struct Result {
  std::string fabric_uuid;
  int64_t ttl = 0;
  fabric::Answer answer;
};

// To the original's letter: two lines of header, then each result set with columns to the right,
// or the error. Booleans are 1 and 0, a double has at most 12 digits, nothing is "None".
std::string RenderTables(const Result& result);

// The same as JSON on one line, in the form of Fabric's `SET format = 'json'`: an array with one
// element for the envelope and one for each result set, each an array of rows, each an object.
// Where Fabric's text says None, null.
std::string RenderJson(const Result& result);

// One value as it stands in a table.
std::string ShowValue(const fabric::Value& value);

}  // namespace weft::cli::mysqlfabric
