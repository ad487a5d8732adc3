#pragma once
// The first packets of a MySQL-RPC connection: what Fabric 1.5 greeted with, and the login that
// clients send back.
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "services/gateway/mysqlrpc/replies.h"

namespace weft::gateway::mysqlrpc {

// Deployment scripts wait for the word "fabric" in this.
inline constexpr char kServerVersion[] = "1.5.5-fabric";

// Bits of the protocol's capabilities.
inline constexpr uint32_t kLongPassword = 0x00000001;
inline constexpr uint32_t kLongFlag = 0x00000004;
inline constexpr uint32_t kConnectWithDatabase = 0x00000008;
inline constexpr uint32_t kProtocol41 = 0x00000200;
inline constexpr uint32_t kInteractive = 0x00000400;
inline constexpr uint32_t kSecureConnection = 0x00008000;
inline constexpr uint32_t kMultiResults = 0x00020000;
// What Fabric offers: no plugins (so clients answer by mysql_native_password), no TLS, no
// DEPRECATE_EOF.
inline constexpr uint32_t kServerCapabilities =
    kLongPassword | kLongFlag | kProtocol41 | kInteractive | kSecureConnection | kMultiResults;
inline constexpr uint8_t kCharset = 33;  // utf8_general_ci

// Bytes of the random challenge. None of them may be NUL: clients read it as a C string.
inline constexpr size_t kScrambleBytes = 20;

// Makes a challenge of random bytes: those that are NUL become something else.
// REQUIRES: kScrambleBytes bytes.
std::string ScrambleOf(std::string random);

// Payload of the greeting. REQUIRES: `scramble` has kScrambleBytes bytes.
std::string Greeting(uint32_t connection_id, absl::string_view scramble);

struct HandshakeResponse {
  uint32_t capabilities = 0;
  std::string user;
  // SHA1(password) XOR SHA1(scramble + SHA1(SHA1(password))), empty for no password.
  std::string proof;
  // nullopt: none was asked for.
  std::optional<std::string> database;
};

// The answer to the greeting, or what to tell a client that cannot be served: 1043 for bytes that
// are no answer, 1002 for one that cannot read several result sets or speaks a protocol older than
// 4.1.
struct LoginRequest {
  HandshakeResponse response;
  std::optional<Error> error;
};
LoginRequest ParseHandshakeResponse(absl::string_view payload);

// COM_CHANGE_USER without its first byte: pools send it before they lend a connection out again.
// Proves the password against the connection's one challenge. nullopt where it cannot be read.
std::optional<HandshakeResponse> ParseChangeUser(absl::string_view text);

}  // namespace weft::gateway::mysqlrpc
