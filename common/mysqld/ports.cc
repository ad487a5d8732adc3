#include "common/mysqld/ports.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"
#include "common/mysqld/locate.h"

namespace weft {
namespace {

namespace fs = std::filesystem;

constexpr int kFirstPort = 20000;
constexpr int kEndPort = 32000;  // Below Weft's own default ports and the ephemeral ones.

std::string ClaimsDir() { return CacheDir() + "/ports"; }
std::string ClaimPath(int port) { return absl::StrCat(ClaimsDir(), "/", port); }

bool CanBind(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const int on = 1;  // As mysqld and gRPC do: connections of a former server do not matter.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // Without SO_REUSEPORT a bound listener is in the way at once, a mere bind only at listen().
  const bool free =
      bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 && listen(fd, 1) == 0;
  close(fd);
  return free;
}

// A claim holds as long as the folder it was made for is there.
bool IsClaimed(int port) {
  const absl::StatusOr<std::string> owner = ReadFile(ClaimPath(port));
  return owner.ok() && Exists(*owner);
}

// Only under the lock, so that nobody reads the half of it; one that was cut off claims nothing.
absl::Status WriteClaim(int port, absl::string_view owner_dir) {
  const std::string path = ClaimPath(port);
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return FileError(errno, "create", path);
  const ssize_t written = write(fd, owner_dir.data(), owner_dir.size());
  const int error = errno;
  close(fd);
  if (written == static_cast<ssize_t>(owner_dir.size())) return absl::OkStatus();
  unlink(path.c_str());
  return FileError(written < 0 ? error : ENOSPC, "write", path);
}

// The inode of the socket that listens on `port`, from /proc/net/tcp{,6}; empty: none is seen.
std::string ListenerInode(int port) {
  constexpr absl::string_view kListen = "0A";
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines(table);
    for (std::string line; std::getline(lines, line);) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
      if (words.size() < 10 || words[3] != kListen) continue;
      const std::vector<std::string> local = absl::StrSplit(words[1], ':');
      if (local.size() == 2 && std::strtol(local[1].c_str(), nullptr, 16) == port) return words[9];
    }
  }
  return "";
}

// "mysqld (process 4711)", or "another process" when it cannot be seen.
std::string DescribeListener(int port) {
  const std::string inode = ListenerInode(port);
  if (inode.empty()) return "another process";
  const std::string target = absl::StrCat("socket:[", inode, "]");
  std::error_code code;
  for (const fs::directory_entry& process : fs::directory_iterator("/proc", code)) {
    int pid = 0;
    if (!absl::SimpleAtoi(process.path().filename().string(), &pid)) continue;
    std::error_code unseen;
    for (fs::directory_iterator fd(process.path() / "fd", unseen), end; !unseen && fd != end;
         fd.increment(unseen)) {
      std::error_code gone;
      if (fs::read_symlink(fd->path(), gone) != target) continue;
      std::string name = ReadFile(absl::StrCat("/proc/", pid, "/comm")).value_or("a program");
      while (!name.empty() && name.back() == '\n') name.pop_back();
      return absl::StrCat(name, " (process ", pid, ")");
    }
  }
  return "another process";
}

}  // namespace

absl::StatusOr<std::vector<int>> ClaimPorts(absl::string_view owner_dir, int count) {
  WEFT_RETURN_IF_ERROR(MakeFolder(ClaimsDir(), 0700));
  WEFT_ASSIGN_OR_RETURN(const FileLock lock, FileLock::Acquire(ClaimsDir() + "/lock"));
  constexpr int kPorts = kEndPort - kFirstPort;
  // A random place to begin at keeps a port from being used again right after its last owner.
  const int start = static_cast<int>(RandomUint64() % kPorts);
  std::vector<int> ports;
  for (int i = 0; i < kPorts && static_cast<int>(ports.size()) < count; ++i) {
    const int port = kFirstPort + (start + i) % kPorts;
    if (IsClaimed(port) || !CanBind(port)) continue;
    const absl::Status written = WriteClaim(port, owner_dir);
    if (!written.ok()) {
      for (const int claimed : ports) unlink(ClaimPath(claimed).c_str());
      return written;
    }
    ports.push_back(port);
  }
  if (static_cast<int>(ports.size()) == count) return ports;
  for (const int claimed : ports) unlink(ClaimPath(claimed).c_str());
  return Refusal(
      absl::StatusCode::kResourceExhausted, "NO_FREE_PORTS", "too few free ports",
      absl::StrCat(count, " free TCP ports on 127.0.0.1 from ", kFirstPort, " to ", kEndPort - 1),
      absl::StrCat(ports.size()), "stop servers or sandboxes that are not needed");
}

void ReleasePorts(absl::string_view owner_dir) {
  const absl::StatusOr<FileLock> lock = FileLock::Acquire(ClaimsDir() + "/lock");
  if (!lock.ok()) return;  // No folder of claims: nothing is claimed.
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(ClaimsDir(), code)) {
    int port = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &port)) continue;
    const absl::StatusOr<std::string> owner = ReadFile(entry.path().string());
    // Claims whose owner is gone go too, so that they do not pile up.
    if (!owner.ok() || *owner == owner_dir || !Exists(*owner)) unlink(entry.path().c_str());
  }
}

absl::Status CheckPortFree(int port) {
  if (CanBind(port)) return absl::OkStatus();
  const std::string holder = DescribeListener(port);
  return Refusal(absl::StatusCode::kAlreadyExists, "PORT_IN_USE",
                 absl::StrCat("port ", port, " is in use by ", holder),
                 absl::StrCat("127.0.0.1:", port, " to be free"), holder,
                 absl::StrCat("stop ", holder, " or choose another port"));
}

}  // namespace weft
