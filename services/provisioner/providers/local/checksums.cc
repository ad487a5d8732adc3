#include "services/provisioner/providers/local/checksums.h"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"

namespace weft::provisioner::local {
namespace {

namespace fs = std::filesystem;

constexpr size_t kBlock = size_t{1} << 20;

absl::StatusOr<std::string> Sha256(const fs::path& path, const MayGoOn& may_go_on,
                                   uint64_t* bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return FileError(errno, "read", path.string());
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(),
                                                                       &EVP_MD_CTX_free);
  EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
  std::string block(kBlock, '\0');
  while (file) {
    WEFT_RETURN_IF_ERROR(may_go_on());
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    EVP_DigestUpdate(digest.get(), block.data(), static_cast<size_t>(file.gcount()));
    *bytes += static_cast<uint64_t>(file.gcount());
  }
  if (!file.eof()) return FileError(EIO, "read", path.string());
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned length = 0;
  EVP_DigestFinal_ex(digest.get(), sum.data(), &length);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(sum.data()), length));
}

absl::Status Damaged(const std::string& folder, absl::string_view file, absl::string_view found) {
  return Refusal(absl::StatusCode::kDataLoss, "SNAPSHOT_DAMAGED",
                 absl::StrCat("the snapshot in ", folder, " is damaged"),
                 absl::StrCat(file, " as it was copied"), found,
                 "destroy it, and restore another one: weft snapshot list");
}

}  // namespace

absl::StatusOr<Checksums> ChecksumsOf(const std::string& folder, const MayGoOn& may_go_on) {
  Checksums sums;
  std::error_code code;
  fs::recursive_directory_iterator entries(folder, code);
  if (code) return FileError(code.value(), "read", folder);
  for (const fs::recursive_directory_iterator end; entries != end; entries.increment(code)) {
    if (!entries->is_regular_file(code)) continue;
    const std::string name = entries->path().lexically_relative(folder).string();
    WEFT_ASSIGN_OR_RETURN(sums.of[name], Sha256(entries->path(), may_go_on, &sums.bytes));
    if (code) break;
  }
  if (code) return FileError(code.value(), "read", folder);
  return sums;
}

absl::Status Verify(const std::string& snapshot, const std::string& folder,
                    const Properties& checksums, const MayGoOn& may_go_on) {
  const absl::StatusOr<Checksums> now = ChecksumsOf(folder, may_go_on);
  // That of a broken off look says nothing of the data.
  WEFT_RETURN_IF_ERROR(may_go_on());
  if (!now.ok()) return Damaged(snapshot, "every file", now.status().message());
  for (const auto& [name, sum] : checksums) {
    const auto found = now->of.find(name);
    if (found == now->of.end()) return Damaged(snapshot, name, "no such file");
    if (found->second != sum) return Damaged(snapshot, name, "other content");
  }
  for (const auto& [name, sum] : now->of) {
    if (checksums.count(name) == 0) return Damaged(snapshot, "nothing else", name);
  }
  return absl::OkStatus();
}

}  // namespace weft::provisioner::local
