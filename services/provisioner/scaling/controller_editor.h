#pragma once

#include <string>
#include <utility>

#include "common/rpc/leader_client.h"
#include "services/provisioner/scaling/group_editor.h"

namespace weft::provisioner {

// By the leading controller.
class ControllerEditor : public GroupEditor {
 public:
  // `client` logs in as the provisioner's own user, who may act for others.
  explicit ControllerEditor(rpc::LeaderClient client) : client_(std::move(client)) {}

  absl::StatusOr<GroupView> Look(const std::string& group) override;
  absl::StatusOr<Begun> Add(const std::string& group, const HostPort& address, const Place& place,
                            const By& by) override;
  absl::StatusOr<Begun> Remove(const std::string& group, const ServerUuid& server,
                               const By& by) override;
  absl::Status Update(const ServerUuid& server, const Change& change, const By& by) override;
  absl::Status Cancel(const std::string& operation, const std::string& user) override;

 private:
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request, const std::string& user) const;

  const rpc::LeaderClient client_;
};

}  // namespace weft::provisioner
