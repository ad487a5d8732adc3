#include "services/cli/sandbox/find_mysql.h"

#include "absl/strings/str_cat.h"

namespace weft::cli::sandbox {

absl::StatusOr<Installation> FindMysqlFor(const std::string& name, const std::string& obtain_script,
                                          const Progress& progress, const Cancelled& cancelled) {
  const ResolveOptions resolve = {.cache_dir = "",
                                  .obtain_script = obtain_script,
                                  .obtain_missing = true,
                                  .cancelled = cancelled};
  if (progress && MustBeObtained(name, resolve)) {
    progress(absl::StrCat("obtaining MySQL ", name, ", this once (up to 70 MB to download)"));
  }
  absl::StatusOr<Installation> found = ResolveInstallation(name, resolve);
  if (cancelled && cancelled()) return absl::CancelledError("interrupted");
  return found;
}

}  // namespace weft::cli::sandbox
