#include "services/controller/mysql/clone.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/mysql/clone_sql.h"
#include "common/mysql/clone_statement.h"
#include "common/mysql/errors.h"
#include "common/mysql/quote.h"
#include "services/controller/mysql/farm_sql.h"
#include "services/controller/mysql/preparation.h"
#include "services/controller/mysql/steps.h"
#include "services/controller/mysql/turn.h"

namespace weft::controller {
namespace {

namespace statements = mysql::statements;

constexpr absl::Duration kPoll = absl::Milliseconds(100);
constexpr absl::Duration kEndOfAnother = absl::Seconds(10);
// The last part of the progress is the restart, of which nothing is known in advance.
constexpr double kCopyShare = 0.9;

constexpr absl::string_view kAnotherWay =
    "fill it another way: weft group remove GROUP SERVER; weft server clone GROUP SERVER "
    "--surrender; weft group add GROUP SERVER";

absl::Status CheckVersions(Turn& donor, Turn& recipient) {
  if (!recipient.dialect().can.clone_plugin || !donor.dialect().can.clone_plugin) {
    return ::weft::Refusal(
        absl::StatusCode::kUnimplemented, "CLONE_UNAVAILABLE",
        "Weft uses the CLONE plugin from MySQL 8.0.24 on", "8.0.24 or later",
        absl::StrCat("donor ", donor.version().text, ", recipient ", recipient.version().text),
        kAnotherWay);
  }
  const bool same = donor.version().major == recipient.version().major &&
                    donor.version().minor == recipient.version().minor;
  if (same) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "CLONE_VERSION_MISMATCH",
                         "donor and recipient must be of one version", recipient.version().text,
                         donor.version().text, "bring both to the same version");
}

// Tables that would arrive empty in a server that looks whole.
absl::Status CheckEngines(Turn& donor) {
  const auto reader = donor.OpenFor(Duty::kBackup);
  if (!reader.ok()) return Annotate(reader.status(), "the backup account on the donor");
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet tables,
                        (*reader)->Query(statements::kTablesWithoutTransactions));
  if (tables.empty()) return absl::OkStatus();
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "CLONE_UNAVAILABLE",
      absl::StrCat("the CLONE plugin leaves tables of other engines than InnoDB empty, and ",
                   donor.address().ToString(), " has them"),
      "InnoDB tables",
      absl::StrCat(tables.size(), " of another engine, as ", tables.front().StringOr("name", "")),
      kAnotherWay);
}

absl::Status InstallClone(Turn& turn) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet plugin, turn.Read(statements::kClonePluginActive));
  if (!plugin.empty() && plugin.front().StringOr("status", "") == "ACTIVE") return absl::OkStatus();
  return WithoutSuperReadOnly(turn, [&turn] {
    return turn.Change("installing the CLONE plugin", statements::kInstallClone);
  });
}

// A clone that was killed ends within seconds: it looks for its donor every five. Returns when it
// began.
absl::StatusOr<std::string> AwaitNoClone(Turn& turn) {
  const Deadline patience = Deadline::After(turn.clock(), kEndOfAnother);
  while (true) {
    WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet status, turn.Read(statements::kCloneStatus));
    if (status.empty() || status.front().StringOr("state", "") != "In Progress") {
      return mysql::CloneBeganAt(status);
    }
    if (patience.Passed()) {
      return ::weft::Refusal(
          absl::StatusCode::kAborted, "CLONE_UNDER_WAY",
          absl::StrCat("a clone onto ", turn.address().ToString(), " is already under way"),
          "no other clone", absl::StrCat("one from ", status.front().StringOr("source", "?")),
          "wait for it to end");
    }
    turn.clock()->Sleep(kPoll);
  }
}

// Returns when the clone before this one began.
absl::StatusOr<std::string> PrepareRecipient(const CloneOrder& order, Turn& turn) {
  WEFT_RETURN_IF_ERROR(InstallClone(turn));
  WEFT_ASSIGN_OR_RETURN(std::string earlier, AwaitNoClone(turn));
  WEFT_RETURN_IF_ERROR(Run(Detach{order.recipient_uuid}, turn));
  WEFT_RETURN_IF_ERROR(Run(Fence{order.recipient_uuid, true}, turn));
  WEFT_RETURN_IF_ERROR(PersistReadOnlyStart(turn));
  // The donor's own channel comes along with its data: it must not start.
  WEFT_RETURN_IF_ERROR(
      turn.Change("keeping replication off at the next start",
                  statements::PersistSkipReplicaStart(turn.dialect().skip_replica_start)));
  WEFT_ASSIGN_OR_RETURN(
      const std::string donors,
      mysql::BindParams(statements::kDonorList, {order.donor->address().ToString()}));
  WEFT_RETURN_IF_ERROR(turn.Change("naming the donor", donors));
  // CLONE refuses a super_read_only recipient; it is persisted, so the restart brings it back.
  WEFT_RETURN_IF_ERROR(
      turn.Change("lifting super_read_only for the clone", sql::kSuperReadOnlyOff));
  return earlier;
}

absl::StatusOr<std::unique_ptr<mysql::CloneStatement>> StartClone(const CloneOrder& order,
                                                                  const Deadline& deadline) {
  Opener::OpenOptions how;
  how.read = deadline.Remaining();
  WEFT_ASSIGN_OR_RETURN(auto session,
                        order.opener->Open(order.recipient->address(), Duty::kRestore, how));
  WEFT_ASSIGN_OR_RETURN(const std::string password, order.options->backup.password());
  const HostPort& donor = order.donor->address();
  std::string sql =
      statements::CloneFrom(mysql::QuoteAccount(order.options->backup.user, donor.host), donor.port,
                            mysql::QuoteString(password));
  return std::make_unique<mysql::CloneStatement>(std::move(session), std::move(sql));
}

