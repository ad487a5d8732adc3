#pragma once
// The inventory in the state store's MySQL database, beside what the controllers keep there.
//
// The account is the controllers' (services/controller/mysql/store.h says its rights). The schema
// is made and migrated by controllers alone (`weft manage setup`).
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/ids.h"
#include "common/mysql/pool.h"
#include "common/mysql/session.h"
#include "services/provisioner/ports/inventory.h"

namespace weft::provisioner {

// The schema that this program was written for (services/controller/mysql/schema).
inline constexpr int kSchemaVersion = 6;

// Thread-safe. A write whose answer was lost is tried once more: each may be repeated.
class MysqlInventory : public Inventory {
 public:
  struct Options {
    mysql::ConnectOptions connect;  // as whom, and TLS; the rest is replaced by what is below
    std::string database = "weft";
    // The members of a replicated store, or the one server. REQUIRES: at least one.
    std::vector<HostPort> members;
    size_t max_sessions = 8;
    absl::Duration connect_timeout = absl::Seconds(1);
    absl::Duration statement_timeout = absl::Seconds(3);
    // How long a call waits for a store that is away, as it is while its members elect a primary.
    absl::Duration patience;
    Clock* clock = nullptr;  // outlives this
  };

  // Connects to nothing yet.
  explicit MysqlInventory(const Options& options);

  absl::Status Check() override;
  absl::Status AddProvider(const ProviderEntry& entry) override;
  absl::Status RemoveProvider(const std::string& id) override;
  absl::StatusOr<std::vector<ProviderEntry>> ListProviders() override;
  absl::StatusOr<ProviderEntry> GetProvider(const std::string& id) override;
  absl::Status PutMachine(const MachineEntry& entry) override;
  absl::Status RemoveMachine(const std::string& uuid) override;
  absl::StatusOr<MachineEntry> GetMachine(const std::string& uuid) override;
  absl::StatusOr<std::vector<MachineEntry>> ListMachines(const std::string& provider) override;
  absl::Status PutSnapshot(const SnapshotEntry& entry) override;
  absl::Status RemoveSnapshot(const std::string& name) override;
  absl::StatusOr<SnapshotEntry> GetSnapshot(const std::string& name) override;
  absl::StatusOr<std::vector<SnapshotEntry>> ListSnapshots(const std::string& provider,
                                                           const std::string& machine) override;
  absl::Status BeginJob(const Job& job) override;
  absl::StatusOr<std::vector<Job>> ListJobs() override;
  absl::StatusOr<Job> GetJob(const std::string& id) override;
  absl::StatusOr<std::optional<Job>> FindByRequest(const std::string& request_id) override;
  absl::Status RenewJob(const std::string& id, const std::string& holder) override;
  absl::Status TakeJob(const Job& seen, const std::string& holder) override;
  absl::Status YieldJob(const std::string& id, const std::string& holder) override;
  absl::Status KeepNotes(const std::string& id, const std::string& holder,
                         const std::string& notes) override;
  absl::Status ReportJob(const Job& job) override;
  absl::Status EndUnclaimed(const std::vector<std::string>& kinds, absl::Time now) override;

 private:
  // A session to the server that takes the store's writes, of a schema that we know.
  absl::StatusOr<std::unique_ptr<mysql::Session>> Open(const mysql::ConnectOptions& connect);
  absl::StatusOr<mysql::ResultSet> Query(absl::string_view sql, const mysql::Params& params);
  absl::StatusOr<uint64_t> Write(absl::string_view sql, const mysql::Params& params);
  // Calls `attempt` again while the store is away, as long as the patience lasts.
  template <typename T>
  absl::StatusOr<T> Patiently(const std::function<absl::StatusOr<T>()>& attempt);
  absl::StatusOr<mysql::ResultSet> QueryOnce(absl::string_view sql, const mysql::Params& params);
  absl::StatusOr<uint64_t> WriteOnce(absl::string_view sql, const mysql::Params& params);
  // A write of a claim, which has moved where no row was changed.
  absl::Status WriteClaim(absl::string_view sql, const mysql::Params& params,
                          const std::string& id);

  const Options options_;
  mysql::Pool pool_;
};

}  // namespace weft::provisioner
