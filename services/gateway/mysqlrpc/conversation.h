#pragma once
// One MySQL-RPC connection without its socket: bytes of the client go in; what must be sent, asked
// or done comes out. No clock, no I/O: limits of time and of connections are the listener's.
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "common/fabric/value.h"
#include "services/gateway/mysqlrpc/packets.h"
#include "services/gateway/mysqlrpc/results.h"
#include "services/gateway/mysqlrpc/statement.h"

namespace weft::gateway::mysqlrpc {

// Payloads that a client may send: the longest real call is some hundred bytes.
inline constexpr size_t kMaxLoginBytes = 4 << 10;
inline constexpr size_t kMaxCommandBytes = 64 << 10;

// Steps.
struct Read {};  // Receive more bytes, then Next.
struct Send {};  // Send TakeOutput(), then Next.
// Say Admit or Deny, then Next.
struct Login {
  std::string user;
  std::string proof;  // See ProvesPassword.
};
// Say Answer, RefuseUnknown or RefuseDenied, then Next.
struct Execute {
  CallStatement statement;
};
// Send TakeOutput(), which may be empty, and close.
struct End {};
using Step = std::variant<Read, Send, Login, Execute, End>;

// Not thread-safe. What it holds is bounded by one packet and one answer.
class Conversation {
 public:
  struct Options {
    uint32_t connection_id = 0;
    // See ScrambleOf.
    std::string scramble;
    // False: everybody is let in, whatever they answer.
    bool asks_for_login = true;
  };
  // Its first step is Send: the greeting.
  explicit Conversation(Options options);

  void Receive(absl::string_view bytes) { reader_.Append(bytes); }
  // Answers one packet at most, so that what waits to be sent is one answer at most.
  Step Next();
  std::string TakeOutput();
  // Bytes received and not yet looked at. The owner receives no more while there are many.
  size_t pending() const { return reader_.size(); }
  // Gives memory back, before a client is idle.
  void Shrink() { reader_.Shrink(); }
  // The login is done.
  bool is_ready() const { return state_ == State::kReady; }
  const std::string& scramble() const { return options_.scramble; }

  // REQUIRES: the last step was Login.
  void Admit();
  // `why` follows the text, as ": not now".
  void Deny(absl::string_view why = "");

  // REQUIRES, of all that follow: the last step was Execute.
  void Answer(const fabric::Answer& answer, int ttl);
  // The packets of an answer as rows, made by Rows: as they are, without a copy, they are right
  // if may_send_rows().
  static std::string Rows(const fabric::Answer& answer, int ttl, absl::string_view table);
  // True where the client waits for packets from 1 on, in rows.
  bool may_send_rows() const { return format_ == Format::kRows && sequence_ == 0; }
  void RefuseUnknown();
  // `user` may not execute it.
  void RefuseDenied(absl::string_view user);
  // GROUP_COMMAND of the last Execute.
  const std::string& table() const { return table_; }

 private:
  enum class State { kGreeting, kLogin, kReady, kEnd };

  Step OnLogin(absl::string_view payload);
  // nullopt: the packet wants no answer, the next one is due.
  std::optional<Step> OnPacket();
  std::optional<Step> OnCommand(absl::string_view payload);
  Step OnChangeUser(absl::string_view text);
  Step OnStatement(absl::string_view text);
  Step ShowProcedure(const ShowProcedureStatement& statement);
  Step ListProcedures();
  Step SetFormat(const SetFormatStatement& statement);
  Step Say(absl::string_view payload);
  Step Fail(uint16_t code, absl::string_view sql_state, absl::string_view message);
  Step FailAndEnd(uint16_t code, absl::string_view sql_state, absl::string_view message);
  PacketWriter Reply() const { return PacketWriter(static_cast<uint8_t>(sequence_ + 1)); }

  const Options options_;
  PacketReader reader_;
  State state_ = State::kGreeting;
  Format format_ = Format::kRows;
  // Of the client's last packet.
  uint8_t sequence_ = 0;
  std::string user_;
  std::string method_;
  std::string table_;
  std::string output_;
};

}  // namespace weft::gateway::mysqlrpc
