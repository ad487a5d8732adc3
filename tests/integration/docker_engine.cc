#include "tests/integration/docker_engine.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/mysqld/locate.h"
#include "services/provisioner/http/rest.h"
#include "services/provisioner/providers/docker/provider.h"

namespace weft::provisioner {
namespace {

namespace fs = std::filesystem;

constexpr char kPort[] = "26276";
constexpr absl::Duration kUpTime = absl::Minutes(3);  // packages may have to be installed
constexpr absl::Duration kImageTime = absl::Minutes(2);
constexpr absl::Duration kStopTime = absl::Seconds(30);
constexpr char kEntrypoint[] =
    R"(ENTRYPOINT ["/usr/sbin/mysqld", "--datadir=/var/lib/mysql",)"
    R"( "--socket=/tmp/mysql.sock", "--pid-file=/tmp/mysql.pid", "--secure-file-priv=NULL",)"
    R"( "--innodb-buffer-pool-size=16M", "--innodb-use-native-aio=OFF", "--mysqlx=OFF",)"
    R"( "--init-file=/docker-entrypoint-initdb.d/user-data.sql"])";

std::string LastLine(const std::string& path) {
  std::ifstream file(path);
  std::string last;
  for (std::string line; std::getline(file, line);) last = line;
  return last;
}

std::string Script(const std::string& name) { return LocateCompanion("tests/integration", name); }

}  // namespace

absl::StatusOr<std::unique_ptr<DockerEngine>> DockerEngine::Start() {
  std::unique_ptr<DockerEngine> engine(new DockerEngine);
  engine->folder_ = absl::StrCat("/tmp/weft-docker-", RandomHex(4));
  // Private: what is mounted from now on is seen by this process and its children only.
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
      mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return absl::UnavailableError("namespaces of network and mounts need root");
  }
  WEFT_RETURN_IF_ERROR(engine->Spawn());
  WEFT_RETURN_IF_ERROR(engine->AwaitUp());
  WEFT_RETURN_IF_ERROR(engine->ImportImage());
  return engine;
}

DockerEngine::~DockerEngine() {
  Stop();
  std::error_code ignored;
  const std::string group = absl::StrCat("weft-", fs::path(folder_).filename().string());
  for (const auto& controller : fs::directory_iterator("/sys/fs/cgroup", ignored)) {
    rmdir((controller.path() / group).c_str());
  }
  fs::remove_all(folder_, ignored);
}

absl::Status DockerEngine::Spawn() {
  fs::create_directory(folder_);
  WEFT_ASSIGN_OR_RETURN(process_, SpawnChild({.argv = {Script("docker_engine.sh"), folder_, kPort},
                                              .environment = CleanEnvironment(),
                                              .output = File("log")}));
  return absl::OkStatus();
}

absl::Status DockerEngine::AwaitUp() {
  const Deadline deadline = Deadline::After(RealClock::Get(), kUpTime);
  const auto provider = NewDockerProvider(OverSocket(), RealClock::Get());
  if (!provider.ok()) return provider.status();
  while (!(*provider)->Check(deadline).ok()) {
    const bool ended = ReapChild(process_).has_value();
    if (ended) process_ = {};
    if (ended || deadline.Passed()) return absl::UnavailableError(LastLine(File("log")));
    RealClock::Get()->Sleep(absl::Milliseconds(100));
  }
  return absl::OkStatus();
}

absl::Status DockerEngine::ImportImage() {
  const std::string archive = File("image.tar");
  WEFT_ASSIGN_OR_RETURN(
      const CommandResult made,
      RunCommand({.argv = {Script("docker_image.sh"), archive}, .environment = CleanEnvironment()},
                 kImageTime));
  if (made.exit_code != 0) return absl::InternalError(made.output);
  std::ifstream file(archive, std::ios::binary);
  http::Rest rest({.transport = {.who = "docker", .unix_socket = File("docker.sock")}});
  http::Request request;
  request.method = "POST";
  request.url = absl::StrCat(
      "http://localhost/v1.41/images/create?fromSrc=-&repo=weft/mysql&tag=9.7&changes=",
      http::UrlEncoded("USER mysql"), "&changes=", http::UrlEncoded(kEntrypoint));
  request.headers = {"Content-Type: application/x-tar"};
  request.source = [&file](char* buffer, size_t capacity) -> absl::StatusOr<size_t> {
    file.read(buffer, static_cast<std::streamsize>(capacity));
    return static_cast<size_t>(file.gcount());
  };
  const auto reply =
      rest.SendRaw(std::move(request), Deadline::After(RealClock::Get(), kImageTime));
  fs::remove(archive);
  if (!reply.ok()) return reply.status();
  return reply->ok() ? absl::OkStatus() : absl::InternalError(reply->message);
}

void DockerEngine::Stop() {
  if (process_.pid == 0) return;
  TerminateProcess(process_, kStopTime).IgnoreError();
  ReapChild(process_);
}

std::string DockerEngine::tls_address() const { return absl::StrCat("127.0.0.1:", kPort); }

ProviderRecord DockerEngine::OverSocket() const {
  return {.id = absl::StrCat("engine-", RandomHex(4)),
          .type = "docker",
          .url = absl::StrCat("unix://", File("docker.sock")),
          .default_image = "weft/mysql",
          .extra = {{"publish", "127.0.0.1"}}};
}

ProviderRecord DockerEngine::OverTls() const {
  ProviderRecord record = OverSocket();
  record.url = absl::StrCat("tcp://", tls_address());
  record.extra["ca_file"] = File("ca.pem");
  record.extra["certificate_file"] = File("client.pem");
  record.extra["key_file"] = File("client-key.pem");
  return record;
}

}  // namespace weft::provisioner
