#include "services/provisioner/providers/testing/fake_docker.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace weft::provisioner::testing {
namespace {

constexpr int kFirstPublishedPort = 20000;

FakeAnswer Error(int code, absl::string_view message) {
  return JsonAnswer(code, {{"message", std::string(message)}});
}

FakeAnswer Nothing(int code) { return {.code = code, .body = "", .headers = {}}; }

FakeAnswer NoContainer(const std::string& name) {
  return Error(404, absl::StrCat("No such container: ", name));
}

Json Parse(const std::string& text) { return Json::parse(text, nullptr, false); }

// What a real engine takes without a word and Weft does not mean to send.
std::string FirstUnknown(const Json& body, const std::set<std::string>& known) {
  for (const auto& member : body.items()) {
    if (!known.contains(member.key())) return member.key();
  }
  return "";
}

bool HasLabel(const Json& labels, const std::string& wanted) {
  const std::vector<std::string> parts = absl::StrSplit(wanted, absl::MaxSplits('=', 1));
  if (!labels.contains(parts[0])) return false;
  return parts.size() == 1 || TextAt(labels, {parts[0]}) == parts[1];
}

}  // namespace

FakeDocker::FakeDocker(const FakeHttp::Options& options)
    : networks_({{"bridge", Json::object()}}),
      http_(options, [this](const FakeRequest& request) { return Handle(request); }) {}

void FakeDocker::SetVersions(int oldest, int newest) {
  MutexLock lock(&mutex_);
  oldest_ = oldest;
  newest_ = newest;
}

void FakeDocker::AddImage(const std::string& tag) {
  MutexLock lock(&mutex_);
  images_.push_back({{"Id", absl::StrCat("sha256:", images_.size())}, {"RepoTags", {tag}}});
}

void FakeDocker::AddNetwork(const std::string& name) {
  MutexLock lock(&mutex_);
  networks_[name] = Json::object();
}

void FakeDocker::SetFull(bool full) {
  MutexLock lock(&mutex_);
  full_ = full;
}

void FakeDocker::SetNeverRun(bool never) {
  MutexLock lock(&mutex_);
  never_run_ = never;
}

void FakeDocker::SetReadsFail(bool fail) {
  MutexLock lock(&mutex_);
  reads_fail_ = fail;
}

void FakeDocker::TakePort(const std::string& port) {
  MutexLock lock(&mutex_);
  ports_.insert(port);
}

void FakeDocker::WriteData(const std::string& container, const std::string& data) {
  MutexLock lock(&mutex_);
  volumes_[containers_.at(container).volume] = data;
}

std::string FakeDocker::VolumeData(const std::string& volume) {
  MutexLock lock(&mutex_);
  const auto found = volumes_.find(volume);
  return found == volumes_.end() ? "" : found->second;
}

Json FakeDocker::Inspect(const std::string& container) {
  MutexLock lock(&mutex_);
  const auto found = containers_.find(container);
  return found == containers_.end() ? Json() : found->second.json;
}

std::map<std::string, std::string> FakeDocker::Files(const std::string& container) {
  MutexLock lock(&mutex_);
  return containers_.at(container).files;
}

size_t FakeDocker::containers() {
  MutexLock lock(&mutex_);
  return containers_.size();
}

size_t FakeDocker::volumes() {
  MutexLock lock(&mutex_);
  return volumes_.size();
}

FakeAnswer FakeDocker::Handle(const FakeRequest& request) {
  MutexLock lock(&mutex_);
  absl::string_view path = request.path;
  if (path == "/version" && request.method == "GET") {
    return JsonAnswer(200, {{"Version", "20.10.24"},
                            {"ApiVersion", absl::StrCat("1.", newest_)},
                            {"MinAPIVersion", absl::StrCat("1.", oldest_)}});
  }
  int minor = 0;
  if (!absl::ConsumePrefix(&path, "/v1.") ||
      !absl::SimpleAtoi(path.substr(0, path.find('/')), &minor)) {
    return Error(404, "page not found");
  }
  path.remove_prefix(path.find('/') + 1);
  if (minor < oldest_) return Error(400, absl::StrCat("client version 1.", minor, " is too old"));
  if (minor > newest_) return Error(400, absl::StrCat("client version 1.", minor, " is too new"));
  if (path == "images/json" && request.method == "GET") return Images(request);
  if (path == "containers/json" && request.method == "GET") return List(request);
  if (path == "containers/create" && request.method == "POST") return Create(request);
  if (absl::ConsumePrefix(&path, "networks/")) return Network(request, std::string(path));
  if (absl::ConsumePrefix(&path, "volumes/") && request.method == "DELETE") {
    const bool was_there = volumes_.erase(std::string(path)) > 0;
    return was_there || request.Query("force") == "true" ? Nothing(204)
                                                         : Error(404, "no such volume");
  }
  if (absl::ConsumePrefix(&path, "containers/")) {
    const std::vector<std::string> parts = absl::StrSplit(path, absl::MaxSplits('/', 1));
    return OfContainer(request, parts[0], parts.size() > 1 ? parts[1] : "");
  }
  return Error(404, "page not found");
}

