#include "services/gateway/mysqlrpc/conversation.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/fabric/command_table.h"
#include "services/gateway/mysqlrpc/handshake.h"
#include "services/gateway/mysqlrpc/replies.h"
#include "services/gateway/mysqlrpc/utf8.h"

namespace weft::gateway::mysqlrpc {
namespace {

// The commands that are more than a statement; see "Command Phase" in MySQL's description of its
// protocol.
enum Command : uint8_t {
  kQuit = 0x01,
  kFieldList = 0x04,
  kStatistics = 0x09,
  kPing = 0x0e,
  kChangeUser = 0x11,
  kPrepare = 0x16,
  kSendLongData = 0x18,
  kCloseStatement = 0x19,
  kResetConnection = 0x1f,
};

constexpr char kAbout[] = "MySQL Fabric";

}  // namespace

Conversation::Conversation(Options options) : options_(std::move(options)) {}

std::string Conversation::TakeOutput() { return std::exchange(output_, std::string()); }

Step Conversation::Say(absl::string_view payload) {
  PacketWriter out = Reply();
  out.Append(payload);
  output_ += out.Take();
  return Send{};
}

Step Conversation::Fail(uint16_t code, absl::string_view sql_state, absl::string_view message) {
  return Say(ErrorPayload({code, std::string(sql_state), std::string(message)}));
}

Step Conversation::FailAndEnd(uint16_t code, absl::string_view sql_state,
                              absl::string_view message) {
  Fail(code, sql_state, message);
  state_ = State::kEnd;
  return End{};
}

Step Conversation::Next() {
  if (!output_.empty()) {
    if (state_ == State::kEnd) return End{};
    return Send{};
  }
  if (state_ == State::kEnd) return End{};
  if (state_ == State::kGreeting) {
    PacketWriter greeting(0);
    greeting.Append(Greeting(options_.connection_id, options_.scramble));
    output_ = greeting.Take();
    state_ = State::kLogin;
    return Send{};
  }
  for (;;) {
    std::optional<Step> step = OnPacket();
    if (step.has_value()) return *std::move(step);
  }
}

std::optional<Step> Conversation::OnPacket() {
  std::string payload;
  const size_t limit = state_ == State::kReady ? kMaxCommandBytes : kMaxLoginBytes;
  switch (reader_.Read(limit, sequence_, payload)) {
    case PacketReader::Found::kPartial:
      return Read{};
    case PacketReader::Found::kTooLong:
      return state_ == State::kReady
                 ? FailAndEnd(1153, "08S01", "Got a packet bigger than 'max_allowed_packet' bytes")
                 : FailAndEnd(1043, "42000", "Bad handshake");
    case PacketReader::Found::kPacket:
      break;
  }
  if (state_ == State::kReady) return OnCommand(payload);
  return OnLogin(payload);
}

Step Conversation::OnLogin(absl::string_view payload) {
  LoginRequest request = ParseHandshakeResponse(payload);
  if (request.error.has_value()) {
    return FailAndEnd(request.error->code, request.error->sql_state, request.error->message);
  }
  if (!options_.asks_for_login) {
    Admit();
    return Send{};
  }
  user_ = request.response.user;
  return Login{std::move(request.response.user), std::move(request.response.proof)};
}

void Conversation::Admit() {
  state_ = State::kReady;
  Say(OkPayload());
}

void Conversation::Deny(absl::string_view why) {
  FailAndEnd(1044, "42000", absl::StrCat("Access denied for user '", user_, "'", why));
}

std::optional<Step> Conversation::OnCommand(absl::string_view payload) {
  if (payload.empty()) return FailAndEnd(1047, "08S01", "Unknown command");
  const absl::string_view text = payload.substr(1);
  switch (static_cast<uint8_t>(payload.front())) {
    case kQuit:
      state_ = State::kEnd;
      return End{};
    case kPing:
      return Say(OkPayload(kAbout));
    case kStatistics:
      return Say(kAbout);
    case kFieldList:  // Of a table that is not there.
      return Say(EofPayload());
    case kResetConnection:
      format_ = Format::kRows;
      return Say(OkPayload());
    case kChangeUser:
      return OnChangeUser(text);
    case kPrepare:
      // Its client would take result sets for a statement's number. Most then send the text.
      return Fail(1295, "HY000",
                  "This command is not supported in the prepared statement protocol yet");
    case kSendLongData:
    case kCloseStatement:  // Nobody waits for an answer to these.
      return std::nullopt;
    default:
      return OnStatement(text);
  }
}

Step Conversation::OnChangeUser(absl::string_view text) {
  std::optional<HandshakeResponse> change = ParseChangeUser(text);
  if (!change.has_value()) return FailAndEnd(1043, "42000", "Bad handshake");
  // Whatever the one before has set.
  format_ = Format::kRows;
  if (!options_.asks_for_login) return Say(OkPayload());
  user_ = change->user;
  return Login{std::move(change->user), std::move(change->proof)};
}

Step Conversation::OnStatement(absl::string_view text) {
  Statement statement = ParseStatement(text);
  if (std::holds_alternative<OtherStatement>(statement)) return Say(OkPayload());
  if (!IsUtf8(text)) return Fail(1300, "HY000", "Invalid utf8 character string");
  if (const auto* show = std::get_if<ShowProcedureStatement>(&statement)) {
    return ShowProcedure(*show);
  }
  if (std::holds_alternative<ListProceduresStatement>(statement)) return ListProcedures();
  if (const auto* set = std::get_if<SetFormatStatement>(&statement)) return SetFormat(*set);
  auto* call = std::get_if<CallStatement>(&statement);
  if (call == nullptr) return Fail(1149, "42000", "You have an error in your SQL syntax");
  method_ = call->call.method;
  table_ = absl::StrCat(call->group, "_", call->command);
  return Execute{std::move(*call)};
}

Step Conversation::ShowProcedure(const ShowProcedureStatement& statement) {
  const std::string method = absl::StrCat(statement.group, ".", statement.command);
  const fabric::Command* command = fabric::FindCommand(method);
  if (command == nullptr) {
    return Fail(1106, "22000", absl::StrCat("Fabric command ", method, " does not exists"));
  }
  std::string help = absl::StrCat(command->Signature(), "\n\n", command->summary);
  if (!command->details.empty()) absl::StrAppend(&help, "\n\n", command->details);
  const fabric::ResultSet set{.columns = {{"fabric_help"}}, .rows = {{{help}}}};
  PacketWriter out = Reply();
  AppendResultSet(set, "fabric_help", 0, out);
  output_ = out.Take();
  return Send{};
}

Step Conversation::ListProcedures() {
  fabric::ResultSet set{.columns = {{"SPECIFIC_NAME"},
                                    {"ROUTINE_CATALOG"},
                                    {"ROUTINE_SCHEMA"},
                                    {"ROUTINE_NAME"},
                                    {"ROUTINE_TYPE"}}};
  for (const fabric::Command& command : fabric::Commands()) {
    set.rows.push_back({{command.method()},
                        {std::string("fabric")},
                        {command.group},
                        {command.name},
                        {std::string("FABRIC_COMMAND")}});
  }
  PacketWriter out = Reply();
  AppendResultSet(set, "routines", 0, out, "information_schema");
  output_ = out.Take();
  return Send{};
}

Step Conversation::SetFormat(const SetFormatStatement& statement) {
  // The original sends an OK behind this error, which the client takes for the answer to its next
  // statement.
  if (statement.format != "json") {
    return Fail(1228, "42000", absl::StrCat("Format '", statement.format, "' is not supported"));
  }
  format_ = Format::kJson;
  return Say(OkPayload());
}

void Conversation::Answer(const fabric::Answer& answer, int ttl) {
  PacketWriter out = Reply();
  AppendAnswer(answer, ttl, table_, format_, out);
  output_ = out.Take();
}

std::string Conversation::Rows(const fabric::Answer& answer, int ttl, absl::string_view table) {
  PacketWriter out(1);
  AppendAnswer(answer, ttl, table, Format::kRows, out);
  return out.Take();
}

void Conversation::RefuseUnknown() { Fail(1106, "HY000", "Unknown Fabric command"); }

void Conversation::RefuseDenied(absl::string_view user) {
  Fail(1370, "42000",
       absl::StrCat("Execute command denied to user '", user, "' for command '", method_, "'"));
}

}  // namespace weft::gateway::mysqlrpc
