#pragma once
// What the commands work with: calls to the controllers in the name of one caller, and what the
// gateway knows itself.
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/fabric/value.h"
#include "common/rpc/leader_client.h"
#include "protos/weft/v1/groups.pb.h"
#include "protos/weft/v1/operations.pb.h"
#include "services/gateway/commands/call_counts.h"
#include "services/gateway/commands/fabric_error.h"
#include "services/gateway/commands/lookups.h"
#include "services/gateway/commands/procedure_book.h"
#include "services/gateway/routes.h"

namespace weft::gateway {

// One gateway, as its commands see it. All of it is thread-safe and outlives them.
struct Surroundings {
  rpc::LeaderClient client;
  // Any of them serves; nullopt: there is none.
  std::optional<rpc::LeaderClient> provisioners = std::nullopt;
  const Routes* routes = nullptr;
  Lookups* lookups = nullptr;
  ProcedureBook* book = nullptr;
  CallCounts* counts = nullptr;
  Clock* clock = nullptr;
  absl::Time started;
  absl::Duration settle_deadline;
  std::function<absl::Status()> stop;
  std::function<void(int seconds)> set_ttl;
  // Begins the procedure of a command for a caller, and returns its uuid; does not block.
  std::function<absl::StatusOr<std::string>(const std::string& user, const std::string& method,
                                            fabric::List arguments)>
      begin;
};

// One run of one command. Not thread-safe. Its calls block, and end when the gateway stops. Errors
// of calls are as the controller gave them; where none answered, a ServiceError.
class Session {
 public:
  // `request_id` makes the run's change happen once. `surroundings` outlives it.
  Session(const Surroundings* surroundings, std::string user, std::string request_id,
          Deadline deadline)
      : surroundings_(surroundings),
        user_(std::move(user)),
        request_id_(std::move(request_id)),
        deadline_(deadline) {}

  const Surroundings& here() const { return *surroundings_; }
  const std::string& user() const { return user_; }
  const std::string& request_id() const { return request_id_; }
  Deadline deadline() const { return deadline_; }

  // Whom the run's errors are about: filled in as it becomes known.
  Subject subject;

  // One unary call in the caller's name: Call(&v1::Groups::Stub::GetGroup, request).
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    return CallAs(here().client, user_, method, request);
  }
  // The same to a provisioner. REQUIRES: here().provisioners.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> CallProvisioner(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                        const Request&, Response*),
                                           const Request& request) {
    return CallAs(*here().provisioners, user_, method, request);
  }
  // The same in the gateway's own: what comes along with a command that the caller may execute, and
  // says nothing to the caller.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> CallAsSelf(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*),
                                      const Request& request) {
    return CallAs(here().client, "", method, request);
  }

  // The same for a change of the subject's group that has to wait for its turn there.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> CallInTurn(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                   const Request&, Response*),
                                      const Request& request) {
    while (true) {
      absl::StatusOr<Response> response = Call(method, request);
      if (response.ok() || !AwaitTurn(response.status())) return response;
    }
  }

  // Waits for its end. An error when it did not succeed, with the operation's reason; TimeoutError
  // when the run's deadline is over: it goes on then. OK at once for an absent one.
  absl::StatusOr<v1::Operation> Await(const v1::Operation& operation);

  // The record of a group, without a look at its servers.
  absl::StatusOr<v1::Group> GroupOf(const std::string& group);
  // The record of a server by its uuid or "host:port"; fills in the subject.
  absl::StatusOr<v1::Server> ServerOf(const std::string& id);
  // The same, of a server that must be of the subject's group.
  absl::StatusOr<v1::Server> MemberOf(const std::string& id);
  // The uuid of the server at an address, known or asked for.
  absl::StatusOr<std::string> UuidAt(const std::string& address);

  // Waits, for a moment at most, until lookups show the group as the controllers have it now: who
  // has the answer to a change looks next whether it took place.
  void Settle(const std::string& group);
  // Awaits a change of the subject's group, and settles that whether it succeeded or not.
  absl::Status Conclude(const v1::Operation& operation);

 private:
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> CallAs(const rpc::LeaderClient& client, const std::string& user,
                                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                                  const Request& request) {
    Response response;
    const absl::Status status =
        Run(client, user,
            [&](const std::shared_ptr<grpc::Channel>& channel, grpc::ClientContext* context) {
              Stub stub(channel);
              return (stub.*method)(context, request, &response);
            });
    if (!status.ok()) return status;
    return response;
  }
  absl::Status Run(const rpc::LeaderClient& client, const std::string& user,
                   rpc::LeaderClient::Attempt attempt);
  // The error of a call that nobody answered, or that this gateway's end cut off.
  absl::Status Explain(const rpc::LeaderClient& client,
                       const rpc::LeaderClient::Outcome& outcome) const;
  // True where `error` says that another change of the group is under way, once that has had time
  // to end.
  bool AwaitTurn(const absl::Status& error);

  const Surroundings* const surroundings_;
  const std::string user_;
  const std::string request_id_;
  const Deadline deadline_;
};

}  // namespace weft::gateway
