#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/model/accounts.h"
#include "common/mysqld/installation.h"
#include "common/mysqld/instance.h"

namespace weft::testing {

// A login, the same on every server of a TestFarm.
struct TestAccount {
  std::string user;
  std::string password;
  std::string password_file;  // The password and nothing else, 0600.
};

struct TestFarmOptions {
  int servers = 3;
  std::string version = "9.7";  // As ResolveInstallation takes it.
  // Members start read-only with no replication set up; standalone servers are writable.
  InstanceRole role = InstanceRole::kMember;
  // Off: fast and honest for everything but power loss. On for benchmarks.
  bool durable = false;
  bool admin_ports = true;  // 9.7 only.
  std::vector<std::string> extra_cnf;
  absl::Duration start_timeout = absl::Seconds(90);
};

struct TestServer {
  std::string address;  // "127.0.0.1:PORT".
  std::string host;     // "127.0.0.1".
  int port = 0;
  int admin_port = 0;  // 0: none.
  std::string uuid;    // As of the start; CLONE changes nothing about it.
  std::string socket;
};

// Real servers for a test, started in parallel, each with the accounts of every duty, an `app`
// account with ALL on the database `app`, and root on the socket without a password. They are
// killed and their folder removed when the TestFarm is destroyed, and also when the test process
// dies in any way (each server's supervisor watches it). Not thread-safe, but different servers may
// be driven from different threads.
//
//   auto farm = TestFarm::Start({.servers = 3, .version = "9.7"});
//   ASSERT_TRUE(farm.ok()) << farm.status();
//   Connect((*farm)->server(0).address, (*farm)->account(Duty::kManage).user, ...);
//   (*farm)->Kill(0);
//
// Bazel: tags = ["exclusive", "integration", "local"].
class TestFarm {
 public:
  // Blocks until all are ready: 2 to 4 s for three 9.7 servers on two cores.
  static absl::StatusOr<std::unique_ptr<TestFarm>> Start(const TestFarmOptions& options = {});

  ~TestFarm();
  TestFarm(const TestFarm&) = delete;
  TestFarm& operator=(const TestFarm&) = delete;

  int size() const { return static_cast<int>(servers_.size()); }
  const TestServer& server(int index) const { return servers_.at(index); }
  const std::vector<TestServer>& servers() const { return servers_; }
  const Instance& instance(int index) const { return instances_.at(index); }
  const Installation& installation() const { return installation_; }

  const TestAccount& account(Duty duty) const { return accounts_.at(duty); }
  const TestAccount& app() const { return app_; }
  const std::string& app_database() const { return app_database_; }

  // kill -9, clean stop, SIGSTOP, SIGCONT, start (waits until ready), stop + start.
  absl::Status Kill(int index);
  absl::Status Stop(int index);
  absl::Status Pause(int index);
  absl::Status Resume(int index);
  absl::Status StartServer(int index);
  absl::Status Restart(int index);

  // Adds one more server, alike but for `extra_cnf`; returns its index.
  absl::StatusOr<int> AddServer(const std::vector<std::string>& extra_cnf = {});

  // Runs SQL as root over the server's socket with the `mysql` client of the machine's 9.7 tree,
  // and returns its output (tab separated, no column names). Arranges things; what is under test
  // uses the product's own session.
  absl::StatusOr<std::string> Sql(int index, absl::string_view sql) const;

  const std::string& dir() const { return dir_; }

 private:
  TestFarm() = default;

  absl::Status Create(const TestFarmOptions& options);
  absl::StatusOr<int> CreateServer(const std::vector<std::string>& extra_cnf);

  TestFarmOptions options_;
  std::string dir_;
  Installation installation_;
  std::vector<Instance> instances_;
  std::vector<TestServer> servers_;
  std::map<Duty, TestAccount> accounts_;
  TestAccount app_;
  std::string app_database_ = "app";
};

}  // namespace weft::testing
