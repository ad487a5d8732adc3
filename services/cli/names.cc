#include "services/cli/names.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/operations.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"
#include "services/cli/login.h"
#include "services/cli/views.h"

namespace weft::cli {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(1);

// Nobody sits at a completion: no questions, no words.
class SilentConsole : public Console {
 public:
  absl::Status Out(absl::string_view) override { return absl::OkStatus(); }
  void Err(absl::string_view) override {}
  bool out_is_terminal() const override { return false; }
  bool err_is_terminal() const override { return false; }
  bool can_ask() const override { return false; }
  int width() const override { return 80; }
  absl::StatusOr<std::string> AskSecret(absl::string_view) override {
    return absl::CancelledError("nobody to ask");
  }
  absl::StatusOr<bool> Confirm(absl::string_view) override {
    return absl::CancelledError("nobody to ask");
  }
};

std::vector<Candidate> GroupNames(Client& client) {
  v1::ListGroupsRequest request;
  request.set_page_size(1000);
  const Deadline deadline = Deadline::After(RealClock::Get(), kPatience);
  std::vector<Candidate> candidates;
  do {
    const auto page = client.Call(&v1::Groups::Stub::ListGroups, request, deadline.Remaining());
    if (!page.ok()) break;
    for (const v1::Group& group : page->groups()) {
      candidates.push_back({Printable(group.id()), Printable(group.description())});
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return candidates;
}

std::vector<Candidate> ServerNames(Client& client, const std::string& group) {
  v1::ListServersRequest request;
  if (!group.empty()) request.set_group(absl::StrCat("groups/", ShortName(group)));
  request.set_page_size(1000);
  const auto response = client.Call(&v1::Servers::Stub::ListServers, request, kPatience);
  std::vector<Candidate> candidates;
  if (!response.ok()) return candidates;
  for (const v1::Server& server : response->servers()) {
    candidates.push_back(
        {Printable(server.address()), absl::StrCat(v1::ServerStatus_Name(server.status()), " ",
                                                   Printable(ShortName(server.group())))});
  }
  for (const v1::Server& server : response->servers()) {
    candidates.push_back({Printable(server.uuid()), Printable(server.address())});
  }
  return candidates;
}

std::vector<Candidate> OperationNames(Client& client) {
  const auto response =
      client.Call(&v1::Operations::Stub::ListOperations, v1::ListOperationsRequest(), kPatience);
  std::vector<Candidate> candidates;
  if (!response.ok()) return candidates;
  for (const v1::Operation& operation : response->operations()) {
    candidates.push_back(
        {Printable(ShortName(operation.name())),
         Printable(absl::StrCat(operation.kind(), " ", ShortName(operation.group())))});
  }
  return candidates;
}

}  // namespace

NameSource NamesFromController(const Surroundings& surroundings) {
  return [&surroundings](Kind kind, const Options& options,
                         const Arguments& arguments) -> std::vector<Candidate> {
    SilentConsole silent;
    const auto login = ResolveLogin(options, surroundings.variables, &silent);
    if (!login.ok()) return {};
    const auto client = Client::Create(*login, surroundings.interrupt);
    if (!client.ok()) return {};
    if (kind == Kind::kGroup) return GroupNames(**client);
    if (kind == Kind::kServer) return ServerNames(**client, arguments.Text("group"));
    if (kind == Kind::kOperation) return OperationNames(**client);
    return {};
  };
}

}  // namespace weft::cli
