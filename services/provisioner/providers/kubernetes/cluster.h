#pragma once
// The calls of the Kubernetes API that the provider makes.
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "services/provisioner/http/rest.h"
#include "services/provisioner/providers/transport.h"

namespace weft::provisioner::kubernetes {

// One kind of object in one namespace.
struct Kind {
  absl::string_view group;  // "" for the core group
  absl::string_view version;
  absl::string_view plural;
};
inline constexpr Kind kStatefulSets{"apps", "v1", "statefulsets"};
inline constexpr Kind kPods{"", "v1", "pods"};
inline constexpr Kind kServices{"", "v1", "services"};
inline constexpr Kind kClaims{"", "v1", "persistentvolumeclaims"};
inline constexpr Kind kSecrets{"", "v1", "secrets"};
inline constexpr Kind kSnapshots{"snapshot.storage.k8s.io", "v1", "volumesnapshots"};

struct Login {
  std::string token;       // empty: the client's certificate says who it is
  std::string token_file;  // is read at each request: a cluster changes its pods' tokens
};

// Errors are those of Provider; a quota is told from other things that are forbidden. Thread-safe.
class Cluster {
 public:
  Cluster(const Transport& transport, Login login, std::string name_space);

  const std::string& who() const { return rest_.who(); }
  absl::Status Garbage(absl::string_view expected, const Json& found) const {
    return rest_.Garbage(expected, found);
  }

  // Server-side apply, as field manager "weft-provisioner"; the object as it then is. nullopt where
  // the cluster has no such kind.
  absl::StatusOr<std::optional<Json>> Apply(const Kind& kind, const Json& object,
                                            const Deadline& deadline);
  // Whether the object would be let in, by a dry run.
  absl::Status TryToCreate(const Kind& kind, const Json& object, const Deadline& deadline);
  // nullopt where there is none.
  absl::StatusOr<std::optional<Json>> Get(const Kind& kind, const std::string& name,
                                          const Deadline& deadline);
  // The items with these labels ("a=b,c=d"); nullopt where the cluster has no such kind.
  absl::StatusOr<std::optional<std::vector<Json>>> List(const Kind& kind, const std::string& labels,
                                                        const Deadline& deadline);
  // What it owns goes with it, in its own time. OK where there is none.
  absl::Status Delete(const Kind& kind, const std::string& name, const Deadline& deadline);

 private:
  std::string Url(const Kind& kind, absl::string_view rest) const;
  // Send with the login; 404 is the caller's.
  absl::StatusOr<http::Reply> Do(absl::string_view what, http::Rest::Call call,
                                 const Deadline& deadline);

  const std::string base_;
  const Login login_;
  const std::string name_space_;
  http::Rest rest_;
};

}  // namespace weft::provisioner::kubernetes
