#include "services/provisioner/scaling/group_editor.h"

#include <algorithm>

namespace weft::provisioner {
namespace {

template <typename Which>
const MemberView* FindWhere(const std::vector<MemberView>& members, Which which) {
  const auto found = std::find_if(members.begin(), members.end(), which);
  return found == members.end() ? nullptr : &*found;
}

}  // namespace

const MemberView* GroupView::Find(const ServerUuid& uuid) const {
  return FindWhere(members, [&](const MemberView& one) { return one.server.uuid == uuid; });
}

const MemberView* GroupView::Find(const HostPort& address) const {
  return FindWhere(members, [&](const MemberView& one) { return one.server.address == address; });
}

const MemberView* GroupView::Primary() const {
  return FindWhere(members, [](const MemberView& one) {
    return one.server.status == ServerStatus::kPrimary && one.healthy;
  });
}

}  // namespace weft::provisioner
