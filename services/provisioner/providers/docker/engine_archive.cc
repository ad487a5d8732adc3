// The part of Engine that moves files: archives in tar's format.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/docker/engine.h"
#include "services/provisioner/providers/docker/pipe.h"

namespace weft::provisioner::docker {
namespace {

constexpr size_t kTarBlock = 512;
constexpr size_t kLargestFile = 1 << 20;
constexpr char kTarType[] = "Content-Type: application/x-tar";

// An archive of one regular file of root's (POSIX.1-1988 ustar).
std::string TarOf(absl::string_view path, absl::string_view content, int mode) {
  std::string header(kTarBlock, '\0');
  const auto put = [&header](size_t at, absl::string_view text) {
    std::copy(text.begin(), text.end(), header.begin() + static_cast<ptrdiff_t>(at));
  };
  put(0, path.substr(0, 99));
  put(100, absl::StrFormat("%07o", mode));
  put(108, "0000000");
  put(116, "0000000");
  put(124, absl::StrFormat("%011o", content.size()));
  put(136, "00000000000");
  put(148, "        ");
  put(156, "0");
  put(257, "ustar");
  put(263, "00");
  unsigned sum = 0;
  for (const unsigned char c : header) sum += c;
  put(148, absl::StrFormat("%06o", sum));
  header[154] = '\0';
  std::string archive = absl::StrCat(header, content);
  const size_t padded = (content.size() + kTarBlock - 1) / kTarBlock * kTarBlock;
  archive.resize(kTarBlock + padded + 2 * kTarBlock);
  return archive;
}

// The first regular file of an archive; nullopt where there is none.
std::optional<std::string> FirstFileOf(absl::string_view archive) {
  while (archive.size() >= kTarBlock) {
    const char type = archive[156];
    size_t size = 0;
    for (const char digit : archive.substr(124, 11)) {
      if (digit < '0' || digit > '7') return std::nullopt;
      size = size * 8 + static_cast<size_t>(digit - '0');
    }
    archive.remove_prefix(kTarBlock);
    if (size > archive.size()) return std::nullopt;
    if (type == '0' || type == '\0') return std::string(archive.substr(0, size));
    // What is said of the file that follows.
    archive.remove_prefix(std::min(archive.size(), (size + kTarBlock - 1) / kTarBlock * kTarBlock));
  }
  return std::nullopt;
}

class Hasher {
 public:
  Hasher() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  ~Hasher() { EVP_MD_CTX_free(context_); }
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  void Add(absl::string_view piece) {
    EVP_DigestUpdate(context_, piece.data(), piece.size());
    bytes_ += piece.size();
  }
  Digest Finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_, hash.data(), &size);
    const absl::string_view bytes(reinterpret_cast<const char*>(hash.data()), size);
    return {bytes_, absl::BytesToHexString(bytes)};
  }

 private:
  EVP_MD_CTX* const context_;
  uint64_t bytes_ = 0;
};

std::pair<std::string, std::string> SplitPath(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return {std::string(slash == 0 ? "/" : path.substr(0, slash)),
          std::string(path.substr(slash + 1))};
}

}  // namespace

std::string Engine::ArchivePath(const std::string& name, absl::string_view folder) {
  return ContainerPath(name, absl::StrCat("/archive?path=", http::UrlEncoded(folder)));
}

absl::Status Engine::PutFile(const std::string& name, absl::string_view path,
                             absl::string_view content, int mode, const Deadline& deadline) {
  http::Request request;
  request.method = "PUT";
  // From the root on: the engine makes folders that lack.
  WEFT_ASSIGN_OR_RETURN(request.url, Url(ArchivePath(name, "/"), deadline));
  request.headers = {kTarType};
  request.body = TarOf(path.substr(1), content, mode);
  return Judge("take a file", rest_.SendRaw(std::move(request), deadline));
}

absl::StatusOr<std::optional<std::string>> Engine::GetFile(const std::string& name,
                                                           absl::string_view path,
                                                           const Deadline& deadline) {
  std::string archive;
  http::Request request;
  WEFT_ASSIGN_OR_RETURN(request.url, Url(ArchivePath(name, path), deadline));
  request.sink = [this, &archive](absl::string_view piece) {
    absl::StrAppend(&archive, piece);
    return archive.size() > kLargestFile ? Garbage("a small file", Json(archive.size()))
                                         : absl::OkStatus();
  };
  const auto reply = rest_.SendRaw(std::move(request), deadline);
  if (reply.ok() && reply->code == 404) return std::nullopt;
  WEFT_RETURN_IF_ERROR(Judge("give a file", reply));
  std::optional<std::string> file = FirstFileOf(archive);
  if (!file.has_value()) return Garbage("an archive of a file", Json(archive.size()));
  return file;
}

absl::StatusOr<Digest> Engine::Read(const std::string& name, const std::string& folder,
                                    const CopyTerms& terms) {
  Hasher hasher;
  http::Request request;
  WEFT_ASSIGN_OR_RETURN(request.url, Url(ArchivePath(name, folder), terms.deadline));
  request.sink = [&hasher](absl::string_view piece) {
    hasher.Add(piece);
    return absl::OkStatus();
  };
  request.cancelled = terms.cancelled;
  WEFT_RETURN_IF_ERROR(Judge("give a folder", rest_.SendRaw(std::move(request), terms.deadline)));
  return hasher.Finish();
}

absl::StatusOr<Digest> Engine::Copy(const std::string& from, const std::string& to,
                                    const std::string& folder, const CopyTerms& terms) {
  Pipe pipe;
  Hasher hasher;
  http::Request give;
  WEFT_ASSIGN_OR_RETURN(give.url, Url(ArchivePath(from, folder), terms.deadline));
  give.sink = [&](absl::string_view piece) {
    hasher.Add(piece);
    return pipe.Push(piece);
  };
  http::Request take;
  take.method = "PUT";
  // The archive holds the folder itself, with its owner and mode.
  WEFT_ASSIGN_OR_RETURN(take.url, Url(ArchivePath(to, SplitPath(folder).first), terms.deadline));
  take.headers = {kTarType};
  take.source = [&pipe](char* buffer, size_t capacity) { return pipe.Pull(buffer, capacity); };

  // Whoever waits for the other in the pipe does not ask.
  give.cancelled = terms.cancelled;
  take.cancelled = terms.cancelled;

  absl::Status given;
  std::thread giver([&] {
    given = Judge("give a folder", rest_.SendRaw(std::move(give), terms.deadline));
    pipe.Close(given);
  });
  const absl::Status taken = Judge("take a folder", rest_.SendRaw(std::move(take), terms.deadline));
  pipe.Close(taken.ok() ? absl::CancelledError("the other end took no more") : taken);
  giver.join();
  WEFT_RETURN_IF_ERROR(taken);
  WEFT_RETURN_IF_ERROR(given);
  return hasher.Finish();
}

}  // namespace weft::provisioner::docker
