#include "services/controller/rotating_secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/secret_file.h"

namespace weft::controller {
namespace {

std::string NextOf(const std::string& file) { return absl::StrCat(file, ".next"); }

absl::Status FileError(const std::string& file, absl::string_view what) {
  return ::weft::Refusal(
      absl::StatusCode::kFailedPrecondition, "SECRET_NOT_WRITTEN",
      absl::StrCat("cannot ", what, " ", file, ": ", std::generic_category().message(errno)),
      "a folder that the controller may write to", std::generic_category().message(errno),
      absl::StrCat("let the controller's user write beside ", file));
}

absl::Status WriteNew(const std::string& file, const std::string& secret) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return FileError(file, "create");
  const std::string line = secret + "\n";
  const bool written =
      write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && fsync(fd) == 0;
  const int error = errno;
  close(fd);
  if (written) return absl::OkStatus();
  unlink(file.c_str());
  errno = error;
  return FileError(file, "write");
}

}  // namespace

absl::StatusOr<std::string> NextSecret(const std::string& file) {
  const std::string next = NextOf(file);
  if (access(next.c_str(), F_OK) == 0) return ReadSecretFile(next);
  const std::string secret = RandomPassword();
  const absl::Status written = WriteNew(next, secret);
  if (!written.ok()) return written;
  return secret;
}

absl::Status AdoptNextSecret(const std::string& file) {
  if (rename(NextOf(file).c_str(), file.c_str()) != 0) return FileError(file, "replace");
  return absl::OkStatus();
}

}  // namespace weft::controller
