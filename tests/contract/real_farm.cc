#include "tests/contract/real_farm.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/mysql/errors.h"
#include "common/mysqld/installation.h"
#include "tests/contract/real_farm_sql.h"

namespace weft::controller {
namespace {

using ::weft::testing::TestAccount;
using ::weft::testing::TestFarm;
using ::weft::testing::TestFarmOptions;
using ::weft::testing::TestServer;

Login LoginOf(const TestAccount& account) {
  return {account.user, [password = account.password] { return password; }};
}

}  // namespace

absl::StatusOr<std::unique_ptr<RealFarm>> RealFarm::Make(const TestFarmOptions& options) {
  std::unique_ptr<RealFarm> made(new RealFarm());
  WEFT_ASSIGN_OR_RETURN(made->servers_, TestFarm::Start(options));
  const TestFarm& servers = *made->servers_;
  made->SetManagePassword(servers.account(Duty::kManage).password);
  FarmOptions& farm = made->options_;
  farm.manage.user = servers.account(Duty::kManage).user;
  farm.manage.password = [raw = made.get()] { return raw->ManagePassword(); };
  farm.replicate = LoginOf(servers.account(Duty::kReplicate));
  farm.backup = LoginOf(servers.account(Duty::kBackup));
  farm.restore = LoginOf(servers.account(Duty::kRestore));
  farm.mysqlbinlog = ClientProgram(servers.installation(), "mysqlbinlog");
  farm.rescue_dir = absl::StrCat(servers.dir(), "/rescue");
  made->farm_ = std::make_unique<MysqlFarm>(farm, RealClock::Get());
  made->farm_->SetTerm(1, nullptr);
  return made;
}

RealFarm::~RealFarm() {
  sessions_.clear();
  farm_.reset();
}

Group RealFarm::group() {
  Group group;
  group.id = "g1";
  group.durability = lossless() ? Durability::kLossless : Durability::kAsync;
  for (const TestServer& one : servers_->servers()) {
    Server server;
    server.uuid = *ServerUuid::Parse(one.uuid);
    server.address = {one.host, static_cast<uint16_t>(one.port)};
    server.group = group.id;
    group.servers.push_back(std::move(server));
  }
  return group;
}

int RealFarm::IndexOf(const ServerUuid& server) const {
  for (int i = 0; i < servers_->size(); ++i) {
    if (servers_->server(i).uuid == server.text()) return i;
  }
  return -1;
}

absl::StatusOr<std::unique_ptr<mysql::Session>> RealFarm::Connect(
    int index, const std::string& user, const std::string& password) const {
  mysql::ConnectOptions options;
  options.host = servers_->server(index).host;
  options.port = servers_->server(index).port;
  options.user = user;
  options.password = password;
  return mysql::Session::Open(options);
}

absl::StatusOr<std::unique_ptr<mysql::Session>> RealFarm::ConnectApp(int index) const {
  mysql::ConnectOptions options;
  options.host = servers_->server(index).host;
  options.port = servers_->server(index).port;
  options.user = servers_->app().user;
  options.password = servers_->app().password;
  options.database = servers_->app_database();
  return mysql::Session::Open(options);
}

void RealFarm::SetManagePassword(const std::string& password) {
  MutexLock lock(&mutex_);
  manage_password_ = password;
}

std::string RealFarm::ManagePassword() const {
  MutexLock lock(&mutex_);
  return manage_password_;
}

absl::Status RealFarm::WriteOver(int index, absl::Duration patience) {
  std::unique_ptr<mysql::Session>& session = sessions_[index];
  if (session == nullptr) {
    WEFT_ASSIGN_OR_RETURN(session, ConnectApp(index));
  }
  session->set_statement_timeout(patience);
  if (!has_table_.contains(index)) {
    // It may have been replicated: to create it again would be a transaction of its own.
    const bool found = session->Query(sql::kCountRow, {0}).ok();
    if (!found) WEFT_RETURN_IF_ERROR(session->Execute(sql::kCreateLedger));
    has_table_.insert(index);
  }
  const int row = next_row_++;
  WEFT_RETURN_IF_ERROR(session->Execute(sql::kInsertRow, {row}).status());
  acknowledged_[index].push_back(row);
  return absl::OkStatus();
}

absl::Status RealFarm::Write(const ServerUuid& server, absl::Duration patience) {
  const int index = IndexOf(server);
  absl::Status status = WriteOver(index, patience);
  // A pooled session that was killed meanwhile: a client opens another one.
  if (mysql::ClassifyContact(status) == mysql::Contact::kUnreachable && !mysql::IsTimeout(status)) {
    sessions_.erase(index);
    status = WriteOver(index, patience);
  }
  if (sessions_[index] != nullptr && sessions_[index]->broken()) sessions_.erase(index);
  if (mysql::IsTimeout(status)) return absl::DeadlineExceededError(status.message());
  return status;
}

absl::StatusOr<int> RealFarm::MissingOn(const ServerUuid& server) {
  WEFT_ASSIGN_OR_RETURN(const auto session, ConnectApp(IndexOf(server)));
  int missing = 0;
  for (const auto& [index, rows] : acknowledged_) {
    for (const int row : rows) {
      WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet found, session->Query(sql::kCountRow, {row}));
      if (found.empty() || found.front().IntOr("n", 0) == 0) ++missing;
    }
  }
  return missing;
}

absl::Status RealFarm::Kill(const ServerUuid& server) { return servers_->Kill(IndexOf(server)); }
absl::Status RealFarm::Start(const ServerUuid& server) {
  return servers_->StartServer(IndexOf(server));
}
absl::Status RealFarm::Pause(const ServerUuid& server) { return servers_->Pause(IndexOf(server)); }
absl::Status RealFarm::Resume(const ServerUuid& server) {
  return servers_->Resume(IndexOf(server));
}

absl::Status RealFarm::ClearReplicaFlag(const ServerUuid& server) {
  WEFT_ASSIGN_OR_RETURN(const auto session,
                        Connect(IndexOf(server), options_.manage.user, ManagePassword()));
  return session->Execute(sql::kClearReplicaFlag);
}

void RealFarm::Wait(absl::Duration time) { RealClock::Get()->Sleep(time); }

}  // namespace weft::controller
