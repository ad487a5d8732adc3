#include "common/base/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error_details.h"

namespace weft {
namespace {

constexpr size_t kLongestSecret = 4096;

absl::Status CannotRead(absl::string_view path, int error) {
  absl::StatusCode code = absl::StatusCode::kFailedPrecondition;
  if (error == ENOENT) code = absl::StatusCode::kNotFound;
  if (error == EACCES) code = absl::StatusCode::kPermissionDenied;
  return Refusal(code, "SECRET_FILE_UNREADABLE", absl::StrCat("cannot read the secret in ", path),
                 "a readable file whose first line is the secret",
                 std::generic_category().message(error),
                 "create it with mode 0600, owned by the user that runs this");
}

absl::StatusOr<std::string> ReadFirstLine(int descriptor, absl::string_view path) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) return CannotRead(path, errno);
  if (S_ISDIR(status.st_mode)) return CannotRead(path, EISDIR);
  if ((status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "SECRET_FILE_EXPOSED",
                   absl::StrCat("everybody on this machine may read or change ", path),
                   "mode 0600 or 0640", absl::StrFormat("mode %04o", status.st_mode & 07777),
                   absl::StrCat("chmod 600 ", path));
  }
  std::string text(kLongestSecret + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(descriptor, &text[size], text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return CannotRead(path, errno);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  text.resize(std::min(text.size(), text.find_first_of("\r\n")));
  if (text.empty() || text.size() > kLongestSecret) {
    return Refusal(absl::StatusCode::kInvalidArgument, "SECRET_FILE_MALFORMED",
                   absl::StrCat("no secret in ", path), "one line of 1 to 4096 bytes",
                   text.empty() ? "an empty first line" : "a longer one",
                   "write the secret to its first line");
  }
  return text;
}

}  // namespace

absl::StatusOr<std::string> ReadSecretFile(absl::string_view path) {
  const int descriptor = open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return CannotRead(path, errno);
  absl::StatusOr<std::string> line = ReadFirstLine(descriptor, path);
  close(descriptor);
  return line;
}

}  // namespace weft
