#pragma once
// MySQL servers of this machine, each a folder and a mysqld, as machines.
#include <memory>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/mysqld/accounts_sql.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// The record: `url` is a folder of its own on this machine (an absolute path, or file:///PATH), in
// which everything is kept; user, password and tenant are not used. Extra keys: `ports`
// ("FIRST-LAST": the range that servers take theirs from; none: any that is free from 20000 to
// 32000).
//
// A machine is a server in the folder UUID, listening on loopback; its server_uuid is the machine's
// uuid. It comes up read-only with the accounts of `content`, and is neither restarted nor repaired
// here. Of an order it takes:
//   image      name=9.7, name=5.6, or the path of a mysqld; nothing is downloaded
//   flavor     name=durable (each commit is on the disk when it is acknowledged), or name=relaxed
//   user_data  SQL statements, one a line, executed once before the first connection
//   meta       kept
// BAD_ORDER for all else. Search knows the keys name ("machine-UUID"), image and status.
//
// A snapshot is a copy of the data in a folder of its own with a checksum of each file, which is
// verified when it is restored. It is made by the server's own CLONE where it runs (8.0.17 and
// later); of a server that stands still by copying its files; of an older one that runs not at all
// (NOT_OFFERED).
//
// BAD_PROVIDER for a record that cannot be used. `clock` must outlive the provider.
absl::StatusOr<std::unique_ptr<Provider>> NewLocalProvider(const ProviderRecord& record,
                                                           const InitialContent& content,
                                                           Clock* clock);

}  // namespace weft::provisioner
