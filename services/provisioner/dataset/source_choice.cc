#include "services/provisioner/dataset/source_choice.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"

namespace weft::provisioner {
namespace {

bool Means(absl::string_view wanted, const Server& server) {
  const absl::string_view bare = absl::StripPrefix(wanted, "servers/");
  if (absl::AsciiStrToLower(bare) == server.uuid.text()) return true;
  const auto address = HostPort::Parse(bare);
  return address.ok() && *address == server.address;
}

// The lower, the better.
int RankOf(ServerStatus status) {
  switch (status) {
    case ServerStatus::kSpare:
      return 0;
    case ServerStatus::kSecondary:
      return 1;
    case ServerStatus::kPrimary:
      return 2;
    default:
      return 3;
  }
}

// A server set aside may hold what the group must not get.
std::string WhyUnfit(const SourceCandidate& member) {
  if (!member.server.set_aside.empty()) {
    return absl::StrCat("it is set aside: ", member.server.set_aside);
  }
  if (RankOf(member.server.status) > 2) {
    return absl::StrCat("it is ", ToString(member.server.status));
  }
  if (!member.healthy) return member.unhealthy_because;
  return "";
}

absl::StatusOr<SourceChoice> TheOneWanted(const std::vector<SourceCandidate>& members,
                                          absl::string_view wanted) {
  for (const SourceCandidate& member : members) {
    if (!Means(wanted, member.server)) continue;
    const std::string unfit = WhyUnfit(member);
    if (unfit.empty()) return SourceChoice{member.server, "it was asked for"};
    return Refusal(
        absl::StatusCode::kFailedPrecondition, "SOURCE_NOT_FIT",
        absl::StrCat(member.server.address.ToString(), " cannot be copied from: ", unfit),
        "a healthy member", unfit, "name another, or none: one is chosen");
  }
  return Refusal(absl::StatusCode::kNotFound, "UNKNOWN_SOURCE",
                 absl::StrCat("the group has no server ", wanted), "a member of the group", wanted,
                 "name a member, or none: one is chosen");
}

}  // namespace

absl::StatusOr<SourceChoice> ChooseSource(const std::vector<SourceCandidate>& members,
                                          absl::string_view wanted) {
  if (!wanted.empty()) return TheOneWanted(members, wanted);
  std::vector<const SourceCandidate*> fit;
  std::vector<std::string> unfit;
  for (const SourceCandidate& member : members) {
    const std::string why = WhyUnfit(member);
    if (why.empty()) {
      fit.push_back(&member);
    } else {
      unfit.push_back(absl::StrCat(member.server.address.ToString(), ": ", why));
    }
  }
  if (fit.empty()) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "NO_SOURCE",
                   "no server of the group can be copied from", "a healthy member",
                   unfit.empty() ? "a group without servers" : absl::StrJoin(unfit, "; "),
                   "bring one back: weft group show");
  }
  const auto better = [](const SourceCandidate* a, const SourceCandidate* b) {
    const auto key = [](const SourceCandidate* one) {
      return std::make_tuple(RankOf(one->server.status), one->server.weight, one->server.uuid);
    };
    return key(a) < key(b);
  };
  const Server& best = (*std::min_element(fit.begin(), fit.end(), better))->server;
  switch (best.status) {
    case ServerStatus::kSpare:
      return SourceChoice{best, "a spare serves nobody"};
    case ServerStatus::kSecondary:
      return SourceChoice{best, "a secondary spares the primary"};
    default:
      return SourceChoice{best, "no other member is fit"};
  }
}

}  // namespace weft::provisioner
