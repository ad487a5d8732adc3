#include "common/rpc/pem_file.h"

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"

namespace weft::rpc {

absl::StatusOr<std::string> ReadPemFile(absl::string_view path) {
  errno = 0;
  std::ifstream file{std::string(path), std::ios::binary};
  std::ostringstream content;
  const bool read = file.is_open() && static_cast<bool>(content << file.rdbuf());
  if (read && absl::StrContains(content.str(), "-----BEGIN ")) return content.str();
  return Refusal(absl::StatusCode::kFailedPrecondition, "UNREADABLE_PEM_FILE",
                 absl::StrCat("cannot use the TLS file ", path), "a readable file in PEM format",
                 read ? "a file without a PEM block"
                      : std::generic_category().message(errno == 0 ? EIO : errno),
                 "check the path, its permissions and its content");
}

}  // namespace weft::rpc
