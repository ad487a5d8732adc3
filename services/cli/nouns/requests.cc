#include "services/cli/nouns/requests.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/ids.h"
#include "protos/weft/v1/groups.grpc.pb.h"
#include "protos/weft/v1/servers.grpc.pb.h"

namespace weft::cli {
namespace {

constexpr int kPageSize = 500;

std::string Prefixed(absl::string_view prefix, absl::string_view text) {
  return absl::StartsWith(text, prefix) ? std::string(text) : absl::StrCat(prefix, text);
}

}  // namespace

std::string GroupName(absl::string_view text) { return Prefixed("groups/", text); }
std::string OperationName(absl::string_view text) { return Prefixed("operations/", text); }

std::string ServerReference(absl::string_view text) {
  if (absl::StartsWith(text, "servers/")) return std::string(text);
  const absl::StatusOr<ServerUuid> uuid = ServerUuid::Parse(text);
  return uuid.ok() ? absl::StrCat("servers/", uuid->text()) : std::string(text);
}

absl::StatusOr<std::string> ResolveServer(Context& context, const std::string& text) {
  const std::string reference = ServerReference(text);
  if (absl::StartsWith(reference, "servers/")) return reference;
  v1::GetServerRequest request;
  request.set_name(reference);
  WEFT_ASSIGN_OR_RETURN(const v1::Server server,
                        context.Call(&v1::Servers::Stub::GetServer, request));
  return server.name();
}

AddressAndGroup TakeAddressAndGroup(const Arguments& arguments) {
  AddressAndGroup taken = {arguments.Text("address"), arguments.Text("group")};
  if (!absl::StrContains(taken.address, ':') && absl::StrContains(taken.group, ':')) {
    std::swap(taken.address, taken.group);
  }
  return taken;
}

View ViewOf(const Context& context) { return {.style = context.style(), .now = context.Now()}; }

Parameter GroupParameter(bool optional) {
  return {"group", "GROUP", "name of the group", Kind::kGroup, {}, optional};
}

Parameter ServerParameter(bool optional) {
  return {"server",      "SERVER", "uuid, servers/UUID or host:port ([v6]:port)",
          Kind::kServer, {},       optional};
}

Parameter StatusFilter() {
  return {"status",
          "STATUS",
          "only servers of this status",
          Kind::kText,
          {"PRIMARY", "SECONDARY", "SPARE", "FAULTY", "CONFIGURING"}};
}

Parameter ModeFilter() {
  return {"mode",
          "MODE",
          "only servers of this mode",
          Kind::kText,
          {"OFFLINE", "READ_ONLY", "WRITE_ONLY", "READ_WRITE"}};
}

Parameter LimitParameter(absl::string_view what) {
  return {"limit", "N", absl::StrCat("at most N ", what, ", the newest (default 50; 0: all)"),
          Kind::kInteger};
}

Parameter DurabilityParameter() {
  return {"durability",
          "POLICY",
          "lossless (a commit waits for replicas; the default) or async",
          Kind::kText,
          {"lossless", "async"}};
}

Parameter PromotionRuleParameter() {
  return {"promotion-rule",
          "RULE",
          "whether it may become the primary: prefer, neutral, prefer_not, must_not",
          Kind::kText,
          {"PREFER", "NEUTRAL", "PREFER_NOT", "MUST_NOT"}};
}

Parameter ZoneParameter() {
  return {"zone", "ZONE", "the place it stands in, which may be lost as a whole"};
}

v1::ServerStatus ServerStatusOf(const std::string& text) {
  v1::ServerStatus status = v1::SERVER_STATUS_UNSPECIFIED;
  v1::ServerStatus_Parse(absl::AsciiStrToUpper(text), &status);
  return status;
}

v1::ServerMode ServerModeOf(const std::string& text) {
  v1::ServerMode mode = v1::SERVER_MODE_UNSPECIFIED;
  v1::ServerMode_Parse(absl::AsciiStrToUpper(text), &mode);
  return mode;
}

v1::Durability DurabilityOf(const std::string& text) {
  v1::Durability durability = v1::DURABILITY_UNSPECIFIED;
  v1::Durability_Parse(absl::AsciiStrToUpper(text), &durability);
  return durability;
}

v1::PromotionRule PromotionRuleOf(const std::string& text) {
  v1::PromotionRule rule = v1::PROMOTION_RULE_UNSPECIFIED;
  v1::PromotionRule_Parse(absl::AsciiStrToUpper(text), &rule);
  return rule;
}

v1::Group KnownGroup(Context& context, const std::string& name) {
  if (name.empty()) return v1::Group();
  v1::GetGroupRequest request;
  request.set_name(name);
  request.set_cached(true);
  return context.Call(&v1::Groups::Stub::GetGroup, request).value_or(v1::Group());
}

absl::Status NothingAsked(absl::string_view expected) {
  return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", "nothing to change", expected,
                 "none of them", "say what shall change");
}

absl::StatusOr<std::vector<v1::Group>> ListGroups(Context& context) {
  std::vector<v1::Group> groups;
  v1::ListGroupsRequest request;
  request.set_page_size(kPageSize);
  do {
    WEFT_ASSIGN_OR_RETURN(const v1::ListGroupsResponse page,
                          context.Call(&v1::Groups::Stub::ListGroups, request));
    groups.insert(groups.end(), page.groups().begin(), page.groups().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return groups;
}

absl::StatusOr<std::vector<v1::Server>> ListServers(Context& context, const std::string& group,
                                                    v1::ServerStatus status, v1::ServerMode mode) {
  std::vector<v1::Server> servers;
  v1::ListServersRequest request;
  if (!group.empty()) request.set_group(GroupName(group));
  request.set_status(status);
  request.set_mode(mode);
  request.set_page_size(kPageSize);
  do {
    WEFT_ASSIGN_OR_RETURN(const v1::ListServersResponse page,
                          context.Call(&v1::Servers::Stub::ListServers, request));
    servers.insert(servers.end(), page.servers().begin(), page.servers().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return servers;
}

std::string OperationLine(const Context& context, const v1::Operation& operation,
                          const std::string& done) {
  if (!operation.name().empty() && !context.waits()) return absl::StrCat(operation.name(), "\n");
  const std::string result = ResultPhrase(operation);
  return absl::StrCat(Printable(done), result.empty() ? "" : ": ", result, "\n");
}

}  // namespace weft::cli