FakeAnswer FakeDocker::Images(const FakeRequest& request) {
  const Json wanted = At(Parse(request.Query("filters")), {"reference"});
  if (!wanted.is_array() || wanted.size() != 1) return Error(400, "invalid filter");
  const std::string name = wanted.front().get<std::string>();
  Json found = Json::array();
  for (const Json& image : images_) {
    const std::string tag = image["RepoTags"].front().get<std::string>();
    if (tag == name || tag.substr(0, tag.rfind(':')) == name) found.push_back(image);
  }
  return JsonAnswer(200, found);
}

FakeAnswer FakeDocker::Network(const FakeRequest& request, const std::string& path) {
  const std::vector<std::string> parts = absl::StrSplit(path, '/');
  const auto network = networks_.find(parts[0]);
  if (network == networks_.end()) return Error(404, absl::StrCat("network ", path, " not found"));
  if (request.method == "GET") return JsonAnswer(200, {{"Name", parts[0]}});
  const auto container = containers_.find(TextAt(Parse(request.body), {"Container"}));
  if (container == containers_.end()) return NoContainer("");
  container->second.json["NetworkSettings"]["Networks"][parts[0]] = {{"IPAddress", "10.9.0.2"}};
  return Nothing(200);
}

FakeAnswer FakeDocker::List(const FakeRequest& request) {
  const Json labels = At(Parse(request.Query("filters")), {"label"});
  if (!labels.is_array()) return Error(400, "invalid filter");
  Json list = Json::array();
  for (const auto& [name, container] : containers_) {
    const Json& own = container.json["Config"]["Labels"];
    const bool all = std::all_of(labels.begin(), labels.end(), [&own](const Json& label) {
      return HasLabel(own, label.get<std::string>());
    });
    const bool shown =
        request.Query("all") == "true" || container.json["State"]["Status"] == "running";
    if (all && shown) {
      list.push_back({{"Id", container.json["Id"]}, {"Names", {absl::StrCat("/", name)}}});
    }
  }
  return JsonAnswer(200, list);
}

FakeAnswer FakeDocker::Create(const FakeRequest& request) {
  const Json body = Parse(request.body);
  const std::string name = request.Query("name");
  if (request.Header("content-type") != "application/json" || !body.is_object()) {
    return Error(400, "expected a JSON object");
  }
  const std::string unknown = absl::StrCat(
      FirstUnknown(
          body, {"Cmd", "Domainname", "Entrypoint", "Env", "ExposedPorts", "HostConfig", "Hostname",
                 "Image", "Labels", "MacAddress", "OpenStdin", "Tty", "User", "WorkingDir"}),
      FirstUnknown(At(body, {"HostConfig"}),
                   {"Binds", "CpuShares", "CpusetCpus", "Dns", "Memory", "MemorySwap", "Mounts",
                    "NanoCpus", "NetworkMode", "PortBindings", "RestartPolicy"}));
  if (!unknown.empty()) return Error(400, absl::StrCat("unknown field ", unknown));
  const std::string image = TextAt(body, {"Image"});
  const bool known = std::any_of(images_.begin(), images_.end(), [&image](const Json& each) {
    return each["RepoTags"].front() == image || each["Id"] == image;
  });
  if (!known) return Error(404, absl::StrCat("No such image: ", image));
  if (containers_.contains(name)) {
    return Error(409, absl::StrCat("Conflict. The container name \"/", name, "\" is in use"));
  }
  if (full_) return Error(500, "write /var/lib/docker/volumes: no space left on device");
  const Json mount = At(body, {"HostConfig", "Mounts"}).front();
  Container container{.volume = TextAt(mount, {"Source"}), .folder = TextAt(mount, {"Target"})};
  volumes_.emplace(container.volume,
                   TrueAt(mount, {"VolumeOptions", "NoCopy"}) ? "" : "of the image");
  Json config = body;
  config.erase("HostConfig");
  container.json = {{"Id", absl::StrFormat("%064x", ++made_)},
                    {"Name", absl::StrCat("/", name)},
                    {"Image", images_.front()["Id"]},
                    {"Config", config},
                    {"HostConfig", body["HostConfig"]},
                    {"RestartCount", 0},
                    {"State", {{"Status", "created"}, {"ExitCode", 0}, {"Error", ""}}},
                    {"NetworkSettings", {{"Ports", Json::object()}, {"Networks", Json::object()}}}};
  const Json id = container.json["Id"];
  containers_[name] = std::move(container);
  return JsonAnswer(201, {{"Id", id}, {"Warnings", Json::array()}});
}

