#include "services/gateway/commands/command_executor.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/interrupt.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/fabric/command_table.h"
#include "common/log/log.h"
#include "common/model/ids.h"
#include "services/gateway/commands/arguments.h"
#include "services/gateway/commands/call_counts.h"
#include "services/gateway/commands/fabric_error.h"
#include "services/gateway/commands/handlers.h"
#include "services/gateway/commands/lookups.h"
#include "services/gateway/commands/procedure_book.h"
#include "services/gateway/commands/session.h"
#include "services/gateway/commands/task_pool.h"
#include "services/gateway/permissions.h"

namespace weft::gateway {
namespace {

using fabric::Answer;
using fabric::Command;
using fabric::CommandKind;
using fabric::List;

// Procedures that have ended and may still be asked for.
constexpr size_t kKeptProcedures = 1000;
// So that the answer to manage.stop is on its way.
constexpr absl::Duration kBeforeStop = absl::Milliseconds(100);

rpc::Gauge DepthOf(rpc::Metrics* metrics, const char* lane) {
  return metrics->GetGauge("gateway_commands_under_way",
                           "Commands that wait for a thread or for the controllers.",
                           {{"lane", lane}});
}

std::string RefusalOfLocal(const Command& command) {
  if (command.group == "manage") return "Unimplemented execute method";
  return absl::StrCat(command.method(),
                      " asks for passwords and cannot be called from afar. Please, use: weft ",
                      command.group, " ", command.name);
}

absl::Status TooBusy(size_t waiting) {
  return FabricError(kServiceError,
                     absl::StrCat("Too many commands at once: ", waiting,
                                  " wait for their turn already. Please, try again later."));
}

absl::StatusOr<HostPort> AddressOf(const std::string& text) {
  if (text.empty()) return HostPort();
  return HostPort::Parse(text);
}

}  // namespace

class CommandExecutor::Impl {
 public:
  Impl(std::shared_ptr<rpc::Controllers> controllers,
       std::shared_ptr<rpc::Controllers> provisioners, Options options, FabricNode node,
       Ports ports);
  ~Impl() {
    interrupt_.Raise();
    book_.Close();
  }

  bool IsAllowed(const Caller& caller, const std::string& method) const {
    if (caller.user.empty()) return true;
    return ports_.users != nullptr && gateway::IsAllowed(*ports_.users, caller.user, method);
  }
  void Execute(const Caller& caller, fabric::Call call, Done done);
  int ttl() const { return ttl_; }

 private:
  struct Meter {
    rpc::Counter succeeded;
    rpc::Counter failed;
  };
  // One call of a command, whose answer is due.
  struct Due {
    const Command* command;
    std::string user;
    Done done;
  };

  void Finish(const Due& due, Reply reply);
  void Fail(const Due& due, const absl::Status& error);
  // nullopt where it must be asked for.
  std::optional<Reply> FromMemory(const std::string& method, const List& arguments);
  void RunPlain(const Handler& handler, Due due, List arguments);
  // Its uuid; the answer of a synchronous one is given when it has ended.
  absl::StatusOr<std::string> BeginProcedure(const Handler& handler, std::optional<Due> due,
                                             const Command& command, const std::string& user,
                                             List arguments);
  void RunProcedure(const Handler& handler, const Command& command, const std::optional<Due>& due,
                    Session session, const List& arguments);
  absl::Status Stop();
  // Runs `task` here or in its lane; false where too many wait there.
  bool Put(Lane lane, std::function<void()> task);
  Deadline NewDeadline() const { return Deadline::After(ports_.clock, options_.command_deadline); }
  const Meter& MeterOf(const Command& command) const {
    return meters_[&command - fabric::Commands().data()];
  }

