#include "common/mysqld/error_log.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"

namespace weft {
namespace {

constexpr absl::string_view kMark = "[ERROR]";  // In every version.

struct Symptom {
  absl::string_view text;  // Found in a line of the log, whatever the version.
  absl::StatusCode code;
  absl::string_view reason;
  absl::string_view expected;
  absl::string_view next_step;
};

constexpr Symptom kSymptoms[] = {
    {"Address already in use", absl::StatusCode::kAlreadyExists, "PORT_IN_USE",
     "its ports on 127.0.0.1 to be free", "stop the program that holds the port"},
    {"No space left on device", absl::StatusCode::kResourceExhausted, "DISK_FULL",
     "free space on the disk", "make room and start it again"},
    {"Disk quota exceeded", absl::StatusCode::kResourceExhausted, "DISK_FULL",
     "free space on the disk", "make room and start it again"},
    {"Disk is full", absl::StatusCode::kResourceExhausted, "DISK_FULL", "free space on the disk",
     "make room and start it again"},
    {"errno 28", absl::StatusCode::kResourceExhausted, "DISK_FULL", "free space on the disk",
     "make room and start it again"},
    {"errno: 28", absl::StatusCode::kResourceExhausted, "DISK_FULL", "free space on the disk",
     "make room and start it again"},
    {"Cannot allocate memory", absl::StatusCode::kResourceExhausted, "OUT_OF_MEMORY", "free memory",
     "stop something, or use fewer servers"},
};

}  // namespace

std::string ErrorLines(absl::string_view log) {
  constexpr size_t kKeep = 3;
  std::vector<std::string> errors;
  for (const absl::string_view line : absl::StrSplit(log, '\n')) {
    const size_t at = line.find(kMark);
    if (at == absl::string_view::npos) continue;
    errors.emplace_back(absl::StripAsciiWhitespace(line.substr(at + kMark.size())));
    if (errors.size() > kKeep) errors.erase(errors.begin());
  }
  return absl::StrJoin(errors, "; ");
}

absl::Status DiagnoseErrorLog(absl::string_view log, absl::string_view server,
                              absl::string_view log_path) {
  const std::string errors = ErrorLines(log);
  const std::string found = errors.empty() ? "no error in its log" : errors;
  for (const Symptom& symptom : kSymptoms) {
    if (!absl::StrContains(log, symptom.text)) continue;
    return Refusal(symptom.code, symptom.reason, absl::StrCat(server, " did not start: ", found),
                   symptom.expected, symptom.text, symptom.next_step);
  }
  return Refusal(absl::StatusCode::kInternal, "SERVER_DID_NOT_START",
                 absl::StrCat(server, " did not start: ", found), "a running mysqld", found,
                 absl::StrCat("read ", log_path));
}

}  // namespace weft
