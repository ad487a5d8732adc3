#pragma once
// Arguments of a call as Fabric takes them: bound to parameters as Python does, and read with its
// leniency, since MySQL-RPC sends everything as text. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/fabric/command_table.h"
#include "common/fabric/value.h"
#include "common/model/server.h"

namespace weft::gateway {

// One value for each parameter of `command`, in their order: nil and what is missing are the
// default. An error says what Python would: "execute() takes at least 2 arguments (1 given)".
absl::StatusOr<fabric::List> Bind(const fabric::Command& command, const fabric::Call& call);

// As Python's str(): "None", "True", "1", "0.5"; a text as it is.
std::string TextOf(const fabric::Value& value);
// A text, or "" for nil.
std::string TextOrEmpty(const fabric::Value& value);
// As Python's int(); nullopt where that raises.
std::optional<int64_t> IntegerOf(const fabric::Value& value);
// As Python's float(), finite or not; nullopt where that raises.
std::optional<double> NumberOf(const fabric::Value& value);
// The texts of a list; one value alone is a list of one, nil an empty one.
std::vector<std::string> TextsOf(const fabric::Value& value);

// As Python's truth: false for nil, false, zero and what is empty; the text "0" is true.
bool IsTruthy(const fabric::Value& value);
// False for the values that make a call asynchronous: FALSE in any case, and 0. All else is true,
// nonsense too.
bool IsSynchronous(const fabric::Value& value);

// Names in any case, or their index as Python's lists take it: -1 is the last one. The error is a
// ServerError that lists what is possible. A status is one of the four that can be stored.
absl::StatusOr<ServerStatus> StatusOfArgument(const fabric::Value& value);
absl::StatusOr<ServerMode> ModeOfArgument(const fabric::Value& value);

// The numbers of the wire: FAULTY 0, SPARE 1, SECONDARY 2, PRIMARY 3, CONFIGURING 4; OFFLINE 0,
// READ_ONLY 1, WRITE_ONLY 2, READ_WRITE 3.
int NumberOnWire(ServerStatus status);
int NumberOnWire(ServerMode mode);

// True where SQL's LIKE would match `text` with `pattern`: % and _, letters of either case.
bool IsLike(absl::string_view text, absl::string_view pattern);

}  // namespace weft::gateway