  const Options options_;
  const Ports ports_;
  std::atomic<int> ttl_;
  std::vector<Meter> meters_;  // in the order of fabric::Commands()
  const rpc::Histogram lookup_time_;
  Interrupt interrupt_;
  Lookups lookups_;
  ProcedureBook book_;
  CallCounts counts_;
  Surroundings surroundings_;
  // The last members: their tasks use the others.
  TaskPool changes_;
  TaskPool threats_;
  TaskPool waits_;
};

CommandExecutor::Impl::Impl(std::shared_ptr<rpc::Controllers> controllers,
                            std::shared_ptr<rpc::Controllers> provisioners, Options options,
                            FabricNode node, Ports ports)
    : options_(std::move(options)),
      ports_(ports),
      ttl_(options_.ttl),
      lookup_time_(ports.metrics->GetHistogram("gateway_lookup_seconds",
                                               "Time to answer a lookup from memory.")),
      lookups_(ports.routes, std::move(node)),
      book_(kKeptProcedures),
      surroundings_{.client = rpc::LeaderClient(std::move(controllers), &interrupt_)},
      changes_(options_.threads, options_.max_waiting, DepthOf(ports.metrics, "changes")),
      threats_(options_.threads, options_.max_waiting, DepthOf(ports.metrics, "threats")),
      waits_(options_.threads, options_.max_waiting, DepthOf(ports.metrics, "waits")) {
  for (const Command& command : fabric::Commands()) {
    const auto counter = [&](const char* result) {
      return ports.metrics->GetCounter("gateway_commands_total", "Commands of Fabric answered.",
                                       {{"command", command.method()}, {"result", result}});
    };
    meters_.push_back({counter("ok"), counter("error")});
  }
  if (provisioners != nullptr) {
    surroundings_.provisioners.emplace(std::move(provisioners), &interrupt_);
  }
  surroundings_.routes = ports.routes;
  surroundings_.lookups = &lookups_;
  surroundings_.book = &book_;
  surroundings_.counts = &counts_;
  surroundings_.clock = ports.clock;
  surroundings_.started = ports.clock->Now();
  surroundings_.settle_deadline = options_.settle_deadline;
  surroundings_.stop = [this] { return Stop(); };
  surroundings_.set_ttl = [this](int seconds) { ttl_ = seconds; };
  surroundings_.begin = [this](const std::string& user, const std::string& method,
                               List arguments) -> absl::StatusOr<std::string> {
    return BeginProcedure(*FindHandler(method), std::nullopt, *fabric::FindCommand(method), user,
                          std::move(arguments));
  };
}

void CommandExecutor::Impl::Finish(const Due& due, Reply reply) {
  const bool failed = !reply->error.empty();
  if (failed) counts_.Failed(*due.command);
  const Meter& meter = MeterOf(*due.command);
  (failed ? meter.failed : meter.succeeded).Increment();
  due.done(std::move(reply));
}

void CommandExecutor::Impl::Fail(const Due& due, const absl::Status& error) {
  Finish(due, Answer{PlainText(error), {}});
}

std::optional<Reply> CommandExecutor::Impl::FromMemory(const std::string& method,
                                                       const List& arguments) {
  if (Lookups::Answers(method)) return lookups_.Find(method, arguments);
  if (method != "server.lookup_uuid") return std::nullopt;
  const auto known = lookups_.FindServer(TextOf(arguments[0]));
  if (!known.has_value()) return std::nullopt;
  return Reply(Answer{"", {UuidSet({known->uuid})}});
}

void CommandExecutor::Impl::Execute(const Caller& caller, fabric::Call call, Done done) {
  const absl::Duration begun = ports_.clock->MonotonicNow();
  const Command* const command = fabric::FindCommand(call.method);
  if (command == nullptr) {
    return done(Answer{absl::StrCat("method \"", call.method, "\" is not supported"), {}});
  }
  counts_.Called(*command);
  Due due{command, caller.user, std::move(done)};
  if (command->kind == CommandKind::kLocal) {
    return Finish(due, Answer{RefusalOfLocal(*command), {}});
  }
  absl::StatusOr<List> arguments = Bind(*command, call);
  if (!arguments.ok()) return Fail(due, arguments.status());
  if (std::optional<Reply> reply = FromMemory(call.method, *arguments); reply.has_value()) {
    Finish(due, *std::move(reply));
    lookup_time_.Observe(ports_.clock->MonotonicNow() - begun);
    return;
  }
  const Handler& handler = *FindHandler(call.method);
  if (handler.plain != nullptr) return RunPlain(handler, std::move(due), *std::move(arguments));
  const bool synchronous = IsSynchronous(arguments->back());
  const absl::StatusOr<std::string> uuid =
      BeginProcedure(handler, synchronous ? std::optional<Due>(due) : std::nullopt, *command,
                     caller.user, *std::move(arguments));
  if (!uuid.ok()) return Fail(due, uuid.status());
  if (!synchronous) Finish(due, Answer{"", {UuidSet({*uuid})}});
}

void CommandExecutor::Impl::RunPlain(const Handler& handler, Due due, List arguments) {
  const auto shared = std::make_shared<const Due>(std::move(due));
  const bool put = Put(handler.lane, [this, &handler, shared, arguments = std::move(arguments)] {
    Session session(&surroundings_, shared->user, RandomUuid(), NewDeadline());
    auto sets = handler.plain(session, arguments);
    if (!sets.ok()) {
      return Fail(*shared, Translate(sets.status(), session.subject, handler.fallback));
    }
    Finish(*shared, Answer{"", *std::move(sets)});
  });
  if (!put) Fail(*shared, TooBusy(options_.max_waiting));
}

absl::StatusOr<std::string> CommandExecutor::Impl::BeginProcedure(const Handler& handler,
                                                                  std::optional<Due> due,
                                                                  const Command& command,
                                                                  const std::string& user,
                                                                  List arguments) {
  std::string uuid = RandomUuid();
  book_.Begin(uuid);
  const bool put = Put(handler.lane, [this, &handler, &command, due = std::move(due), user, uuid,
                                      arguments = std::move(arguments)] {
    RunProcedure(handler, command, due, Session(&surroundings_, user, uuid, NewDeadline()),
                 arguments);
  });
  if (put) return uuid;
  book_.Forget(uuid);
  return TooBusy(options_.max_waiting);
}

void CommandExecutor::Impl::RunProcedure(const Handler& handler, const Command& command,
                                         const std::optional<Due>& due, Session session,
                                         const List& arguments) {
  Ended ended{session.request_id(), absl::UnknownError(""), ports_.clock->Now(), {}};
  const absl::Status before =
      handler.before == nullptr ? absl::OkStatus() : handler.before(session, arguments);
  if (before.ok()) {
    ended.outcome = handler.procedure(session, arguments);
  } else {
    ended.outcome = before;
  }
  ended.end = ports_.clock->Now();
  if (!ended.outcome.ok()) {
    ended.outcome = Translate(ended.outcome.status(), session.subject, handler.fallback);
  }
  std::string error;
  if (!before.ok()) {
    error = PlainText(ended.outcome.status());
  } else if (!ended.outcome.ok()) {
    error = ProcedureText(ended.outcome.status());
  }
  WEFT_LOG(kInfo, "command",
           {{"command", command.method()},
            {"user", session.user()},
            {"procedure", ended.uuid},
            {"group", session.subject.group},
            {"server", session.subject.server},
            {"error", error}});
  Answer answer{error, {}};
  if (ended.outcome.ok()) answer.sets = SetsOf(ended);
  book_.End(std::move(ended));
  if (due.has_value()) return Finish(*due, std::move(answer));
  if (!error.empty()) counts_.Failed(command);
}

absl::Status CommandExecutor::Impl::Stop() {
  if (!options_.stop) {
    return FabricError(kServiceError,
                       "This gateway cannot be stopped from afar. Please, stop its process.");
  }
  const bool put = Put(Lane::kWaits, [this] {
    ports_.clock->Sleep(kBeforeStop);
    options_.stop();
  });
  return put ? absl::OkStatus() : TooBusy(options_.max_waiting);
}

bool CommandExecutor::Impl::Put(Lane lane, std::function<void()> task) {
  switch (lane) {
    case Lane::kHere:
      task();
      return true;
    case Lane::kChanges:
      return changes_.Add(std::move(task));
    case Lane::kThreats:
      return threats_.Add(std::move(task));
    case Lane::kWaits:
      return waits_.Add(std::move(task));
  }
  return false;
}

absl::StatusOr<std::unique_ptr<CommandExecutor>> CommandExecutor::Create(Options options,
                                                                         Ports ports) {
  if (options.controllers.empty()) {
    return Refusal(absl::StatusCode::kInvalidArgument, "USAGE",
                   "the gateway knows no controller to ask", "host:port of each", "none", "");
  }
  WEFT_ASSIGN_OR_RETURN(std::shared_ptr<rpc::Controllers> controllers,
                        rpc::Controllers::Create(options.controllers));
  return CreateOver(std::move(controllers), std::move(options), ports);
}

absl::StatusOr<std::unique_ptr<CommandExecutor>> CommandExecutor::CreateOver(
    std::shared_ptr<rpc::Controllers> controllers, Options options, Ports ports) {
  FabricNode node;
  WEFT_ASSIGN_OR_RETURN(node.xmlrpc, AddressOf(options.xmlrpc_address));
  WEFT_ASSIGN_OR_RETURN(node.mysql, AddressOf(options.mysql_address));
  std::shared_ptr<rpc::Controllers> provisioners;
  if (!options.provisioners.empty()) {
    WEFT_ASSIGN_OR_RETURN(provisioners, rpc::Controllers::Create(options.provisioners));
  }
  return std::unique_ptr<CommandExecutor>(
      new CommandExecutor(std::make_unique<Impl>(std::move(controllers), std::move(provisioners),
                                                 std::move(options), std::move(node), ports)));
}

CommandExecutor::CommandExecutor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CommandExecutor::~CommandExecutor() = default;

bool CommandExecutor::Knows(const std::string& method) const {
  return fabric::FindCommand(method) != nullptr;
}

std::vector<std::string> CommandExecutor::Methods() const {
  std::vector<std::string> methods;
  for (const Command& command : fabric::Commands()) methods.push_back(command.method());
  std::sort(methods.begin(), methods.end());
  return methods;
}

std::string CommandExecutor::Help(const std::string& method) const {
  const Command* const command = fabric::FindCommand(method);
  if (command == nullptr) return "";
  return absl::StrCat(command->summary, command->details.empty() ? "" : "\n\n", command->details);
}

bool CommandExecutor::IsAllowed(const Caller& caller, const std::string& method) const {
  return impl_->IsAllowed(caller, method);
}

void CommandExecutor::Execute(const Caller& caller, fabric::Call call, Done done) {
  impl_->Execute(caller, std::move(call), std::move(done));
}

int CommandExecutor::ttl() const { return impl_->ttl(); }

}  // namespace weft::gateway
