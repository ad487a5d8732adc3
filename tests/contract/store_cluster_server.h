#pragma once
// A real cluster of MySQL Group Replication as the state store, for the tests of MysqlStore.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/mysqld/instance.h"
#include "services/controller/mysql/store.h"

namespace weft::controller {

// Three members of one machine, not durable, with the account of a store.
class StoreClusterServer {
 public:
  // The one that the tests of a program share; gone with the program. Ends the test program when
  // there is no cluster: nothing could be tested.
  static StoreClusterServer& Shared();

  ~StoreClusterServer();

  // Options for a store in a database of its own.
  MysqlStoreOptions NewStore();
  // Deletes what is stored, and leaves the tables.
  void Empty(const MysqlStoreOptions& store);

  const std::vector<Instance>& members() const { return members_; }
  // Runs SQL on a member, as the store's account or as root.
  absl::Status Sql(size_t member, absl::string_view sql);

 private:
  StoreClusterServer() = default;
  absl::Status Create();

  std::string dir_;
  std::vector<Instance> members_;
  int databases_ = 0;
};

}  // namespace weft::controller
