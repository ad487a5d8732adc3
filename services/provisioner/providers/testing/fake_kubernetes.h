#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "common/base/mutex.h"
#include "services/provisioner/http/json.h"
#include "services/provisioner/providers/testing/fake_http.h"

namespace weft::provisioner::testing {

// A Kubernetes API server as far as it concerns machines, with what its controllers do: objects are
// kept by kind and name, applied by server-side apply, checked for their kind's fields, listed by
// labels, and some requests later collected with their owner. A StatefulSet whose claim and Secret
// are there gets its pod, which runs at once.
class FakeKubernetes {
 public:
  struct Options {
    FakeHttp::Options http;
    std::string name_space = "farm";
    std::string token = "a-service-account's-token";
  };
  explicit FakeKubernetes(const Options& options);

  FakeHttp& http() { return http_; }

  // Images that nodes can pull.
  void AddImage(const std::string& name);
  // From now on a quota refuses pods and claims.
  void SetFull(bool full);
  void SetNeverRun(bool never);
  // Nothing goes with its owner: a node that holds it does not answer.
  void SetNeverCollect(bool never);
  // Without: a cluster that has no VolumeSnapshots.
  void SetSnapshots(bool offered);
  // Null where there is none. `plural`: "services".
  Json Object(const std::string& plural, const std::string& name);
  size_t objects();

 private:
  using Key = std::pair<std::string, std::string>;  // plural, name

  FakeAnswer Handle(const FakeRequest& request);
  FakeAnswer Apply(const FakeRequest& request, const Key& key);
  FakeAnswer TryToCreate(const FakeRequest& request, const std::string& plural);
  FakeAnswer List(const FakeRequest& request, const std::string& plural);
  FakeAnswer Delete(const FakeRequest& request, const Key& key);
  std::string Invalid(const Json& object, const Key& key) const;
  void RunControllers();
  void CollectGarbage();
  Json PodFor(const std::string& name, const Json& stateful_set);

  const Options options_;
  Mutex mutex_;
  std::map<Key, Json> objects_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> images_ ABSL_GUARDED_BY(mutex_);
  int made_ ABSL_GUARDED_BY(mutex_) = 0;
  bool full_ ABSL_GUARDED_BY(mutex_) = false;
  bool never_run_ ABSL_GUARDED_BY(mutex_) = false;
  bool never_collect_ ABSL_GUARDED_BY(mutex_) = false;
  bool snapshots_ ABSL_GUARDED_BY(mutex_) = true;
  FakeHttp http_;  // last: its threads use what stands above
};

}  // namespace weft::provisioner::testing