double FractionOf(const mysql::CloneBytes& bytes) {
  const auto done = static_cast<double>(bytes.done);
  return bytes.estimate > 0 ? kCopyShare * done / static_cast<double>(bytes.estimate) : 0;
}

// Follows the statement to its end. OK when it ended as the restart ends it.
absl::Status Watch(const CloneOrder& order, const mysql::CloneStatement& statement, Turn& turn) {
  const Deadline& deadline = turn.deadline();
  while (!statement.done()) {
    if (deadline.Passed() || !turn.MayAct().ok()) {
      auto killer = turn.OpenFor(Duty::kRestore);  // the manager may not (SYSTEM_USER)
      if (killer.ok()) (*killer)->Execute(sql::kKill, {statement.id()}).status().IgnoreError();
      if (!deadline.Passed()) return turn.MayAct();
      return absl::DeadlineExceededError(
          absl::StrCat("the clone onto ", turn.address().ToString(), " took too long"));
    }
    // The session dies with the server's restart, just as the statement ends.
    if (order.progress && !turn.broken()) {
      if (auto stages = turn.Read(statements::kCloneProgress); stages.ok()) {
        order.progress(FractionOf(mysql::BytesOf(*stages)));
      }
    }
    order.clock->Sleep(kPoll);
  }
  const absl::Status status = statement.status();
  const mysql::CloneEnd end = mysql::CloneEndOf(status);
  if (end == mysql::CloneEnd::kNoSupervisor) {
    WEFT_LOG(kWarning, "a cloned server has no supervisor and must be started by hand",
             {{"server", turn.address().ToString()}});
  }
  if (end != mysql::CloneEnd::kFailed) return absl::OkStatus();
  // The statement names a password.
  return mysql::CloneFailed(turn.address().ToString(),
                            absl::StrCat("error ", mysql::MysqlErrorCode(status),
                                         " of CLONE (is the backup account on "
                                         "the donor, and the donor reachable from it?)"));
}

// super_read_only was lifted for the clone. The turn's time may be used up by then.
void CloseAgain(const CloneOrder& order, const Turn& turn) {
  if (!turn.MayAct().ok()) return;  // whoever leads now sees to it
  auto session = turn.OpenSecond();
  absl::Status status = session.status();
  if (status.ok()) {
    (*session)->set_statement_timeout(order.options->connect_timeout);
    status = (*session)->Execute(sql::kSuperReadOnlyOn);
  }
  if (status.ok()) return;
  WEFT_LOG(kWarning, "a server was left without super_read_only after a failed clone",
           {{"server", turn.address().ToString()}, {"error", status}});
}

// False while the server is not back from the clone.
absl::StatusOr<bool> IsBack(const CloneOrder& order, const std::string& earlier) {
  auto session = order.opener->Open(order.recipient->address(), Duty::kManage);
  // The accounts are the donor's now; until the restart is over nothing answers.
  if (!session.ok()) return false;
  (*session)->set_statement_timeout(order.options->connect_timeout);
  auto rows = (*session)->Query(statements::kCloneStatus);
  if (!rows.ok()) return false;
  return mysql::HasCompleted(order.recipient->address().ToString(), *rows, earlier);
}

absl::Status AwaitRestart(const CloneOrder& order, const std::string& earlier,
                          const Deadline& deadline) {
  while (true) {
    WEFT_ASSIGN_OR_RETURN(const bool back, IsBack(order, earlier));
    if (back) return absl::OkStatus();
    if (deadline.Passed()) {
      return ::weft::Refusal(
          absl::StatusCode::kDeadlineExceeded, "CLONE_NOT_BACK",
          absl::StrCat(order.recipient->address().ToString(), " has not come back after the clone"),
          "a server that restarts by itself (under a supervisor)", "no answer",
          "start it; its data are the donor's");
    }
    order.clock->Sleep(kPoll);
  }
}

absl::Status SettleRecipient(const CloneOrder& order, const Deadline& deadline) {
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<Turn> turn,
                        order.recipient->Take(order.recipient_uuid, deadline));
  WEFT_RETURN_IF_ERROR(Run(Fence{order.recipient_uuid, false}, *turn));
  WEFT_RETURN_IF_ERROR(Run(Detach{order.recipient_uuid}, *turn));
  return turn->Change("letting replication start again",
                      statements::ResetSkipReplicaStart(turn->dialect().skip_replica_start));
}

}  // namespace

absl::Status CloneServer(const CloneOrder& order, const Deadline& deadline) {
  std::string earlier;
  {
    WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<Turn> recipient,
                          order.recipient->Take(order.recipient_uuid, deadline));
    {
      WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<Turn> donor,
                            order.donor->Take(order.donor_uuid, deadline));
      WEFT_RETURN_IF_ERROR(CheckVersions(*donor, *recipient));
      WEFT_RETURN_IF_ERROR(CheckEngines(*donor));
      WEFT_RETURN_IF_ERROR(InstallClone(*donor));
    }
    WEFT_ASSIGN_OR_RETURN(earlier, PrepareRecipient(order, *recipient));
    WEFT_RETURN_IF_ERROR(recipient->MayAct());
    absl::Status cloned = [&]() -> absl::Status {
      WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<mysql::CloneStatement> statement,
                            StartClone(order, recipient->deadline()));
      return Watch(order, *statement, *recipient);
    }();
    if (!cloned.ok()) {
      CloseAgain(order, *recipient);
      return cloned;
    }
  }
  WEFT_RETURN_IF_ERROR(AwaitRestart(order, earlier, deadline));
  WEFT_RETURN_IF_ERROR(SettleRecipient(order, deadline));
  if (order.progress) order.progress(1.0);
  return absl::OkStatus();
}

}  // namespace weft::controller
