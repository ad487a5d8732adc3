#include "services/provisioner/providers/transport.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/order.h"

namespace weft::provisioner {
namespace {

constexpr absl::string_view kSchemes = "http://, https://, tcp:// or unix:///path";

absl::StatusOr<std::string> BaseOf(absl::string_view url, bool has_tls_files) {
  absl::string_view rest = url;
  std::string scheme;
  if (absl::ConsumePrefix(&rest, "http://")) {
    scheme = "http://";
  } else if (absl::ConsumePrefix(&rest, "https://")) {
    scheme = "https://";
  } else if (absl::ConsumePrefix(&rest, "tcp://")) {
    scheme = has_tls_files ? "https://" : "http://";
  } else if (absl::ConsumePrefix(&rest, "unix://")) {
    if (!absl::StartsWith(rest, "/")) return BadProvider("url", kSchemes, url);
    return std::string("http://localhost");
  }
  while (absl::ConsumeSuffix(&rest, "/")) {
  }
  if (absl::StrContains(rest, "@")) return BadProvider("url", "one without a login", "a login");
  if (scheme.empty() || rest.empty() || rest.find_first_of(" \t\r\n?#") != rest.npos) {
    return BadProvider("url", kSchemes, url);
  }
  return absl::StrCat(scheme, rest);
}

}  // namespace

absl::StatusOr<Transport> TransportOf(const ProviderRecord& record,
                                      const std::set<std::string>& extra_keys) {
  const std::set<std::string> own_keys = {"ca_file", "certificate_file", "key_file"};
  for (const auto& [key, value] : record.extra) {
    if (!own_keys.contains(key) && !extra_keys.contains(key)) {
      return BadProvider("extra",
                         absl::StrCat("keys of ", absl::StrJoin(own_keys, ", "), ", ",
                                      absl::StrJoin(extra_keys, ", ")),
                         key);
    }
  }
  Transport transport;
  http::Client::Options& options = transport.options;
  options.ca_file = Value(record.extra, "ca_file");
  options.certificate_file = Value(record.extra, "certificate_file");
  options.key_file = Value(record.extra, "key_file");
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return BadProvider("extra", "certificate_file and key_file, both or none", "one of them");
  }
  const auto base =
      BaseOf(record.url, !options.ca_file.empty() || !options.certificate_file.empty());
  if (!base.ok()) return base.status();
  transport.base = *base;
  if (absl::StartsWith(record.url, "unix://")) {
    options.unix_socket = record.url.substr(absl::string_view("unix://").size());
  }
  options.who = absl::StrCat(record.type, " at ", record.url);
  return transport;
}

}  // namespace weft::provisioner
