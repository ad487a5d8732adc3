#pragma once
// The commands of Fabric (common/fabric/command_table.h) carried out: lookups from the pushed
// snapshot, the rest by the controllers.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/rpc/channel.h"
#include "common/rpc/controllers.h"
#include "common/rpc/metrics.h"
#include "services/gateway/executor.h"
#include "services/gateway/routes.h"
#include "services/gateway/users.h"

namespace weft::gateway {

// docs/fabric.md says what each command does.
class CommandExecutor : public Executor {
 public:
  struct Options {
    // One for each controller, in the order to ask them; their credentials are the gateway's own,
    // the caller's name goes along with each call.
    std::vector<rpc::ChannelOptions> controllers;
    // The same of provisioners; none: commands of machines find no provider.
    std::vector<rpc::ChannelOptions> provisioners;
    // Seconds; until manage.set_ttl says otherwise.
    int ttl = 1;
    // "host:port" as clients reach this gateway: what dump.fabric_nodes tells. Empty: that wire is
    // not offered.
    std::string xmlrpc_address;
    std::string mysql_address;
    // What manage.stop does, on a thread of this object, after it was answered; it must not wait
    // for this object to be destroyed. Empty: manage.stop is refused.
    std::function<void()> stop;

    // Threads that wait for controllers, one for each command under way; and commands that wait
    // for a thread, beyond which they are refused. Reports of threats have as many of their own, so
    // that failures are heard while long commands run.
    int threads = 64;
    size_t max_waiting = 1024;
    // The longest that a command waits for what it began; that goes on then.
    absl::Duration command_deadline = absl::Minutes(10);
    // The longest that the answer to a change waits until lookups show it.
    absl::Duration settle_deadline = absl::Seconds(2);
  };
  // All outlive the executor. `users` may be nullptr: then only callers without a name are let in.
  struct Ports {
    const Routes* routes = nullptr;
    const Users* users = nullptr;
    rpc::Metrics* metrics = nullptr;
    Clock* clock = nullptr;
  };

  // Does not connect yet. Errors as rpc::Connect; INVALID_ARGUMENT without a controller or for a
  // malformed address.
  static absl::StatusOr<std::unique_ptr<CommandExecutor>> Create(Options options, Ports ports);
  // The same over connections that there are; Options::controllers is not looked at.
  static absl::StatusOr<std::unique_ptr<CommandExecutor>> CreateOver(
      std::shared_ptr<rpc::Controllers> controllers, Options options, Ports ports);
  // Ends calls under way; what waits is answered with an error.
  ~CommandExecutor() override;

  bool Knows(const std::string& method) const override;
  std::vector<std::string> Methods() const override;
  std::string Help(const std::string& method) const override;
  bool IsAllowed(const Caller& caller, const std::string& method) const override;
  void Execute(const Caller& caller, fabric::Call call, Done done) override;
  int ttl() const override;

 private:
  class Impl;
  explicit CommandExecutor(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace weft::gateway
