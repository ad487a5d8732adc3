#include "services/controller/login_audit.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/access/login_limiter.h"

namespace weft::controller {
namespace {

std::string Logins(uint64_t count) {
  return count == 1 ? "a login failed" : absl::StrCat(count, " logins failed");
}

}  // namespace

void LoginAudit::Failed(const Failure& failure) {
  const Key key = {access::Shown(failure.protocol), access::Shown(failure.user),
                   access::Shown(failure.peer), access::Shown(failure.gateway)};
  MutexLock lock(&mutex_);
  if (rows_.size() >= options_.max_rows && rows_.count(key) == 0) {
    others_ += failure.count;
    return;
  }
  rows_[key].pending += failure.count;
}

void LoginAudit::FailedOthers(uint64_t count) {
  MutexLock lock(&mutex_);
  others_ += count;
}

void LoginAudit::Tick() {
  std::vector<std::string> texts;
  {
    MutexLock lock(&mutex_);
    const absl::Duration now = clock_->MonotonicNow();
    for (auto it = rows_.begin(); it != rows_.end();) {
      const auto& [protocol, user, peer, gateway] = it->first;
      Row& row = it->second;
      if (now - row.told < options_.quiet) {
        ++it;
        continue;
      }
      if (row.pending == 0) {
        it = rows_.erase(it);
        continue;
      }
      texts.push_back(absl::StrCat(Logins(row.pending), " as '", user, "' by ", protocol, " from ",
                                   peer, gateway.empty() ? "" : " at ", gateway));
      row = {0, now};
      ++it;
    }
    if (others_ > 0) texts.push_back(absl::StrCat(Logins(others_), " as others"));
    others_ = 0;
  }
  for (const std::string& text : texts) tell_(text);
}

}  // namespace weft::controller
