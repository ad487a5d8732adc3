#include "services/provisioner/identity.h"

#include <netdb.h>
#include <sys/socket.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/provisioner/identity_sql.h"

namespace weft::provisioner {

absl::StatusOr<ServerUuid> ServerAt(const FarmAccess& access, const HostPort& address) {
  WEFT_ASSIGN_OR_RETURN(const auto session, access.Open(address, Duty::kManage, absl::Seconds(5)));
  WEFT_ASSIGN_OR_RETURN(const mysql::ResultSet rows, session->Query(sql::kServerUuid));
  for (const mysql::ResultSet::Row row : rows) return ServerUuid::Parse(row.StringOr("uuid", ""));
  return absl::InternalError(absl::StrCat(address.ToString(), " says no uuid"));
}

absl::StatusOr<std::vector<std::string>> AddressesOf(const std::string& host) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failure != 0) {
    const std::string why = absl::StrCat(host, ": ", gai_strerror(failure));
    if (failure == EAI_NONAME || failure == EAI_NODATA) return absl::NotFoundError(why);
    return absl::UnavailableError(why);
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, &freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    char text[NI_MAXHOST];
    const int failed =
        getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
    if (failed == 0) addresses.emplace_back(text);
  }
  return addresses;
}

}  // namespace weft::provisioner
