#include "services/controller/core/told.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace weft::controller {
namespace {

enum class Answer { kNo, kYes, kUnknown };

int CountReigns(const Group& group, const std::string& uuid) {
  int reigns = 0;
  for (size_t i = 0; i < group.history.size(); ++i) {
    const bool lasts = group.primary.text() == uuid && i + 1 == group.history.size();
    if (group.history[i].primary.text() == uuid && !lasts) ++reigns;
  }
  return reigns;
}

// Of transactions that originate from `uuid`.
Answer Ask(const Group& group, const Server& server, const std::string& uuid,
           const std::vector<EndOfReign>& ends) {
  const int reigns = CountReigns(group, uuid);
  if (reigns == 0) {
    const bool member = std::any_of(group.servers.begin(), group.servers.end(),
                                    [&](const Server& one) { return one.uuid.text() == uuid; });
    return member ? Answer::kYes : Answer::kUnknown;
  }
  int lossless = 0;
  int async = 0;
  for (const EndOfReign& end : ends) {
    if (end.old_primary.text() != uuid || end.new_primary == end.old_primary) continue;
    if (end.durability == ToString(Durability::kLossless)) ++lossless;
    if (absl::StartsWith(end.durability, ToString(Durability::kAsync))) ++async;
  }
  if (async >= reigns && lossless == 0) return Answer::kYes;
  if (lossless < reigns || async > 0) return Answer::kUnknown;
  const bool of_its_reign =
      uuid == server.uuid.text() && absl::StrContains(server.set_aside, kOfItsReign);
  return of_its_reign ? Answer::kNo : Answer::kUnknown;
}

}  // namespace

Told WhoWasTold(const Group& group, const Server& server, const GtidSet& errant,
                const std::vector<EndOfReign>& ends) {
  Told told;
  for (const std::string& uuid : errant.Uuids()) {
    const GtidSet of = errant.Restrict(uuid);
    switch (Ask(group, server, uuid, ends)) {
      case Answer::kNo:
        told.no = told.no.Union(of);
        break;
      case Answer::kYes:
        told.yes = told.yes.Union(of);
        break;
      case Answer::kUnknown:
        told.unknown = told.unknown.Union(of);
        break;
    }
  }
  return told;
}

std::string ToString(const Told& told) {
  std::vector<std::pair<const char*, const GtidSet*>> parts;
  if (!told.no.Empty()) parts.push_back({"not acknowledged", &told.no});
  if (!told.yes.Empty()) parts.push_back({"acknowledged", &told.yes});
  if (!told.unknown.Empty()) parts.push_back({"not known whether acknowledged", &told.unknown});
  if (parts.size() == 1) return parts.front().first;
  return absl::StrJoin(parts, ", ", [](std::string* out, const auto& part) {
    absl::StrAppend(out, part.second->Count(), " ", part.first, " [", part.second->ToString(), "]");
  });
}

}  // namespace weft::controller
