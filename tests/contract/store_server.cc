#include "tests/contract/store_server.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/mysql/session.h"
#include "gtest/gtest.h"
#include "services/controller/mysql/migrations.h"
#include "tests/contract/store_server_sql.h"

namespace weft::controller {

StoreServer::StoreServer(bool durable) {
  absl::StatusOr<std::unique_ptr<testing::TestFarm>> farm = testing::TestFarm::Start(
      {.servers = 1, .role = InstanceRole::kStandalone, .durable = durable, .admin_ports = false});
  if (!farm.ok()) {
    std::fprintf(stderr, "no server: %s\n", std::string(farm.status().message()).c_str());
    std::abort();
  }
  farm_ = *std::move(farm);
  Sql(std::string(store_server_sql::kCreateUser));
  Sql(StoreGrant(store_server_sql::kDatabasePattern, "weft_store"));
}

std::string StoreServer::Sql(const std::string& sql) {
  const absl::StatusOr<std::string> printed = farm_->Sql(0, sql);
  EXPECT_TRUE(printed.ok()) << printed.status();
  return printed.value_or("");
}

MysqlStoreOptions StoreServer::NewStore() {
  MysqlStoreOptions options;
  options.connect.host = farm_->server(0).host;
  options.connect.port = farm_->server(0).port;
  options.connect.user = "weft_store";
  options.connect.password = "store secret";
  options.database = absl::StrCat("weft_", ++databases_);
  return options;
}

void StoreServer::Empty(const MysqlStoreOptions& store) { Run(store, store_server_sql::kEmpty); }

void StoreServer::LoseClaims(const MysqlStoreOptions& store) {
  Run(store, store_server_sql::kLoseClaims);
}

void StoreServer::Run(const MysqlStoreOptions& store,
                      absl::Span<const absl::string_view> statements) {
  mysql::ConnectOptions connect = store.connect;
  connect.database = store.database;
  const absl::StatusOr<std::unique_ptr<mysql::Session>> session = mysql::Session::Open(connect);
  ASSERT_TRUE(session.ok()) << session.status();
  for (const absl::string_view statement : statements) {
    const absl::Status status = (*session)->Execute(statement);
    ASSERT_TRUE(status.ok()) << status;
  }
}

StoreServer& StoreServer::Shared() {
  // Destroyed at the end of the program, and with it the server.
  static StoreServer server(/*durable=*/false);
  return server;
}

}  // namespace weft::controller
