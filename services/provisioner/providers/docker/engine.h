#pragma once
// The calls of the Engine API that the provider makes, each as one function.
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/provisioner/http/rest.h"
#include "services/provisioner/ports/provider.h"
#include "services/provisioner/providers/transport.h"

namespace weft::provisioner::docker {

// What went through a stream.
struct Digest {
  uint64_t bytes = 0;
  std::string sha256;  // in hexadecimal digits
  friend bool operator==(const Digest&, const Digest&) = default;
};

// Containers are named by name or id. Errors are those of Provider. Thread-safe.
class Engine {
 public:
  // `clock` must outlive it.
  Engine(const Transport& transport, Clock* clock);

  const std::string& who() const { return rest_.who(); }
  absl::Status Garbage(absl::string_view expected, const Json& found) const {
    return rest_.Garbage(expected, found);
  }

  // Also chooses the version of the API anew.
  absl::Status Check(const Deadline& deadline);
  // The first tag of the first image of that name (its id, where it has no tag). IMAGE_UNKNOWN.
  absl::StatusOr<std::string> FindImage(const std::string& name, const Deadline& deadline);
  // NETWORK_UNKNOWN where there is none of that label.
  absl::Status CheckNetwork(const std::string& label, const Deadline& deadline);

  // nullopt where there is none.
  absl::StatusOr<std::optional<Json>> Inspect(const std::string& name, const Deadline& deadline);
  // The names (as `docker ps` has them, without the slash) of all containers with these labels
  // ("key" or "key=value").
  absl::StatusOr<std::vector<std::string>> Names(const std::vector<std::string>& labels,
                                                 const Deadline& deadline);
  // OK where the name is taken.
  absl::Status Create(const std::string& name, const Json& container, const Deadline& deadline);
  // Also of a running one.
  absl::Status Start(const std::string& name, const Deadline& deadline);
  absl::Status Rename(const std::string& name, const std::string& to, const Deadline& deadline);
  // Stops its processes where they are, and lets them go on. OK where that is so already.
  absl::Status Pause(const std::string& name, const Deadline& deadline);
  absl::Status Unpause(const std::string& name, const Deadline& deadline);
  // OK where it is connected already.
  absl::Status Connect(const std::string& network, const std::string& name,
                       const Deadline& deadline);
  // With its unnamed volumes; gone when this returns. OK where there is none.
  absl::Status Remove(const std::string& name, const Deadline& deadline);
  absl::Status RemoveVolume(const std::string& name, const Deadline& deadline);

  // Writes one file; its folder is made where it lacks. `path` is absolute.
  absl::Status PutFile(const std::string& name, absl::string_view path, absl::string_view content,
                       int mode, const Deadline& deadline);
  // The content of a small file; nullopt where there is none. `path` is absolute.
  absl::StatusOr<std::optional<std::string>> GetFile(const std::string& name,
                                                     absl::string_view path,
                                                     const Deadline& deadline);
  // Copies a folder with all that is in it, owners and modes too, between two containers that need
  // not run. What is more in the other stays. Nothing is kept here but a few buffers. CANCELLED.
  absl::StatusOr<Digest> Copy(const std::string& from, const std::string& to,
                              const std::string& folder, const CopyTerms& terms);
  // Of the folder as Copy would send it. CANCELLED.
  absl::StatusOr<Digest> Read(const std::string& name, const std::string& folder,
                              const CopyTerms& terms);

 private:
  // "/v1.41": what is asked for from now on. PROVIDER_REFUSED: the engine is too old.
  absl::StatusOr<std::string> AskVersion(const Deadline& deadline);
  // Of a path; the engine is asked for its versions once.
  absl::StatusOr<std::string> Url(absl::string_view path, const Deadline& deadline);
  static std::string ContainerPath(const std::string& name, absl::string_view rest);
  static std::string ArchivePath(const std::string& name, absl::string_view folder);
  // Send, with what the engine says by a 500 told apart, and other 4xx than those of `expected`
  // made errors. `call` names a path for its url.
  absl::StatusOr<http::Reply> Do(absl::string_view what, http::Rest::Call call,
                                 const std::vector<int>& expected, const Deadline& deadline);
  // Of calls whose answer is empty; codes of `good` besides 2xx are OK.
  absl::Status Order(absl::string_view what, const http::Rest::Call& call,
                     const std::vector<int>& good, const Deadline& deadline);
  absl::Status Judge(absl::string_view what, const absl::StatusOr<http::Reply>& reply) const;

  const std::string base_;
  http::Rest rest_;
  Clock* const clock_;
  Mutex mutex_;
  std::string version_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::provisioner::docker
