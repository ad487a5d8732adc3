#pragma once
// A real server as the state store, for the tests of MysqlStore.
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/mysqld/testing/farm_fixture.h"
#include "services/controller/mysql/store.h"

namespace weft::controller {

// One MySQL 9.7 with an account that has the rights StoreGrant names on databases called weft_...,
// and no other.
class StoreServer {
 public:
  // `durable`: with sync_binlog=1 and innodb_flush_log_at_trx_commit=1. Ends the test program when
  // there is no server: nothing could be tested.
  explicit StoreServer(bool durable);

  // Options for a store in a database of its own.
  MysqlStoreOptions NewStore();

  // Deletes what is stored, and leaves the tables.
  void Empty(const MysqlStoreOptions& store);

  // Its operations are nobody's any more, as in one that was restored from a backup.
  void LoseClaims(const MysqlStoreOptions& store);

  testing::TestFarm& farm() { return *farm_; }
  // Runs SQL as root; what it prints.
  std::string Sql(const std::string& sql);

  // The one that the tests of a program share, not durable; gone with the program.
  static StoreServer& Shared();

 private:
  static void Run(const MysqlStoreOptions& store, absl::Span<const absl::string_view> statements);

  std::unique_ptr<testing::TestFarm> farm_;
  int databases_ = 0;
};

}  // namespace weft::controller
