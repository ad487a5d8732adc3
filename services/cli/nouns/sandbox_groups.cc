#include "services/cli/nouns/sandbox_groups.h"

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/operations.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "services/cli/client.h"
#include "services/cli/login.h"
#include "services/cli/waiting.h"

namespace weft::cli {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

absl::Status AddOne(Client& client, const std::string& group, const std::string& address) {
  v1::AddServerRequest add;
  add.set_group(absl::StrCat("groups/", group));
  add.set_address(address);
  add.set_request_id(RandomUuid());
  WEFT_ASSIGN_OR_RETURN(const v1::AddServerResponse added,
                        client.Call(&v1::Servers::Stub::AddServer, add, kPatience));
  if (added.operation().name().empty()) return absl::OkStatus();
  v1::WaitOperationRequest wait;
  wait.set_name(added.operation().name());
  wait.mutable_timeout()->set_seconds(absl::ToInt64Seconds(kPatience));
  WEFT_ASSIGN_OR_RETURN(const v1::Operation ended, client.Call(&v1::Operations::Stub::WaitOperation,
                                                               wait, kPatience + absl::Seconds(5)));
  if (ended.state() == v1::Operation::RUNNING) {
    return absl::DeadlineExceededError(
        absl::StrCat(address, " was not added within ", absl::FormatDuration(kPatience)));
  }
  return StatusOf(ended);
}

}  // namespace

absl::Status CreateSandboxGroups(const sandbox::Layout& layout, Interrupt* interrupt) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<rpc::ChannelOptions> controllers, LoginOf(layout));
  WEFT_ASSIGN_OR_RETURN(const std::unique_ptr<Client> client,
                        Client::Create(controllers, interrupt));
  for (const sandbox::Group& group : layout.groups) {
    v1::CreateGroupRequest create;
    create.set_group_id(group.id);
    create.set_request_id(RandomUuid());
    const absl::StatusOr<v1::Group> created =
        client->Call(&v1::Groups::Stub::CreateGroup, create, kPatience);
    // It may be called again after a part of it was done.
    if (!absl::IsAlreadyExists(created.status())) WEFT_RETURN_IF_ERROR(created.status());
    for (const sandbox::Server& server : group.servers) {
      const absl::Status added = AddOne(*client, group.id, server.address);
      if (!absl::IsAlreadyExists(added)) WEFT_RETURN_IF_ERROR(added);
    }
  }
  return absl::OkStatus();
}

}  // namespace weft::cli
