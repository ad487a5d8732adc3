#include "tests/contract/store_cluster_server.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/mysql/session.h"
#include "common/mysqld/files.h"
#include "common/mysqld/group_replication.h"
#include "common/mysqld/installation.h"
#include "common/mysqld/ports.h"
#include "gtest/gtest.h"
#include "services/controller/mysql/migrations.h"
#include "tests/contract/store_server_sql.h"

namespace weft::controller {
namespace {

constexpr int kMembers = 3;
constexpr absl::Duration kStart = absl::Seconds(90);

}  // namespace

absl::Status StoreClusterServer::Create() {
  WEFT_ASSIGN_OR_RETURN(const Installation mysql, ResolveInstallation("9.7"));
  dir_ = "/tmp/weft-cluster-XXXXXX";
  if (mkdtemp(dir_.data()) == nullptr) return absl::UnavailableError("no folder");
  WEFT_ASSIGN_OR_RETURN(const std::vector<int> ports, ClaimPorts(dir_, 2 * kMembers));
  const GroupReplicationOptions cluster = {.name = RandomUuid(),
                                           .ports = {ports.begin() + kMembers, ports.end()},
                                           .password = RandomHex(12)};
  for (int i = 0; i < kMembers; ++i) {
    InstanceOptions options;
    options.dir = absl::StrCat(dir_, "/m", i);
    options.port = ports[i];
    options.role = InstanceRole::kStandalone;
    options.durable = false;
    options.owner = getpid();
    options.remove_with_owner = {dir_};
    options.extra_cnf = GroupReplicationLines(cluster, i);
    // The contract has many controllers at once, each with a dozen sessions.
    options.extra_cnf.push_back("max-connections=500");
    options.init_statements = {std::string(store_server_sql::kWithoutBinaryLog),
                               std::string(store_server_sql::kCreateUser),
                               StoreGrant(store_server_sql::kDatabasePattern, "weft_store")};
    for (const std::vector<std::string>& more :
         {GroupReplicationStatements(mysql.version_number, cluster),
          ClusterReaderStatements("weft_store")}) {
      options.init_statements.insert(options.init_statements.end(), more.begin(), more.end());
    }
    WEFT_ASSIGN_OR_RETURN(Instance member, Instance::Create(mysql, options));
    WEFT_RETURN_IF_ERROR(member.Launch());
    members_.push_back(std::move(member));
  }
  for (const Instance& member : members_) WEFT_RETURN_IF_ERROR(member.WaitReady(kStart));
  return Assemble(members_, kStart);
}

StoreClusterServer& StoreClusterServer::Shared() {
  // Destroyed at the end of the program, and with it the members.
  static const std::unique_ptr<StoreClusterServer> cluster = [] {
    std::unique_ptr<StoreClusterServer> made(new StoreClusterServer());
    const absl::Status status = made->Create();
    if (!status.ok()) {
      std::fprintf(stderr, "no cluster: %s\n", std::string(status.message()).c_str());
      std::abort();
    }
    return made;
  }();
  return *cluster;
}

StoreClusterServer::~StoreClusterServer() {
  for (const Instance& member : members_) member.Remove().IgnoreError();
  RemoveTree(dir_).IgnoreError();
  ReleasePorts(dir_);
}

MysqlStoreOptions StoreClusterServer::NewStore() {
  MysqlStoreOptions options;
  for (const Instance& member : members_) {
    options.members.push_back({"127.0.0.1", static_cast<uint16_t>(member.port())});
  }
  options.connect.host = "127.0.0.1";
  options.connect.port = members_.front().port();
  options.connect.user = "weft_store";
  options.connect.password = "store secret";
  options.database = absl::StrCat("weft_", ++databases_);
  return options;
}

absl::Status StoreClusterServer::Sql(size_t member, absl::string_view sql) {
  mysql::ConnectOptions connect;
  connect.unix_socket = members_.at(member).socket();
  connect.user = "root";
  WEFT_ASSIGN_OR_RETURN(const auto session, mysql::Session::Open(connect));
  return session->Execute(sql);
}

void StoreClusterServer::Empty(const MysqlStoreOptions& store) {
  // The others refuse, being read-only.
  for (const HostPort& member : store.members) {
    mysql::ConnectOptions connect = store.connect;
    connect.host = member.host;
    connect.port = member.port;
    connect.database = store.database;
    const absl::StatusOr<std::unique_ptr<mysql::Session>> session = mysql::Session::Open(connect);
    ASSERT_TRUE(session.ok()) << session.status();
    absl::Status status;
    for (const absl::string_view statement : store_server_sql::kEmpty) {
      status.Update((*session)->Execute(statement));
    }
    if (status.ok()) return;
  }
  FAIL() << "no member takes writes";
}

}  // namespace weft::controller