FakeAnswer FakeDocker::OfContainer(const FakeRequest& request, const std::string& name,
                                   const std::string& verb) {
  const auto found = containers_.find(name);
  if (found == containers_.end()) return NoContainer(name);
  Container& container = found->second;
  const std::string what = absl::StrCat(request.method, " ", verb);
  if (what == "GET json") return JsonAnswer(200, container.json);
  if (what == "POST start") return Start(container);
  if (what == "POST pause") return Freeze(container, true);
  if (what == "POST unpause") return Freeze(container, false);
  if (what == "POST rename") return Rename(request, name);
  if (what == "GET archive") return Give(request, container);
  if (what == "PUT archive") return Take(request, container);
  if (what == "DELETE ") return Remove(request, name);
  return Error(404, "page not found");
}

FakeAnswer FakeDocker::Start(Container& container) {
  Json& state = container.json["State"];
  if (state["Status"] == "running") return Nothing(304);
  if (never_run_) return Nothing(204);
  const Json bindings = At(container.json, {"HostConfig", "PortBindings"});
  for (const auto& binding : bindings.items()) {
    const std::string port = TextAt(binding.value().front(), {"HostPort"});
    if (ports_.contains(port)) {
      return Error(500, absl::StrCat("driver failed programming external connectivity: Bind for "
                                     "127.0.0.1:",
                                     port, " failed: port is already allocated"));
    }
  }
  state["Status"] = "running";
  const int own = made_;
  container.json["NetworkSettings"]["Networks"]["bridge"] = {
      {"IPAddress", absl::StrCat("172.17.0.", own + 1)}};
  for (const auto& binding : bindings.items()) {
    Json published = binding.value();
    if (TextAt(published.front(), {"HostPort"}).empty()) {
      published.front()["HostPort"] = absl::StrCat(kFirstPublishedPort + own);
    }
    container.json["NetworkSettings"]["Ports"][binding.key()] = published;
  }
  return Nothing(204);
}

FakeAnswer FakeDocker::Freeze(Container& container, bool freeze) {
  Json& status = container.json["State"]["Status"];
  if (status != (freeze ? "running" : "paused")) return Error(409, "not in that state");
  status = freeze ? "paused" : "running";
  return Nothing(204);
}

FakeAnswer FakeDocker::Rename(const FakeRequest& request, const std::string& name) {
  const std::string to = request.Query("name");
  if (to.empty() || containers_.contains(to)) return Error(409, "name in use");
  auto node = containers_.extract(name);
  node.key() = to;
  node.mapped().json["Name"] = absl::StrCat("/", to);
  containers_.insert(std::move(node));
  return Nothing(204);
}

FakeAnswer FakeDocker::Remove(const FakeRequest& request, const std::string& name) {
  const Json& status = containers_.at(name).json["State"]["Status"];
  if ((status == "running" || status == "paused") && request.Query("force") != "true") {
    return Error(409, "You cannot remove a running container");
  }
  containers_.erase(name);
  return Nothing(204);
}

FakeAnswer FakeDocker::Give(const FakeRequest& request, Container& container) {
  if (reads_fail_) return Error(500, "input/output error");
  if (request.Query("path") != container.folder) return Error(404, "no such file");
  // A server that runs writes; what is read then is not of one instant.
  const bool torn = container.json["State"]["Status"] == "running";
  return {.body = absl::StrCat(volumes_[container.volume], torn ? " (torn)" : ""),
          .headers = {{"Content-Type", "application/x-tar"}}};
}

FakeAnswer FakeDocker::Take(const FakeRequest& request, Container& container) {
  if (request.Header("content-type") != "application/x-tar") return Error(400, "expected a tar");
  const std::string path = request.Query("path");
  if (path == container.folder.substr(0, container.folder.rfind('/'))) {
    volumes_[container.volume] = request.body;
    return Nothing(200);
  }
  if (path != "/" || request.body.size() < 1024) return Error(404, "no such folder");
  const std::string file = absl::StrCat("/", request.body.c_str());
  size_t size = 0;
  for (const char digit : request.body.substr(124, 11)) {
    size = size * 8 + static_cast<size_t>(digit - '0');
  }
  container.files[file] = request.body.substr(512, size);
  return Nothing(200);
}

}  // namespace weft::provisioner::testing
