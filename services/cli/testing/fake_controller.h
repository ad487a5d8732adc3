#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "protos/weft/v1/groups.pb.h"
#include "protos/weft/v1/node.pb.h"
#include "protos/weft/v1/operations.pb.h"
#include "protos/weft/v1/servers.pb.h"

namespace weft::cli {

struct FakeState;
class FakeServices;

// The controller's API over real gRPC on loopback, kept in memory: groups, servers and operations
// live as the .proto files say, without any MySQL. Long requests end at once unless held.
class FakeController {
 public:
  struct Login {
    std::string user;
    std::string password;
  };

  // Lets everybody in when the login is empty. Aborts the test when it cannot listen.
  explicit FakeController(const Login& login = {});
  // Another one over the same state, as if over the same store. What is said below of one of them
  // holds for both.
  explicit FakeController(const FakeController& beside);
  ~FakeController();

  std::string address() const;

  // From now on operations that begin stay RUNNING until they are ended.
  void HoldOperations();
  // Sets phase and progress of a held operation.
  void Advance(const std::string& name, const std::string& phase, double progress);
  void End(const std::string& name, v1::Operation::State state, const std::string& result_json);
  // Ends it as FAILED.
  void Break(const std::string& name, absl::StatusCode code, const std::string& reason,
             const std::string& message);
  // Blocks until a call waits for or watches an operation; returns its name, "" after a minute.
  std::string AwaitWatcher();

  // Each call fails with this until it is set to OK again.
  void FailWith(const absl::Status& status);
  // What CheckServer finds, GetNodeStatus and ExplainGroup say.
  void SetProblems(const std::vector<v1::ServerProblem>& problems);
  void SetNode(const v1::NodeStatus& node);
  void SetExplanation(const v1::ExplainGroupResponse& explanation);
  // What ExplainDurability says of any group.
  void SetProof(const v1::ExplainDurabilityResponse& proof);
  // PromoteGroup and DemoteGroup with validate_only answer with this refusal.
  void SetRefusal(const v1::Refusal& refusal);
  // Changes what is seen of a server.
  void SetServer(const std::string& address, const std::function<void(v1::Server*)>& change);

  v1::Group GroupNow(const std::string& id) const;
  // The requests of one method so far ("PromoteGroup"), as text format on one line.
  std::vector<std::string> Requests(const std::string& method) const;

 private:
  const std::shared_ptr<FakeState> state_;
  std::unique_ptr<FakeServices> services_;
};

}  // namespace weft::cli
