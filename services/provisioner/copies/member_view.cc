#include "services/provisioner/copies/member_view.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/rpc/model.h"

namespace weft::provisioner {
namespace {

std::string WhyUnhealthy(const v1::Server& server) {
  const v1::ServerHealth& health = server.health();
  if (!server.has_health()) return "the controllers have not looked at it yet";
  if (health.contact() != "answered") return absl::StrCat("it is ", health.contact());
  if (server.status() == v1::PRIMARY) return "";
  if (health.source().empty()) return "it replicates from nobody";
  if (!health.applier_running()) {
    return absl::StrCat("its applier stands still ", health.applier_error());
  }
  return "";
}

}  // namespace

absl::StatusOr<MemberView> MemberOf(const v1::Server& server) {
  MemberView member;
  WEFT_ASSIGN_OR_RETURN(member.server.uuid, ServerUuid::Parse(server.uuid()));
  WEFT_ASSIGN_OR_RETURN(member.server.address, HostPort::Parse(server.address()));
  member.server.group = std::string(absl::StripPrefix(server.group(), "groups/"));
  member.server.status = rpc::FromProto(server.status()).value_or(ServerStatus::kFaulty);
  member.server.mode = rpc::FromProto(server.mode()).value_or(ServerMode::kOffline);
  member.server.weight = server.weight();
  member.server.zone = server.zone();
  member.server.promotion_rule =
      rpc::FromProto(server.promotion_rule()).value_or(PromotionRule::kNeutral);
  member.server.set_aside = server.set_aside();
  member.server.errant = server.errant();
  WEFT_ASSIGN_OR_RETURN(member.executed, GtidSet::Parse(server.health().executed_gtids()));
  member.unhealthy_because = WhyUnhealthy(server);
  member.healthy = member.unhealthy_because.empty();
  return member;
}

}  // namespace weft::provisioner
