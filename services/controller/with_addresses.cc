#include "services/controller/with_addresses.h"

namespace weft::controller {
namespace {

// After a server's name in a sentence a colon is followed by a blank.
bool BeginsGtids(absl::string_view rest) {
  return rest.size() > 1 && rest[0] == ':' && rest[1] != ' ';
}

}  // namespace

std::string WithAddresses(absl::string_view text, const Group& group) {
  std::string result(text);
  for (const Server& server : group.servers) {
    const std::string& uuid = server.uuid.text();
    if (uuid.empty() || server.address.empty()) continue;
    const std::string address = server.address.ToString();
    size_t at = 0;
    while ((at = result.find(uuid, at)) != std::string::npos) {
      const size_t end = at + uuid.size();
      if (BeginsGtids(absl::string_view(result).substr(end))) {
        at = end;
        continue;
      }
      result.replace(at, uuid.size(), address);
      at += address.size();
    }
  }
  return result;
}

}  // namespace weft::controller
