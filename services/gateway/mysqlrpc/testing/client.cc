#include "services/gateway/mysqlrpc/testing/client.h"

#include <openssl/sha.h>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/gateway/mysqlrpc/fields.h"
#include "services/gateway/mysqlrpc/packets.h"

namespace weft::gateway::mysqlrpc::testing {
namespace {

std::string Sha1(const std::string& text) {
  std::string digest(SHA_DIGEST_LENGTH, '\0');
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace

std::string LoginPayload(absl::string_view user, absl::string_view proof, uint32_t capabilities) {
  std::string out;
  AppendInteger(out, capabilities, 4);
  AppendInteger(out, 1 << 24, 4);
  AppendInteger(out, 33, 1);
  out.append(23, '\0');
  absl::StrAppend(&out, user, absl::string_view("\0", 1));
  AppendLengthEncodedString(out, proof);
  return out;
}

std::string ProofOf(absl::string_view password, absl::string_view scramble) {
  std::string proof = Sha1(std::string(password));
  const std::string mask = Sha1(absl::StrCat(scramble, Sha1(proof)));
  for (size_t i = 0; i < proof.size(); ++i) proof[i] ^= mask[i];
  return proof;
}

std::string NativeHash(absl::string_view password) {
  return absl::AsciiStrToUpper(absl::BytesToHexString(Sha1(Sha1(std::string(password)))));
}

std::string Packet(uint8_t sequence, absl::string_view payload) {
  PacketWriter writer(sequence);
  writer.Append(payload);
  return writer.Take();
}

std::string Command(uint8_t command, absl::string_view text) {
  return Packet(0, absl::StrCat(std::string(1, static_cast<char>(command)), text));
}

std::string Query(absl::string_view text) { return Command(3, text); }

std::vector<std::string> Payloads(absl::string_view bytes, std::vector<int>* sequences) {
  PacketReader reader;
  reader.Append(bytes);
  std::vector<std::string> payloads;
  uint8_t sequence = 0;
  std::string payload;
  while (reader.Read(kLongestPayload, sequence, payload) == PacketReader::Found::kPacket) {
    payloads.push_back(payload);
    if (sequences != nullptr) sequences->push_back(sequence);
  }
  return payloads;
}

std::vector<std::string> RowFields(absl::string_view payload) {
  std::vector<std::string> fields;
  Cursor cursor(payload);
  while (!cursor.rest().empty()) {
    if (cursor.rest().front() == '\xfb') {
      cursor.Bytes(1);
      fields.push_back("NULL");
      continue;
    }
    const auto text = cursor.LengthEncodedString();
    if (!text.has_value()) break;
    fields.push_back(std::string(*text));
  }
  return fields;
}

std::string ErrorText(absl::string_view payload) {
  Cursor cursor(payload);
  if (cursor.Integer(1) != 0xff) return "";
  const uint64_t code = cursor.Integer(2).value_or(0);
  cursor.Bytes(1);
  const absl::string_view state = cursor.Bytes(5).value_or("");
  return absl::StrCat(code, " ", state, " ", cursor.rest());
}

}  // namespace weft::gateway::mysqlrpc::testing
