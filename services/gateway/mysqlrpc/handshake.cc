#include "services/gateway/mysqlrpc/handshake.h"

#include "services/gateway/mysqlrpc/fields.h"

namespace weft::gateway::mysqlrpc {
namespace {

constexpr size_t kReservedBytes = 23;
constexpr size_t kFirstScrambleBytes = 8;

// Some clients count a terminating NUL in.
std::string ProofOf(absl::string_view field) {
  if (field.size() == kScrambleBytes + 1 && field.back() == '\0') field.remove_suffix(1);
  return std::string(field);
}

std::optional<HandshakeResponse> Parse(absl::string_view payload) {
  Cursor cursor(payload);
  HandshakeResponse response;
  const std::optional<uint64_t> capabilities = cursor.Integer(4);
  const bool has_head = capabilities.has_value() && cursor.Integer(4).has_value() &&
                        cursor.Integer(1).has_value() && cursor.Bytes(kReservedBytes).has_value();
  if (!has_head) return std::nullopt;
  response.capabilities = static_cast<uint32_t>(*capabilities);
  const std::optional<absl::string_view> user = cursor.Terminated();
  if (!user.has_value()) return std::nullopt;
  response.user = std::string(*user);
  const std::optional<absl::string_view> proof = cursor.LengthEncodedString();
  if (!proof.has_value()) return std::nullopt;
  response.proof = ProofOf(*proof);
  if ((response.capabilities & kConnectWithDatabase) != 0 && !cursor.rest().empty()) {
    const std::optional<absl::string_view> database = cursor.Terminated();
    if (!database.has_value()) return std::nullopt;
    response.database = std::string(*database);
  }
  return response;
}

}  // namespace

std::string ScrambleOf(std::string random) {
  for (char& byte : random) {
    if (byte == '\0') byte = '\x2a';
  }
  return random;
}

std::string Greeting(uint32_t connection_id, absl::string_view scramble) {
  std::string out;
  AppendInteger(out, 10, 1);
  out += kServerVersion;
  out.push_back('\0');
  AppendInteger(out, connection_id, 4);
  out += std::string(scramble.substr(0, kFirstScrambleBytes));
  out.push_back('\0');
  AppendInteger(out, kServerCapabilities & 0xffff, 2);
  AppendInteger(out, kCharset, 1);
  AppendInteger(out, 0, 2);  // Status.
  AppendInteger(out, kServerCapabilities >> 16, 2);
  AppendInteger(out, 0, 1);  // The length of a plugin's data: there is no plugin.
  out.append(10, '\0');
  out += std::string(scramble.substr(kFirstScrambleBytes));
  out.push_back('\0');
  return out;
}

LoginRequest ParseHandshakeResponse(absl::string_view payload) {
  LoginRequest request;
  std::optional<HandshakeResponse> response = Parse(payload);
  if (!response.has_value()) {
    request.error = Error{1043, "42000", "Bad handshake"};
    return request;
  }
  if ((response->capabilities & kMultiResults) == 0) {
    request.error = Error{1002, "42000", "Client needs CLIENT_MULTI_RESULTS set"};
  } else if ((response->capabilities & kProtocol41) == 0) {
    request.error = Error{1002, "42000", "Client needs CLIENT_PROTOCOL_41 set"};
  }
  request.response = *std::move(response);
  return request;
}

std::optional<HandshakeResponse> ParseChangeUser(absl::string_view text) {
  Cursor cursor(text);
  const std::optional<absl::string_view> user = cursor.Terminated();
  if (!user.has_value()) return std::nullopt;
  const std::optional<absl::string_view> proof = cursor.LengthEncodedString();
  if (!proof.has_value()) return std::nullopt;
  return HandshakeResponse{.user = std::string(*user), .proof = ProofOf(*proof)};
}

}  // namespace weft::gateway::mysqlrpc
