#pragma once
// From a provider's record to how it is reached.
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/provisioner/http/client.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

struct Transport {
  std::string base;  // "http://host:port/prefix", without a slash at its end
  http::Client::Options options;
};

// From `url`: http://, https://, tcp:// (https where files of TLS are named, else http) or
// unix:///path; and the extra keys "ca_file", "certificate_file" and "key_file" (PEM; the last two
// both or none). `extra_keys` are those that the type knows besides. BAD_PROVIDER otherwise, also
// for a url with a login in it, which would be shown.
absl::StatusOr<Transport> TransportOf(const ProviderRecord& record,
                                      const std::set<std::string>& extra_keys);

}  // namespace weft::provisioner
