#pragma once
// The state store in a MySQL database.
//
// Every write is one CALL of a procedure (schema/0002_writes.sql): one round trip and one commit,
// and no transaction is ever open while the server waits for a controller. Every read is one
// statement.
//
// The account needs, and gets by with, these rights on its own database (StoreGrant writes them
// out):
//   always        SELECT, INSERT, UPDATE, DELETE, EXECUTE
//   for SetUp     CREATE, ALTER, INDEX, REFERENCES, CREATE ROUTINE, ALTER ROUTINE, DROP
//   replicated    SELECT on the two tables of performance_schema that tell who is the primary
// and no global right. CREATE on a database that does not exist yet lets SetUp make it.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/mysql/session.h"
#include "services/controller/mysql/migrations.h"
#include "services/controller/mysql/store_cluster.h"
#include "services/controller/mysql/store_failure.h"
#include "services/controller/mysql/store_place.h"
#include "services/controller/mysql/store_sessions.h"
#include "services/controller/ports/store.h"

namespace weft::controller {

struct MysqlStoreOptions {
  // Where and as whom. Its database and timeouts are replaced by the fields below.
  mysql::ConnectOptions connect = {};
  std::string database = "weft";
  // The members of a replicated store (MySQL Group Replication, a single primary); empty: the one
  // server of `connect`.
  std::vector<HostPort> members = {};

  // One contact with the server: log-in, and one statement.
  absl::Duration connect_timeout = absl::Seconds(1);
  absl::Duration statement_timeout = absl::Seconds(2);
  // One statement of SetUp or TearDown; and how long these wait for another that is under way.
  absl::Duration set_up_timeout = absl::Seconds(60);
  absl::Duration set_up_lock_wait = absl::Seconds(10);

  // Sessions for groups, servers and intents. Reports (operations and events) have half as many of
  // their own and the lease has two, so that neither a decision nor a renewal waits for a report,
  // nor for the opening of a session that a report had taken.
  size_t max_sessions = 8;
  absl::Duration acquire_timeout = absl::Milliseconds(500);

  // How many of the newest are kept. Operations that run are never dropped. Looked after every
  // `prune_every` writes of this process.
  uint64_t keep_operations = 10'000;
  uint64_t keep_events = 100'000;
  uint64_t prune_every = 256;

  Clock* clock = nullptr;               // nullptr: RealClock
  std::function<double()> random = {};  // uniform in [0, 1); empty: the operating system's

  // For tests of migration alone.
  const std::vector<Migration>* migrations = nullptr;  // nullptr: StoreMigrations()
};

// Thread-safe. Every call ends within acquire_timeout + connect_timeout + 2 * statement_timeout,
// and within milliseconds when nothing listens at the store's address. After a failed contact calls
// fail at once for 0.1 s, and from then on while one of them tries. A store that comes back is
// used again without further ado. A replicated store is where its primary is: see StoreCluster.
class MysqlStore : public Store {
 public:
  using Options = MysqlStoreOptions;

  // Connects to nothing yet.
  explicit MysqlStore(const Options& options);
  ~MysqlStore() override;

  // From now on logs in like this; sessions in use end when they are given back.
  void SetLogin(const std::string& user, const std::string& password);

