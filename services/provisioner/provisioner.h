#pragma once
// One provisioner: everything between its gRPC port and the state store.
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/mysql/session.h"
#include "common/rpc/auth.h"
#include "common/rpc/channel.h"
#include "common/rpc/metrics.h"
#include "services/provisioner/copies/copy_requests.h"
#include "services/provisioner/dataset/farm_access.h"
#include "services/provisioner/jobs.h"
#include "services/provisioner/mysql/inventory.h"
#include "services/provisioner/providers/registry.h"

namespace weft::provisioner {

// Several may run over one store and one set of controllers; each serves every request.
class Provisioner {
 public:
  struct Options {
    JobRunner::Options jobs;
    MysqlInventory::Options store;
    // One for each controller, with this process's own login.
    std::vector<rpc::ChannelOptions> controllers;
    // The user that all processes are started with; empty: calls need no login.
    rpc::Credentials admin;
    // File with the key that encrypts secrets; empty: none can be kept.
    std::string key_file;
    // Of servers that providers start here.
    InitialContent content;
    // Whom a new machine's server is greeted as.
    mysql::ConnectOptions manage;
    absl::Duration reach_patience = absl::Seconds(2);  // of one greeting
    // Of copies: how servers are logged in to, and what holds where a request does not say.
    AccessOptions access;
    CopyOptions copies;
    // Users of Weft's accounts on the servers, whose sessions are no clients'.
    std::vector<std::string> own_users;
  };

  // Begins to resume what was left behind; needs neither the store nor a controller yet. Errors of
  // the key file and of addresses. `metrics` and `clock` outlive this.
  static absl::StatusOr<std::unique_ptr<Provisioner>> Start(Options options, rpc::Metrics* metrics,
                                                            Clock* clock);
  // Stops: what runs is left to another.
  ~Provisioner();

  // Behind the gate; they live as long as this.
  std::vector<grpc::Service*> services() const;
  static std::vector<std::string> service_names();

 private:
  struct Parts;
  explicit Provisioner(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace weft::provisioner
