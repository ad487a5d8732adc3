#pragma once
// How MySQL-RPC writes values down: as the text of a row, or as JSON.
#include <string>

#include "absl/strings/string_view.h"
#include "common/fabric/value.h"
#include "services/gateway/mysqlrpc/replies.h"

namespace weft::gateway::mysqlrpc {

ColumnType ColumnTypeOf(fabric::Type type);

// True for nil and for the text "None", as which Fabric's commands tell of it.
bool IsNone(const fabric::Value& value);

// A number as Python 2 prints it: twelve digits, and "1.0" for one without a fraction.
std::string FloatText(double value);

// The text of a row's field; booleans are 1 and 0, lists and structs JSON. REQUIRES: not IsNone.
std::string FieldText(const fabric::Value& value);

// An array with an element for each result set, which is an array of objects by column. ASCII only:
// bytes that are no UTF-8 become U+FFFD.
std::string JsonText(const std::vector<fabric::ResultSet>& sets);

}  // namespace weft::gateway::mysqlrpc
