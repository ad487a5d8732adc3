#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/mysql/session.h"
#include "common/mysqld/testing/farm_fixture.h"
#include "services/controller/mysql/farm.h"
#include "tests/contract/farm_under_test.h"

namespace weft::controller {

// Real servers of this machine and the adapter that acts on them.
class RealFarm : public FarmUnderTest {
 public:
  static absl::StatusOr<std::unique_ptr<RealFarm>> Make(
      const weft::testing::TestFarmOptions& options);
  ~RealFarm() override;

  Farm& farm() override { return *farm_; }
  Group group() override;
  absl::Status Write(const ServerUuid& server, absl::Duration patience) override;
  absl::StatusOr<int> MissingOn(const ServerUuid& server) override;
  absl::Status Kill(const ServerUuid& server) override;
  absl::Status Start(const ServerUuid& server) override;
  absl::Status Pause(const ServerUuid& server) override;
  absl::Status Resume(const ServerUuid& server) override;
  absl::Status ClearReplicaFlag(const ServerUuid& server) override;
  void Wait(absl::Duration time) override;
  bool lossless() const override { return servers_->installation().has_plugins; }
  bool can_clone() const override { return servers_->installation().has_plugins; }
  bool can_rescue() const override { return !options_.mysqlbinlog.empty(); }
  bool can_rewind() const override { return can_rescue() && lossless(); }

  // --- for tests of this adapter alone

  // The options the farm was made with: for a second controller on the same servers.
  const FarmOptions& options() const { return options_; }
  weft::testing::TestFarm& servers() { return *servers_; }
  int IndexOf(const ServerUuid& server) const;
  // A session to a server as `user`.
  absl::StatusOr<std::unique_ptr<mysql::Session>> Connect(int index, const std::string& user,
                                                          const std::string& password) const;
  absl::StatusOr<std::unique_ptr<mysql::Session>> ConnectApp(int index) const;
  // Replaces what the farm logs in with for managing, from its next connection on.
  void SetManagePassword(const std::string& password);
  std::string ManagePassword() const;

 private:
  RealFarm() = default;
  absl::Status WriteOver(int index, absl::Duration patience);

  std::unique_ptr<weft::testing::TestFarm> servers_;
  mutable Mutex mutex_;
  std::string manage_password_ ABSL_GUARDED_BY(mutex_);
  FarmOptions options_;
  std::unique_ptr<MysqlFarm> farm_;
  // The client: its sessions by server, and the rows it got an OK for.
  std::map<int, std::unique_ptr<mysql::Session>> sessions_;
  std::set<int> has_table_;
  int next_row_ = 0;
  std::map<int, std::vector<int>> acknowledged_;  // by the server written to
};

}  // namespace weft::controller
