// libFuzzer's target for MySQL-RPC: a client that sends what it likes, when it likes.
//
// The first byte chooses: bit 0, whether a login is asked for; bit 1, whether it succeeds; bits 2
// and 3, what a call is answered; the rest, in how long pieces the other bytes arrive.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "common/fabric/value.h"
#include "services/gateway/mysqlrpc/conversation.h"
#include "services/gateway/mysqlrpc/packets.h"
#include "services/gateway/mysqlrpc/statement.h"

namespace weft::gateway::mysqlrpc {
namespace {

// A promise of the code was broken: libFuzzer keeps the input.
void Check(bool holds) {
  if (!holds) std::abort();
}

// The most that one packet of the client makes it send: the list of all routines.
constexpr size_t kMaxAnswerBytes = 64 << 10;

fabric::Answer AnswerFor(const fabric::Call& call) {
  fabric::ResultSet set{.columns = {{"a"}, {"b", fabric::Type::kFloat}}};
  for (const fabric::Value& value : call.arguments) set.rows.push_back({value, {0.5}});
  return {"", {set}};
}

// Whole packets, in sequence.
void CheckOutput(const std::string& output) {
  PacketReader reader;
  reader.Append(output);
  uint8_t sequence = 0;
  std::string payload;
  bool is_first = true;
  for (uint8_t last = 0; reader.size() > 0; last = sequence) {
    Check(reader.Read(kLongestPayload, sequence, payload) == PacketReader::Found::kPacket);
    Check(is_first || sequence == static_cast<uint8_t>(last + 1));
    is_first = false;
  }
}

void AnswerCall(const CallStatement& statement, uint8_t choice, Conversation& conversation) {
  Check(statement.call.method == statement.group + "." + statement.command);
  if ((choice >> 2 & 3) == 0) return conversation.RefuseUnknown();
  if ((choice >> 2 & 3) == 1) return conversation.RefuseDenied("user");
  const fabric::Answer answer = AnswerFor(statement.call);
  conversation.Answer(answer, 1);
}

// Goes on until more bytes are needed. False at the end.
bool Proceed(Conversation& conversation, uint8_t choice) {
  for (;;) {
    Step step = conversation.Next();
    if (std::holds_alternative<Read>(step)) return true;
    if (std::holds_alternative<Login>(step)) {
      (choice & 2) != 0 ? conversation.Admit() : conversation.Deny();
    } else if (const auto* execute = std::get_if<Execute>(&step)) {
      AnswerCall(execute->statement, choice, conversation);
    } else {
      const std::string output = conversation.TakeOutput();
      CheckOutput(output);
      Check(std::holds_alternative<End>(step) || !output.empty());
      Check(output.size() < kMaxAnswerBytes + 2 * kMaxCommandBytes);
      if (std::holds_alternative<End>(step)) return false;
    }
  }
}

void Converse(uint8_t choice, absl::string_view bytes) {
  Conversation conversation({.connection_id = 1,
                             .scramble = "abcdefghijklmnopqrst",
                             .asks_for_login = (choice & 1) != 0});
  const size_t piece = size_t{1} << (choice >> 4);
  while (Proceed(conversation, choice) && !bytes.empty()) {
    conversation.Receive(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    Check(conversation.pending() <= kMaxCommandBytes + kHeaderBytes + piece);
  }
  Check(conversation.Next().index() == conversation.Next().index());
}

}  // namespace
}  // namespace weft::gateway::mysqlrpc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  weft::gateway::mysqlrpc::ParseStatement(bytes);
  weft::gateway::mysqlrpc::Converse(data[0], bytes);
  return 0;
}
