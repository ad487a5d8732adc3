#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "services/provisioner/http/json.h"
#include "services/provisioner/providers/testing/fake_http.h"

namespace weft::provisioner::testing {

// A Docker engine as its API shows it (1.24 to 1.41): containers, volumes, images and networks are
// kept, what is asked is checked as the engine checks it, nothing runs.
class FakeDocker {
 public:
  explicit FakeDocker(const FakeHttp::Options& options = {});

  FakeHttp& http() { return http_; }

  // 1.MINOR, both ends, of the API.
  void SetVersions(int oldest, int newest);
  void AddImage(const std::string& tag);
  void AddNetwork(const std::string& name);
  // From now on there is no room for another volume.
  void SetFull(bool full);
  // Containers that are started do not come up.
  void SetNeverRun(bool never);
  // Folders of containers cannot be read.
  void SetReadsFail(bool fail);
  // Somebody else on the engine's host listens there.
  void TakePort(const std::string& port);
  // As if its process had written that into its data folder.
  void WriteData(const std::string& container, const std::string& data);
  // What a volume holds; "" where there is none.
  std::string VolumeData(const std::string& volume);
  // As GET /containers/NAME/json; null where there is none.
  Json Inspect(const std::string& container);
  // Files put into a container, by path.
  std::map<std::string, std::string> Files(const std::string& container);
  size_t containers();
  size_t volumes();

 private:
  struct Container {
    Json json;  // as it is inspected
    std::string volume;
    std::string folder;
    std::map<std::string, std::string> files;
  };
  using Containers = std::map<std::string, Container>;

  FakeAnswer Handle(const FakeRequest& request);
  FakeAnswer OfContainer(const FakeRequest& request, const std::string& name,
                         const std::string& verb);
  FakeAnswer Create(const FakeRequest& request);
  FakeAnswer List(const FakeRequest& request);
  FakeAnswer Images(const FakeRequest& request);
  FakeAnswer Network(const FakeRequest& request, const std::string& path);
  FakeAnswer Start(Container& container);
  FakeAnswer Freeze(Container& container, bool freeze);
  FakeAnswer Rename(const FakeRequest& request, const std::string& name);
  FakeAnswer Remove(const FakeRequest& request, const std::string& name);
  FakeAnswer Give(const FakeRequest& request, Container& container);
  FakeAnswer Take(const FakeRequest& request, Container& container);

  Mutex mutex_;
  Containers containers_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> volumes_ ABSL_GUARDED_BY(mutex_);
  Json images_ ABSL_GUARDED_BY(mutex_) = Json::array();
  std::map<std::string, Json> networks_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> ports_ ABSL_GUARDED_BY(mutex_);
  int oldest_ ABSL_GUARDED_BY(mutex_) = 24;
  int newest_ ABSL_GUARDED_BY(mutex_) = 41;
  int made_ ABSL_GUARDED_BY(mutex_) = 0;
  bool full_ ABSL_GUARDED_BY(mutex_) = false;
  bool reads_fail_ ABSL_GUARDED_BY(mutex_) = false;
  bool never_run_ ABSL_GUARDED_BY(mutex_) = false;
  FakeHttp http_;  // last: its threads use what stands above
};

}  // namespace weft::provisioner::testing
