#include "common/access/login_limiter.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/base/backoff.h"

namespace weft::access {
namespace {

// Of what a client says: no user's name is longer.
constexpr size_t kMaxName = 64;

// A client with any user. No name has a line feed.
std::string KeyOf(absl::string_view peer) { return absl::StrCat(peer, "\n"); }

// Names come from clients: only so much of them tells users apart.
std::string KeyOf(absl::string_view peer, absl::string_view user) {
  return absl::StrCat(peer, "\n\n", user.substr(0, kMaxName));
}

constexpr absl::string_view kLocal = "local";

}  // namespace

absl::Duration LoginLimiter::WaitOf(const std::string& key, absl::Duration now) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return absl::ZeroDuration();
  if (now - found->second.last >= options_.forget_after) {
    Forget(key);
    return absl::ZeroDuration();
  }
  return std::max(absl::ZeroDuration(), found->second.next - now);
}

absl::Duration LoginLimiter::Wait(absl::string_view peer, absl::string_view user,
                                  absl::Duration now) {
  return std::max(WaitOf(KeyOf(peer, user), now), WaitOf(KeyOf(peer), now));
}

void LoginLimiter::Forget(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  oldest_first_.erase(found->second.place);
  entries_.erase(found);
}

void LoginLimiter::Count(const std::string& key, int free, absl::Duration now) {
  WaitOf(key, now);  // forgets what is too old
  auto [found, is_new] = entries_.try_emplace(key);
  Entry& entry = found->second;
  if (!is_new) oldest_first_.erase(entry.place);
  entry.place = oldest_first_.insert(oldest_first_.end(), key);
  entry.last = now;
  ++entry.failures;
  const BackoffOptions backoff = {.initial = options_.initial_wait,
                                  .maximum = options_.longest_wait,
                                  .multiplier = 2,
                                  .jitter = 0};
  entry.next = now + BackoffDelay(backoff, entry.failures - free, 0);
  while (entries_.size() > options_.max_entries) {
    entries_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
}

void LoginLimiter::Failed(absl::string_view peer, absl::string_view user, absl::Duration now) {
  Count(KeyOf(peer), options_.free_failures_of_peer, now);
  Count(KeyOf(peer, user), options_.free_failures, now);
}

// What the client failed with other users stays: it may be trying them by means of one of its own.
void LoginLimiter::Succeeded(absl::string_view peer, absl::string_view user) {
  Forget(KeyOf(peer, user));
}

void LoginLimiter::Expire(absl::Duration now) {
  while (!oldest_first_.empty()) {
    const auto oldest = entries_.find(oldest_first_.front());
    if (now - oldest->second.last < options_.forget_after) return;
    entries_.erase(oldest);
    oldest_first_.pop_front();
  }
}

std::string PeerKey(absl::string_view peer) {
  if (absl::StartsWith(peer, "unix:") || absl::StartsWith(peer, "inproc")) {
    return std::string(kLocal);
  }
  absl::ConsumePrefix(&peer, "ipv4:") || absl::ConsumePrefix(&peer, "ipv6:");
  std::string host = absl::StrReplaceAll(peer, {{"%5B", "["}, {"%5D", "]"}});
  const size_t bracket = host.rfind(']');
  if (bracket != std::string::npos) {
    host = host.substr(0, bracket);
    host.erase(0, host.find('[') + 1);
  } else if (std::count(host.begin(), host.end(), ':') == 1) {
    host = host.substr(0, host.find(':'));
  }
  unsigned char bytes[16];
  if (inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), bytes) != 1) return host;
  const absl::string_view address(reinterpret_cast<const char*>(bytes), sizeof bytes);
  constexpr absl::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  if (absl::StartsWith(address, kMapped)) {
    return absl::StrCat(bytes[12], ".", bytes[13], ".", bytes[14], ".", bytes[15]);
  }
  if (host == "::1") return host;
  return absl::StrCat(absl::BytesToHexString(address.substr(0, 8)), "/64");
}

std::string Shown(absl::string_view said) {
  std::string shown(said.substr(0, kMaxName));
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return shown;
}

bool IsLocalPeer(absl::string_view peer_key) {
  return absl::StartsWith(peer_key, "127.") || peer_key == "::1" || peer_key == kLocal;
}

}  // namespace weft::access
