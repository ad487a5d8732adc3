#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "services/provisioner/http/json.h"
#include "services/provisioner/providers/testing/fake_http.h"

namespace weft::provisioner::testing {

// A small OpenStack cloud at one port: Keystone below /identity, Nova below /compute, Glance below
// /image, Neutron below /network. State is kept, tokens, content types and fields are checked,
// lists come in pages of two. Nothing runs.
class FakeOpenStack {
 public:
  struct Options {
    FakeHttp::Options http;
    std::string user = "weft";
    std::string password = "of-the-cloud";
    std::string project = "farm";
    bool has_network = true;  // whether there is a Neutron
  };
  explicit FakeOpenStack(const Options& options);

  FakeHttp& http() { return http_; }

  void AddImage(const Json& image);    // at least "name"
  void AddFlavor(const Json& flavor);  // at least "name"
  void AddNetwork(const std::string& name);
  // The quota of servers is used up.
  void SetFull(bool full);
  // Servers stay in BUILD, and get no port.
  void SetNeverRun(bool never);
  // Deleted servers are kept for a while (reclaim_instance_interval).
  void SetSoftDelete(bool soft);
  // A snapshot fails after it was seen to begin, and takes its image along.
  void SetSnapshotsFail(bool fail);
  // Tokens given until now are no more taken.
  void ForgetTokens();
  // Null where there is none. `kind`: "servers", "images", "floatingips", ...
  Json Object(const std::string& kind, const std::string& name);
  size_t Count(const std::string& kind);
  int logins();

 private:
  using Objects = std::map<std::string, Json>;  // by id, in the order in which they were made

  FakeAnswer Handle(const FakeRequest& request);
  FakeAnswer Login(const FakeRequest& request);
  FakeAnswer Compute(const FakeRequest& request, const std::string& path);
  FakeAnswer Image(const FakeRequest& request, const std::string& path);
  FakeAnswer Network(const FakeRequest& request, const std::string& path);
  FakeAnswer MakeServer(const Json& body);
  FakeAnswer SaveServer(const Json& body);
  FakeAnswer GiveAddress(const Json& body);
  FakeAnswer Page(const FakeRequest& request, const std::string& kind,
                  const std::set<std::string>& filters);
  FakeAnswer Delete(const std::string& kind, const std::string& id);
  std::string Add(const std::string& kind, Json object);

  const Options options_;
  Mutex mutex_;
  std::map<std::string, Objects> objects_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> tokens_ ABSL_GUARDED_BY(mutex_);
  int made_ ABSL_GUARDED_BY(mutex_) = 0;
  int logins_ ABSL_GUARDED_BY(mutex_) = 0;
  bool full_ ABSL_GUARDED_BY(mutex_) = false;
  bool soft_delete_ ABSL_GUARDED_BY(mutex_) = false;
  bool snapshots_fail_ ABSL_GUARDED_BY(mutex_) = false;
  bool never_run_ ABSL_GUARDED_BY(mutex_) = false;
  FakeHttp http_;  // last: its threads use what stands above
};

}  // namespace weft::provisioner::testing