  absl::Status SetUp() override;
  absl::Status TearDown() override;
  std::vector<StoreDeviation> Inspect() override;
  absl::StatusOr<SchemaStatus> Schema() override;
  absl::StatusOr<Lease> ReadLease() override;
  absl::StatusOr<Lease> TakeLease(const Lease& seen, const std::string& holder) override;
  absl::StatusOr<Lease> RenewLease(const Lease& held) override;
  void SetTerm(uint64_t term) override;
  absl::StatusOr<std::vector<std::string>> ListGroups() override;
  absl::StatusOr<Group> Load(const std::string& group) override;
  absl::Status CreateGroup(const Group& group) override;
  absl::Status DestroyGroup(const std::string& group, uint64_t revision) override;
  absl::Status UpdateGroup(const Group& group) override;
  absl::Status AddServer(const std::string& group, uint64_t revision,
                         const Server& server) override;
  absl::Status RemoveServer(const std::string& group, uint64_t revision,
                            const ServerUuid& server) override;
  absl::Status UpdateServer(const std::string& group, uint64_t revision, const ServerUuid& uuid,
                            const Server& server) override;
  absl::StatusOr<Server> FindServer(const ServerUuid& uuid) override;
  absl::Status SetIntent(const std::string& group, uint64_t revision, const Intent& intent,
                         const Operation& operation) override;
  absl::Status EndIntent(const std::string& group, const Operation& ended) override;
  absl::Status Apply(const Group& seen, const Step& step, absl::Time now) override;
  absl::Status CreateOperation(const Operation& operation) override;
  absl::Status UpdateOperation(const Operation& operation) override;
  absl::StatusOr<Operation> GetOperation(const std::string& id) override;
  absl::StatusOr<std::optional<Operation>> FindByRequest(const std::string& request_id) override;
  absl::StatusOr<std::vector<Operation>> ListOperations(const std::string& group, int limit,
                                                        const std::string& before) override;
  absl::Status RequestCancel(const std::string& id) override;
  absl::Status AppendEvent(const Event& event) override;
  absl::StatusOr<std::vector<Event>> ListEvents(const std::string& group, int limit,
                                                uint64_t before) override;
  absl::StatusOr<std::optional<UserSet>> LoadUsers(uint64_t known) override;
  absl::Status CreateUser(const User& user) override;
  absl::Status UpdateUser(const User& user) override;
  absl::Status DeleteUser(const std::string& name, uint64_t revision) override;
  absl::Status SetUserKey(const std::string& key) override;
  absl::Status RecordHooks(const std::string& group, const HookRecord& hooks) override;
  absl::StatusOr<FailoverSwitch> LoadFailoverSwitch() override;
  absl::Status SetFailoverSwitch(const FailoverSwitch& failover) override;
  absl::StatusOr<StoreImage> BackUp(absl::Time now) override;
  absl::Status Restore(const StoreImage& image, bool surrender, absl::Time now) override;

  // What each of the options' members said last, in their order.
  std::vector<MemberAnswer> Members();

 private:
  absl::StatusOr<std::unique_ptr<mysql::Session>> OpenForSetUp();
  // The same, with the database selected, whose schema is this program's.
  absl::StatusOr<std::unique_ptr<mysql::Session>> OpenForBackup();
  mysql::ConnectOptions Login();
  void ResetSessions();
  static absl::StatusOr<mysql::ResultSet> Read(StoreSessions& sessions, absl::string_view sql,
                                               const mysql::Params& params);
  // Puts the term before `params`.
  absl::Status Write(StoreSessions& sessions, absl::string_view sql, mysql::Params params,
                     Wanted wanted);
  absl::StatusOr<Lease> SwapLease(absl::string_view sql, const mysql::Params& params,
                                  const Lease& seen, const Lease& wanted);
  absl::StatusOr<std::optional<Operation>> FindOperation(absl::string_view sql,
                                                         const std::string& key);
  void Prune(absl::string_view sql, uint64_t keep, std::atomic<uint64_t>* written);

  const Options options_;
  const std::vector<Migration>& migrations_;
  std::atomic<uint64_t> term_{0};
  std::atomic<uint64_t> operations_written_{0};
  std::atomic<uint64_t> events_written_{0};

  Mutex mutex_;
  mysql::ConnectOptions connect_ ABSL_GUARDED_BY(mutex_);
  // One of them is where the store is.
  FixedPlace server_;
  std::unique_ptr<StoreCluster> cluster_;
  StorePlace* const place_;

  // Lost writes of records and reports are settled before either is read; a renewal waits only for
  // those of the lease.
  LostWrites lost_;
  LostWrites lost_leases_;
  StoreSessions records_;
  StoreSessions reports_;
  StoreSessions leases_;
};

}  // namespace weft::controller
