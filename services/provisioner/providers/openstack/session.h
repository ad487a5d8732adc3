#pragma once
// A login at Keystone (v3), and requests to the services of its catalog.
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/provisioner/http/rest.h"
#include "services/provisioner/ports/provider.h"
#include "services/provisioner/providers/transport.h"

namespace weft::provisioner::openstack {

enum class Service { kCompute, kImage, kNetwork };

// Errors are those of Provider; 404 is left to the caller. Thread-safe.
class Session {
 public:
  // Of the record: user, password, tenant, and the extra keys that provider.h names. The password
  // is sent to Keystone, which is at the transport's base, and to nobody else.
  Session(const Transport& transport, const ProviderRecord& record);

  const std::string& who() const { return rest_.who(); }
  absl::Status Garbage(absl::string_view expected, const Json& found) const {
    return rest_.Garbage(expected, found);
  }

  // Logs in anew.
  absl::Status Login(const Deadline& deadline);
  // With a token, which is asked for where there is none and once again where it is refused. `path`
  // is below the service's version. `what` is said of a refusal.
  absl::StatusOr<http::Reply> Do(absl::string_view what, Service service, absl::string_view method,
                                 const std::string& path, const Json& body,
                                 const Deadline& deadline);
  // All pages of a list: the members of `key`.
  absl::StatusOr<std::vector<Json>> List(Service service, const std::string& path,
                                         const std::string& key, const Deadline& deadline);

 private:
  struct Access {
    std::string token;
    std::map<Service, std::string> endpoints;
  };

  Json LoginBody() const;
  absl::StatusOr<Access> Ask(const Deadline& deadline);
  absl::StatusOr<Access> Current(const Deadline& deadline);
  absl::StatusOr<std::map<Service, std::string>> ReadCatalog(const Json& catalog) const;

  const std::string base_;
  const ProviderRecord record_;
  http::Rest rest_;
  Mutex mutex_;
  Access access_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::provisioner::openstack
