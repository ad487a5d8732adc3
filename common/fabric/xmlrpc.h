#pragma once
// XML-RPC as MySQL Fabric speaks it, both directions. Pure. What is written is byte for byte what
// the original wrote (Python 2's xmlrpclib), for old clients read it with hand-made parsers: no
// white space between <value> and its typed child, no <i8>. What is read may be any XML-RPC in
// UTF-8, bounded by Limits; a document type, and with it every entity of one's own, is refused.
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/fabric/value.h"

namespace weft::fabric::xmlrpc {

// Beyond any of them a text is refused before it is built. The memory that a text takes is at most
// about 100 bytes an element and twice its own length.
struct Limits {
  size_t bytes = 1 << 20;
  // Of elements in one another: a plain argument is five deep, an array or struct adds three.
  int depth = 64;
  int elements = 50'000;
};
// What a client lets a server answer.
inline constexpr Limits kAnswerLimits = {.bytes = 256 << 20, .depth = 64, .elements = 10'000'000};

struct Fault {
  int64_t code = 1;
  std::string text;
  friend bool operator==(const Fault&, const Fault&) = default;
};

// The server's direction.

// INVALID_ARGUMENT with expat's words and the place ("not well-formed (invalid token): line 1,
// column 4") for what is no XML-RPC call, RESOURCE_EXHAUSTED beyond a limit. Strings are UTF-8
// without NUL; a bare <value>text</value> is one, and so is a dateTime.iso8601; base64 is refused.
absl::StatusOr<Call> ParseRequest(absl::string_view text, const Limits& limits = {});

// The envelope of format version 1: version, Fabric's uuid, ttl, error, result sets. NULL in a
// column of strings is the text "None". OUT_OF_RANGE "int exceeds XML-RPC limits" for an integer
// beyond 32 bits, which the original made a Fault.
absl::StatusOr<std::string> WriteAnswer(const Answer& answer, int ttl);
// A response that is one bare value: the system.* methods'. As WriteAnswer otherwise.
absl::StatusOr<std::string> WriteValue(const Value& value);
// A code beyond 32 bits is written as 1.
std::string WriteFault(const Fault& fault);

// The client's direction.

// `named` is not sent: there is no place for it. OUT_OF_RANGE as WriteAnswer.
absl::StatusOr<std::string> WriteRequest(const Call& call);

// What was received is of no type that a column declares: all columns read as strings', values have
// the type that they had on the wire.
struct Envelope {
  std::string fabric_uuid;
  int64_t ttl = 0;
  Answer answer;
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

// Errors as ParseRequest; a Fault is a result. A response that is one but holds no envelope (an
// older format) is INVALID_ARGUMENT.
absl::StatusOr<std::variant<Envelope, Fault>> ParseAnswer(absl::string_view text,
                                                          const Limits& limits = kAnswerLimits);
absl::StatusOr<std::variant<Value, Fault>> ParseValue(absl::string_view text,
                                                      const Limits& limits = kAnswerLimits);

}  // namespace weft::fabric::xmlrpc
