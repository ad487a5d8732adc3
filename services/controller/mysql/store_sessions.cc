#include "services/controller/mysql/store_sessions.h"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/backoff.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/mysql/errors.h"
#include "services/controller/mysql/migrations.h"
#include "services/controller/mysql/store_failure.h"
#include "services/controller/mysql/store_sql.h"
#include "services/controller/ports/store_errors.h"

namespace weft::controller {
namespace {

constexpr int kMaxTries = 5;
constexpr BackoffOptions kBackoff = {.initial = absl::Milliseconds(2),
                                     .maximum = absl::Milliseconds(50)};
// How long the server may take to end a session that was killed.
constexpr int kEndSessionSeconds = 1;

// True when the server has closed an idle session: it has restarted, say. Costs no round trip.
bool PeerIsGone(int socket) {
  if (socket < 0) return false;
  pollfd entry = {.fd = socket, .events = POLLRDHUP, .revents = 0};
  return poll(&entry, 1, 0) > 0 && (entry.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

mysql::PoolOptions PoolOptionsOf(const StoreSessions::Options& options) {
  return {.connect = options.connect,
          .max_sessions = options.max_sessions,
          .acquire_timeout = options.acquire_timeout,
          .max_idle = absl::Minutes(10),  // within the wait_timeout of kPrepareSession
          // Borrow looks at the socket instead, which takes no round trip.
          .ping_after = absl::InfiniteDuration()};
}

}  // namespace

void LostWrites::Add(const LostWrite& lost) {
  MutexLock lock(&mutex_);
  writes_.push_back(lost);
}

void LostWrites::Remove(const std::string& session) {
  MutexLock lock(&mutex_);
  std::erase_if(writes_, [&](const LostWrite& lost) { return lost.session == session; });
}

std::vector<LostWrite> LostWrites::List() const {
  MutexLock lock(&mutex_);
  return writes_;
}

StoreSessions::StoreSessions(const Options& options)
    : options_(options),
      process_(RandomHex(8)),
      circuit_(options.rest),
      connect_(options.connect),
      pool_(PoolOptionsOf(options), options.clock,
            [this](const mysql::ConnectOptions& connect) { return Open(connect); }) {}

absl::StatusOr<std::unique_ptr<mysql::Session>> StoreSessions::Open(
    const mysql::ConnectOptions& connect) {
  mysql::ConnectOptions named = connect;
  WEFT_ASSIGN_OR_RETURN(const HostPort place, options_.place->Find());
  // Last: whoever is admitted has to report.
  WEFT_RETURN_IF_ERROR(circuit_.Admit(options_.clock->MonotonicNow()));
  named.host = place.host;
  named.port = place.port;
  {
    MutexLock lock(&mutex_);
    named.label = absl::StrCat("weft.session.", process_, ".", ++opened_);
  }
  absl::StatusOr<std::unique_ptr<mysql::Session>> session = mysql::Session::Open(named);
  absl::Status status = session.status();
  if (status.ok()) status = Prepare(**session);
  const bool unreachable =
      !status.ok() && mysql::ClassifyContact(status) == mysql::Contact::kUnreachable;
  circuit_.Report(unreachable ? StoreUnavailable(status.message()) : absl::OkStatus(),
                  options_.clock->MonotonicNow());
  if (!status.ok()) return ContactFailure(status);
  return session;
}

absl::Status StoreSessions::Prepare(mysql::Session& session) {
  WEFT_RETURN_IF_ERROR(session.Execute(store_sql::kPrepareSession));
  if (options_.place->replicated()) {
    WEFT_RETURN_IF_ERROR(session.Execute(store_sql::kReadAfterFailover));
  }
  WEFT_RETURN_IF_ERROR(session.Query(store_sql::kNameSession, {session.options().label}).status());
  WEFT_ASSIGN_OR_RETURN(const SchemaVersions versions, ReadSchemaVersions(session));
  return CheckSchema(versions, options_.schema_version);
}

absl::StatusOr<mysql::Pool::Lease> StoreSessions::Borrow() {
  while (true) {
    WEFT_ASSIGN_OR_RETURN(const HostPort place, options_.place->Find());
    absl::StatusOr<mysql::Pool::Lease> lease = pool_.Acquire();
    if (!lease.ok()) return ContactFailure(lease.status());
    const mysql::ConnectOptions& at = (*lease)->options();
    const bool moved = at.host != place.host || at.port != place.port;
    if (!moved && !PeerIsGone((*lease)->socket())) return lease;
    lease->set_discard();  // each turn leaves one idle session less
  }
}

absl::StatusOr<mysql::ResultSet> StoreSessions::Read(absl::string_view sql,
                                                     const mysql::Params& params) {
  mysql::ResultSet rows;
  WEFT_RETURN_IF_ERROR(Run(/*is_write=*/false, [&](mysql::Session& session) {
    WEFT_ASSIGN_OR_RETURN(rows, session.Query(sql, params));
    return absl::OkStatus();
  }));
  return rows;
}

absl::StatusOr<uint64_t> StoreSessions::Write(absl::string_view sql, const mysql::Params& params) {
  uint64_t changed = 0;
  WEFT_RETURN_IF_ERROR(Run(/*is_write=*/true, [&](mysql::Session& session) {
    const absl::StatusOr<uint64_t> result = session.Execute(sql, params);
    changed = result.value_or(0);
    return result.status();
  }));
  return changed;
}

absl::Status StoreSessions::Run(bool is_write,
                                absl::FunctionRef<absl::Status(mysql::Session&)> work) {
  const Deadline deadline = Deadline::After(options_.clock, options_.call_timeout);
  Backoff backoff(kBackoff);
  for (int tries = 1;; ++tries) {
    WEFT_ASSIGN_OR_RETURN(mysql::Pool::Lease lease, Borrow());
    WEFT_RETURN_IF_ERROR(Settle(*lease));
    absl::Status status = work(*lease);
    if (status.ok()) return status;
    const bool again = tries < kMaxTries && !deadline.Passed();
    if (lease->broken() || IsReadOnly(status)) options_.place->Doubt();
    if (lease->broken()) {
      const bool harmless = !is_write || WasNeverSent(status);
      if (harmless && again && !mysql::IsTimeout(status)) continue;
      return Lost(*lease, status, is_write && !harmless);
    }
    // Nothing took effect, and another member may take it.
    if (again && options_.place->replicated() && IsReadOnly(status)) {
      lease.set_discard();
      continue;
    }
    if (!again || !IsContention(status)) return status;
    options_.clock->Sleep(backoff.Next(options_.random()));
  }
}

absl::Status StoreSessions::Lost(mysql::Session& session, const absl::Status& status,
                                 bool is_write) {
  if (mysql::IsTimeout(status)) {
    // Whoever comes next finds out by connecting whether the store lives, one caller at a time.
    circuit_.Report(StoreUnavailable(status.message()), options_.clock->MonotonicNow());
    mysql::ConnectOptions connect;
    {
      MutexLock lock(&mutex_);
      connect = connect_;
    }
    pool_.Reset(connect);
  }
  if (!is_write) return StoreUnavailable(status.message());
  options_.lost->Add({session.options().label, session.options().Address()});
  return OutcomeUnknown(status.message());
}

absl::Status StoreSessions::Settle(mysql::Session& session) {
  for (const LostWrite& lost : options_.lost->List()) {
    if (lost.address != session.options().Address()) continue;
    const absl::Status ended = EndSession(session, lost.session);
    if (!ended.ok()) {
      return StoreUnavailable(
          absl::StrCat("the session of an earlier write whose answer was lost "
                       "has not ended yet: ",
                       ended.message()));
    }
    options_.lost->Remove(lost.session);
  }
  return absl::OkStatus();
}

absl::Status StoreSessions::EndSession(mysql::Session& session, const std::string& name) {
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet holder,
                        session.Query(store_sql::kFindNamedSession, {name}));
  const uint64_t id = holder.empty() ? 0 : holder.front().UintOr("id", 0);
  if (id == 0) return absl::OkStatus();
  WEFT_LOG(kInfo, "ending the session of a write whose answer was lost", {{"session", id}});
  absl::Status killed = session.Execute(store_sql::kEndSession, {id}).status();
  if (!killed.ok() && mysql::MysqlErrorCode(killed) != mysql::kErrNoSuchThread) return killed;
  WEFT_ASSIGN_OR_RETURN(
      const mysql::ResultSet gone,
      session.Query(store_sql::kAwaitNamedSession, {name, kEndSessionSeconds, name}));
  if (!gone.empty() && gone.front().IntOr("gone", 0) == 1) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("session ", id, " is still there"));
}

void StoreSessions::Reset(const mysql::ConnectOptions& connect) {
  {
    MutexLock lock(&mutex_);
    connect_ = connect;
  }
  pool_.Reset(connect);
}

}  // namespace weft::controller
