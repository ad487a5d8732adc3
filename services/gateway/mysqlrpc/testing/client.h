#pragma once
// The client's side of MySQL-RPC, as far as tests speak it by hand.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace weft::gateway::mysqlrpc::testing {

// LONG_PASSWORD, PROTOCOL_41, SECURE_CONNECTION, MULTI_RESULTS.
inline constexpr uint32_t kUsualCapabilities = 0x00028201;

// Payload of the answer to the greeting.
std::string LoginPayload(absl::string_view user, absl::string_view proof, uint32_t capabilities);

// What proves `password` against `scramble`.
std::string ProofOf(absl::string_view password, absl::string_view scramble);
// SHA1(SHA1(password)) in upper-case hexadecimal digits.
std::string NativeHash(absl::string_view password);

// One packet.
std::string Packet(uint8_t sequence, absl::string_view payload);
// A command of that number, in a packet of sequence 0.
std::string Command(uint8_t command, absl::string_view text = "");
// COM_QUERY
std::string Query(absl::string_view text);

// The payloads of `bytes`; what is no whole packet is left out. Their sequences go to `sequences`.
std::vector<std::string> Payloads(absl::string_view bytes, std::vector<int>* sequences = nullptr);

// The fields of a row's payload, "NULL" for NULL.
std::vector<std::string> RowFields(absl::string_view payload);

// "1234 42000 text" of an ERR payload; "" of others.
std::string ErrorText(absl::string_view payload);

}  // namespace weft::gateway::mysqlrpc::testing
