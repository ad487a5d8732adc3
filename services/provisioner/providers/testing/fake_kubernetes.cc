#include "services/provisioner/providers/testing/fake_kubernetes.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weft::provisioner::testing {
namespace {

// A cluster's garbage collector comes after the answer, and a pod takes its time to end.
constexpr int kRequestsUntilCollected = 3;

struct KindOf {
  std::string api_version;
  std::string kind;
  std::set<std::string> spec;  // fields that Weft may set
};

// What of a pod the standard "restricted" forbids; its namespace enforces that.
std::string Violated(const Json& spec) {
  if (!TrueAt(spec, {"securityContext", "runAsNonRoot"})) return "runAsNonRoot != true";
  if (TextAt(spec, {"securityContext", "seccompProfile", "type"}) != "RuntimeDefault") {
    return "seccompProfile";
  }
  Json containers = spec["containers"];
  for (const Json& first : At(spec, {"initContainers"})) containers.push_back(first);
  for (const Json& container : containers) {
    const Json& may = At(container, {"securityContext", "allowPrivilegeEscalation"});
    if (!may.is_boolean() || may.get<bool>()) return "allowPrivilegeEscalation != false";
    const Json& drop = At(container, {"securityContext", "capabilities", "drop"});
    if (drop != Json::array({"ALL"})) return "unrestricted capabilities";
  }
  return "";
}

const std::map<std::string, KindOf>& Kinds() {
  static const auto& kinds = *new std::map<std::string, KindOf>{
      {"statefulsets",
       {"apps/v1", "StatefulSet", {"replicas", "selector", "serviceName", "template"}}},
      {"pods",
       {"v1",
        "Pod",
        {"containers", "initContainers", "nodeSelector", "securityContext", "volumes"}}},
      {"services",
       {"v1",
        "Service",
        {"loadBalancerClass", "ports", "publishNotReadyAddresses", "selector", "type"}}},
      {"persistentvolumeclaims",
       {"v1",
        "PersistentVolumeClaim",
        {"accessModes", "dataSource", "resources", "storageClassName"}}},
      {"secrets", {"v1", "Secret", {}}},
      {"volumesnapshots",
       {"snapshot.storage.k8s.io/v1", "VolumeSnapshot", {"source", "volumeSnapshotClassName"}}},
  };
  return kinds;
}

FakeAnswer Status(int code, absl::string_view reason, absl::string_view message) {
  return JsonAnswer(code, {{"kind", "Status"},
                           {"apiVersion", "v1"},
                           {"status", code < 400 ? "Success" : "Failure"},
                           {"reason", std::string(reason)},
                           {"message", std::string(message)},
                           {"code", code}});
}

FakeAnswer NotFound(const std::string& what) {
  return Status(404, "NotFound", absl::StrCat(what, " not found"));
}

bool Matches(const Json& object, const std::string& selector) {
  for (const absl::string_view term : absl::StrSplit(selector, ',', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(term, absl::MaxSplits('=', 1));
    if (parts.size() != 2 || TextAt(object, {"metadata", "labels", parts[0]}) != parts[1]) {
      return false;
    }
  }
  return true;
}

}  // namespace

FakeKubernetes::FakeKubernetes(const Options& options)
    : options_(options),
      http_(options.http, [this](const FakeRequest& request) { return Handle(request); }) {}

void FakeKubernetes::AddImage(const std::string& name) {
  MutexLock lock(&mutex_);
  images_.insert(name);
}

void FakeKubernetes::SetFull(bool full) {
  MutexLock lock(&mutex_);
  full_ = full;
}

void FakeKubernetes::SetNeverRun(bool never) {
  MutexLock lock(&mutex_);
  never_run_ = never;
}

void FakeKubernetes::SetNeverCollect(bool never) {
  MutexLock lock(&mutex_);
  never_collect_ = never;
}

void FakeKubernetes::SetSnapshots(bool offered) {
  MutexLock lock(&mutex_);
  snapshots_ = offered;
}

Json FakeKubernetes::Object(const std::string& plural, const std::string& name) {
  MutexLock lock(&mutex_);
  const auto found = objects_.find({plural, name});
  return found == objects_.end() ? Json() : found->second;
}

size_t FakeKubernetes::objects() {
  MutexLock lock(&mutex_);
  return objects_.size();
}

FakeAnswer FakeKubernetes::Handle(const FakeRequest& request) {
  MutexLock lock(&mutex_);
  CollectGarbage();
  if (request.Header("authorization") != absl::StrCat("Bearer ", options_.token)) {
    return Status(401, "Unauthorized", "Unauthorized");
  }
  // /api/v1/namespaces/NS/PLURAL[/NAME], or /apis/GROUP/VERSION/namespaces/...
  absl::string_view path = request.path;
  const bool core = absl::ConsumePrefix(&path, "/api/");
  if (!core && !absl::ConsumePrefix(&path, "/apis/")) return NotFound("page");
  std::vector<std::string> parts = absl::StrSplit(path, '/');
  const size_t root = core ? 1 : 2;
  if (parts.size() < root + 3 || parts[root] != "namespaces") return NotFound("page");
  const std::string api_version = core ? parts[0] : absl::StrCat(parts[0], "/", parts[1]);
  const std::string plural = parts[root + 2];
  const auto kind = Kinds().find(plural);
  if (kind == Kinds().end() || kind->second.api_version != api_version ||
      (plural == "volumesnapshots" && !snapshots_)) {
    return Status(404, "NotFound", "the server could not find the requested resource");
  }
  if (parts[root + 1] != options_.name_space) {
    return Status(403, "Forbidden", "no such rights in that namespace");
  }
  const bool named = parts.size() > root + 3;
  const Key key(plural, named ? parts[root + 3] : "");
  if (!named && request.method == "GET") return List(request, plural);
  if (!named && request.method == "POST") return TryToCreate(request, plural);
  if (named && request.method == "PATCH") return Apply(request, key);
  if (named && request.method == "DELETE") return Delete(request, key);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return NotFound(key.second);
  return JsonAnswer(200, found->second);
}

std::string FakeKubernetes::Invalid(const Json& object, const Key& key) const {
  const KindOf& kind = Kinds().at(key.first);
  if (TextAt(object, {"apiVersion"}) != kind.api_version || TextAt(object, {"kind"}) != kind.kind) {
    return "the kind is not that of the path";
  }
  if (TextAt(object, {"metadata", "name"}) != key.second ||
      TextAt(object, {"metadata", "namespace"}) != options_.name_space) {
    return "name and namespace are not those of the path";
  }
  for (const auto& field : At(object, {"spec"}).items()) {
    if (!kind.spec.contains(field.key())) {
      return absl::StrCat(".spec.", field.key(), ": field not declared in schema");
    }
  }
  return "";
}

FakeAnswer FakeKubernetes::Apply(const FakeRequest& request, const Key& key) {
  if (request.Header("content-type") != "application/apply-patch+yaml") {
    return Status(415, "UnsupportedMediaType", "expected application/apply-patch+yaml");
  }
  if (request.Query("fieldManager").empty()) {
    return Status(422, "Invalid", "fieldManager: Required value");
  }
  Json object = Json::parse(request.body, nullptr, false);
  const std::string invalid = Invalid(object, key);
  if (!invalid.empty()) return Status(400, "BadRequest", invalid);
  const auto existing = objects_.find(key);
  const bool is_new = existing == objects_.end();
  if (is_new && full_ && key.first == "persistentvolumeclaims") {
    return Status(403, "Forbidden", "exceeded quota: storage, requested: 1, used: 1, limited: 1");
  }
  if (!is_new && key.first == "persistentvolumeclaims" &&
      existing->second["spec"] != object["spec"]) {
    return Status(422, "Invalid", "spec: Forbidden: spec is immutable after creation");
  }
  object["metadata"]["uid"] = is_new ? absl::StrCat("uid-", ++made_)
                                     : existing->second["metadata"]["uid"].get<std::string>();
  if (!is_new && existing->second.contains("status")) object["status"] = existing->second["status"];
  if (TextAt(object, {"spec", "type"}) == "LoadBalancer") {
    object["status"]["loadBalancer"]["ingress"] = {{{"ip", "192.0.2.10"}}};
  }
  if (key.first == "volumesnapshots") {
    const std::string claim = TextAt(object, {"spec", "source", "persistentVolumeClaimName"});
    const bool there = objects_.contains({"persistentvolumeclaims", claim});
    object["status"] = there
                           ? Json{{"readyToUse", true}, {"restoreSize", "10Gi"}}
                           : Json{{"readyToUse", false}, {"error", {{"message", "no such claim"}}}};
  }
  objects_[key] = object;
  RunControllers();
  return JsonAnswer(is_new ? 201 : 200, object);
}

FakeAnswer FakeKubernetes::TryToCreate(const FakeRequest& request, const std::string& plural) {
  if (request.Query("dryRun") != "All" || request.Header("content-type") != "application/json") {
    return Status(405, "MethodNotAllowed", "only dry runs of JSON");
  }
  const Json object = Json::parse(request.body, nullptr, false);
  const std::string invalid = Invalid(object, {plural, TextAt(object, {"metadata", "name"})});
  if (!invalid.empty()) return Status(400, "BadRequest", invalid);
  const std::string violated = Violated(object["spec"]);
  if (!violated.empty()) {
    return Status(403, "Forbidden",
                  absl::StrCat("violates PodSecurity \"restricted:latest\": ", violated));
  }
  if (full_) {
    return Status(403, "Forbidden", "exceeded quota: pods, requested: 1, used: 9, limited: 9");
  }
  return JsonAnswer(201, object);
}

FakeAnswer FakeKubernetes::List(const FakeRequest& request, const std::string& plural) {
  Json items = Json::array();
  for (const auto& [key, object] : objects_) {
    if (key.first == plural && Matches(object, request.Query("labelSelector"))) {
      items.push_back(object);
    }
  }
  return JsonAnswer(200, {{"kind", absl::StrCat(Kinds().at(plural).kind, "List")},
                          {"apiVersion", Kinds().at(plural).api_version},
                          {"items", items}});
}

FakeAnswer FakeKubernetes::Delete(const FakeRequest& request, const Key& key) {
  if (TextAt(Json::parse(request.body, nullptr, false), {"kind"}) != "DeleteOptions") {
    return Status(400, "BadRequest", "expected DeleteOptions");
  }
  const auto found = objects_.find(key);
  if (found == objects_.end()) return NotFound(key.second);
  // A snapshot's controller has a finalizer on it.
  if (key.first == "volumesnapshots") {
    found->second["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    return JsonAnswer(200, found->second);
  }
  objects_.erase(found);
  return Status(200, "", "");
}

void FakeKubernetes::CollectGarbage() {
  if (never_collect_) return;
  std::set<std::string> uids;
  for (const auto& [key, object] : objects_) uids.insert(TextAt(object, {"metadata", "uid"}));
  std::vector<Key> ended;
  for (auto& [key, object] : objects_) {
    const Json& owners = At(object, {"metadata", "ownerReferences"});
    const bool has_lost_owner =
        owners.is_array() && !uids.contains(TextAt(owners.front(), {"uid"}));
    if (!has_lost_owner && At(object, {"metadata", "deletionTimestamp"}).is_null()) continue;
    const int64_t seen = NumberAt(object, {"metadata", "requestsUntilNow"}) + 1;
    object["metadata"]["requestsUntilNow"] = seen;
    if (seen > kRequestsUntilCollected) ended.push_back(key);
  }
  for (const Key& key : ended) objects_.erase(key);
}

void FakeKubernetes::RunControllers() {
  std::map<Key, Json> pods;
  for (const auto& [key, object] : objects_) {
    if (key.first != "statefulsets") continue;
    const std::string name = absl::StrCat(key.second, "-0");
    if (!objects_.contains({"pods", name})) pods[{"pods", name}] = PodFor(key.second, object);
  }
  for (auto& [key, pod] : pods) {
    if (!pod.is_null()) objects_[key] = std::move(pod);
  }
}

// Null while the volumes are not there.
Json FakeKubernetes::PodFor(const std::string& name, const Json& stateful_set) {
  Json pod = At(stateful_set, {"spec", "template"});
  for (const Json& volume : pod["spec"]["volumes"]) {
    const std::string claim = TextAt(volume, {"persistentVolumeClaim", "claimName"});
    const std::string secret = TextAt(volume, {"secret", "secretName"});
    if (!claim.empty() && !objects_.contains({"persistentvolumeclaims", claim})) return {};
    if (!secret.empty() && !objects_.contains({"secrets", secret})) return {};
  }
  pod["metadata"]["name"] = absl::StrCat(name, "-0");
  pod["metadata"]["uid"] = absl::StrCat("uid-", ++made_);
  pod["metadata"]["ownerReferences"] = {{{"uid", stateful_set["metadata"]["uid"]}}};
  if (never_run_) {
    pod["status"] = {{"phase", "Pending"},
                     {"conditions",
                      {{{"type", "PodScheduled"},
                        {"status", "False"},
                        {"message", "0/3 nodes are available: 3 Insufficient memory."}}}}};
    return pod;
  }
  pod["spec"]["nodeName"] = "node-1";
  const std::string image = TextAt(pod["spec"]["containers"].front(), {"image"});
  if (!images_.contains(image)) {
    pod["status"] = {
        {"phase", "Pending"},
        {"containerStatuses",
         {{{"ready", false},
           {"state",
            {{"waiting",
              {{"reason", "ErrImagePull"}, {"message", absl::StrCat("no ", image)}}}}}}}}};
    return pod;
  }
  pod["status"] = {
      {"phase", "Running"},
      {"podIP", "10.244.0.7"},
      {"containerStatuses", {{{"ready", true}, {"state", {{"running", Json::object()}}}}}}};
  return pod;
}

}  // namespace weft::provisioner::testing
