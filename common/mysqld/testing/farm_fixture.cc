#include "common/mysqld/testing/farm_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/mysqld/accounts_sql.h"
#include "common/mysqld/files.h"
#include "common/mysqld/ports.h"
#include "common/mysqld/process.h"

namespace weft::testing {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kFolderPrefix = "weft-farm-";
constexpr absl::Duration kSqlTimeout = absl::Seconds(60);

// weft-farm-PID-START-XXXXXX below /tmp, which is short enough for sockets.
absl::StatusOr<std::string> MakeFarmFolder() {
  WEFT_ASSIGN_OR_RETURN(const ProcessId self, IdentifyProcess(getpid()));
  std::string folder =
      absl::StrCat("/tmp/", kFolderPrefix, self.pid, "-", self.start_time, "-XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) return FileError(errno, "make the folder", folder);
  return folder;
}

// A test that was killed when all its servers were down has left nobody to remove its folder.
void SweepLeftovers() {
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator("/tmp", code)) {
    const std::string name = entry.path().filename().string();
    absl::string_view rest = name;
    if (!absl::ConsumePrefix(&rest, kFolderPrefix)) continue;
    const std::vector<absl::string_view> words = absl::StrSplit(rest, '-');
    ProcessId owner;
    if (words.size() != 3 || !absl::SimpleAtoi(words[0], &owner.pid) ||
        !absl::SimpleAtoi(words[1], &owner.start_time) || IsAlive(owner)) {
      continue;
    }
    RemoveTree(entry.path().string()).IgnoreError();
  }
}

absl::StatusOr<TestAccount> MakeAccount(const std::string& dir, absl::string_view user) {
  TestAccount account = {.user = std::string(user),
                         .password = RandomPassword(24),
                         .password_file = absl::StrCat(dir, "/secrets/", user)};
  WEFT_RETURN_IF_ERROR(WriteFileAtomically(account.password_file, account.password, 0600));
  return account;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TestFarm>> TestFarm::Start(const TestFarmOptions& options) {
  SweepLeftovers();
  std::unique_ptr<TestFarm> farm(new TestFarm());
  WEFT_RETURN_IF_ERROR(farm->Create(options));
  return farm;
}

TestFarm::~TestFarm() {
  for (const Instance& instance : instances_) instance.Remove().IgnoreError();
  if (dir_.empty()) return;
  RemoveTree(dir_).IgnoreError();
  ReleasePorts(dir_);
}

absl::Status TestFarm::Create(const TestFarmOptions& options) {
  options_ = options;
  WEFT_ASSIGN_OR_RETURN(installation_, ResolveInstallation(options.version));
  WEFT_ASSIGN_OR_RETURN(dir_, MakeFarmFolder());
  WEFT_RETURN_IF_ERROR(MakeFolder(dir_ + "/secrets", 0700));
  for (const Duty duty : kDuties) {
    WEFT_ASSIGN_OR_RETURN(accounts_[duty], MakeAccount(dir_, DefaultUserOf(duty)));
  }
  WEFT_ASSIGN_OR_RETURN(app_, MakeAccount(dir_, "app"));
  for (int i = 0; i < options.servers; ++i) {
    WEFT_ASSIGN_OR_RETURN(const int index, CreateServer(options.extra_cnf));
    // It starts while the next one is being made.
    WEFT_RETURN_IF_ERROR(instances_[index].Launch());
  }
  for (const Instance& instance : instances_) {
    WEFT_RETURN_IF_ERROR(instance.WaitReady(options.start_timeout));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> TestFarm::CreateServer(const std::vector<std::string>& extra_cnf) {
  const int index = size();
  WEFT_ASSIGN_OR_RETURN(const std::vector<int> ports, ClaimPorts(dir_, 2));
  InitialContent content = {.accounts = {},
                            .database = app_database_,
                            .owner = app_.user,
                            .owner_password = app_.password,
                            .readers = {account(Duty::kMonitor).user}};
  for (const auto& [duty, login] : accounts_) {
    content.accounts.push_back({duty, login.user, login.password});
  }
  InstanceOptions options;
  options.dir = absl::StrCat(dir_, "/s", index);
  options.port = ports[0];
  options.admin_port = options_.admin_ports ? ports[1] : 0;
  options.name = absl::StrCat("server 127.0.0.1:", options.port);
  options.server_uuid = RandomUuid();
  options.role = options_.role;
  options.durable = options_.durable;
  options.extra_cnf = extra_cnf;
  options.init_statements = InitialStatements(installation_.version_number, content);
  options.owner = getpid();
  options.remove_with_owner = {dir_};
  WEFT_ASSIGN_OR_RETURN(Instance instance, Instance::Create(installation_, options));
  servers_.push_back({.address = instance.address(),
                      .host = "127.0.0.1",
                      .port = instance.port(),
                      .admin_port = instance.admin_port(),
                      .uuid = options.server_uuid,
                      .socket = instance.socket()});
  instances_.push_back(std::move(instance));
  return index;
}

absl::StatusOr<int> TestFarm::AddServer(const std::vector<std::string>& extra_cnf) {
  WEFT_ASSIGN_OR_RETURN(const int index, CreateServer(extra_cnf));
  WEFT_RETURN_IF_ERROR(instances_[index].Start(options_.start_timeout));
  return index;
}

absl::Status TestFarm::Kill(int index) { return instance(index).Kill(); }
absl::Status TestFarm::Stop(int index) { return instance(index).Stop(); }
absl::Status TestFarm::Pause(int index) { return instance(index).Pause(); }
absl::Status TestFarm::Resume(int index) { return instance(index).Resume(); }

absl::Status TestFarm::StartServer(int index) {
  return instance(index).Start(options_.start_timeout);
}

absl::Status TestFarm::Restart(int index) {
  WEFT_RETURN_IF_ERROR(Stop(index));
  return StartServer(index);
}

absl::StatusOr<std::string> TestFarm::Sql(int index, absl::string_view sql) const {
  SpawnOptions command;
  command.argv = ClientProgram(installation_, "mysql");
  if (command.argv.empty()) {
    return absl::NotFoundError("no mysql client: run deploy/mysql/obtain 9.7");
  }
  for (const std::string& argument :
       {std::string("--user=root"), absl::StrCat("--socket=", server(index).socket),
        std::string("--batch"), std::string("--skip-column-names"),
        absl::StrCat("--execute=", sql)}) {
    command.argv.push_back(argument);
  }
  command.environment = CleanEnvironment();
  WEFT_ASSIGN_OR_RETURN(const CommandResult result, RunCommand(command, kSqlTimeout));
  if (result.exit_code != 0) {
    return absl::InternalError(absl::StrCat(server(index).address, ": ", result.output));
  }
  return result.output;
}

}  // namespace weft::testing
