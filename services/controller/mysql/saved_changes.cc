#include "services/controller/mysql/saved_changes.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/controller/mysql/farm_sql.h"

namespace weft::controller {
namespace {

constexpr absl::string_view kEnd = "/*!*/;";
// Of events besides their rows.
constexpr uint64_t kRoom = 1 << 20;

absl::Status NotRewindable(absl::string_view found) {
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "NOT_REWINDABLE",
                         "the extra transactions cannot be rewound",
                         "changes of rows with all their columns, and nothing else", found,
                         "rebuild the server: weft server rejoin SERVER --rebuild");
}

// "/*!50718 SET ...*/": settings that mysqlbinlog adds for those who replay its text.
bool IsVersionedSetting(absl::string_view statement) {
  if (!absl::ConsumePrefix(&statement, "/*!") || !absl::ConsumeSuffix(&statement, "*/")) {
    return false;
  }
  if (statement == "\\C utf8mb4 " || absl::StartsWith(statement, "\\C ")) return true;
  while (!statement.empty() && absl::ascii_isdigit(statement.front())) statement.remove_prefix(1);
  return absl::StartsWith(statement, " SET ") && !absl::StrContains(statement, "*/");
}

bool IsSetting(absl::string_view statement) {
  if (absl::StrContains(statement, '\n')) return false;
  for (const absl::string_view setting : sql::kReplaySettings) {
    if (absl::StartsWith(statement, setting)) return true;
  }
  return IsVersionedSetting(statement);
}

// Marks within a transaction; what was rolled back to one is not in the log.
bool IsSavepoint(absl::string_view statement) {
  return absl::StartsWith(statement, "SAVEPOINT `") && !absl::StrContains(statement, '\n');
}

class TextReader {
 public:
  explicit TextReader(uint64_t limit) : limit_(limit) {}

  absl::Status TakeLine(absl::string_view line) {
    if (in_events_) return TakeEncoded(line);
    // mysqlbinlog's own words, and a statement's comment lines, which do nothing either.
    if (statement_.empty() && (absl::StartsWith(line, "#") || line.empty())) {
      return absl::OkStatus();
    }
    if (line == "BINLOG '" && statement_.empty()) {
      in_events_ = true;
      return absl::OkStatus();
    }
    if (statement_.empty() && line == absl::StrCat("DELIMITER ", kEnd)) {
      framed_ = true;
      return absl::OkStatus();
    }
    if (statement_.empty() && line == "DELIMITER ;") ended_ = true;
    if (ended_ && framed_) return TakeEpilogue(line);
    if (!framed_) return absl::OkStatus();  // before the first event
    absl::StrAppend(&statement_, statement_.empty() ? "" : "\n", line);
    if (!absl::ConsumeSuffix(&line, kEnd)) return absl::OkStatus();
    std::string statement = std::move(statement_);
    statement_.clear();
    statement.resize(statement.size() - kEnd.size());
    return TakeStatement(absl::StripAsciiWhitespace(statement));
  }

  absl::StatusOr<SavedChanges> Finish() {
    if (in_events_ || !statement_.empty() || in_transaction_) {
      return NotRewindable("a text that ends within a transaction");
    }
    saved_.rows = std::move(reader_.changes());
    saved_.format = reader_.format();
    return std::move(saved_);
  }

 private:
  absl::Status TakeEncoded(absl::string_view line) {
    if (line != absl::StrCat("'", kEnd)) {
      // Each event is padded by itself, and each full line holds whole groups.
      std::string bytes;
      if (!absl::Base64Unescape(line, &bytes)) return NotRewindable("events that are cut");
      absl::StrAppend(&events_, bytes);
      if (events_.size() > limit_ + kRoom) return TooLarge();
      return absl::OkStatus();
    }
    in_events_ = false;
    const std::string bytes = std::move(events_);
    events_.clear();
    const size_t before = reader_.changes().size();
    const absl::Status status = reader_.Take(bytes);
    if (!status.ok()) return NotRewindable(status.message());
    if (reader_.changes().size() > before && !in_transaction_) {
      return NotRewindable("rows outside a transaction");
    }
    return reader_.size() <= limit_ ? absl::OkStatus() : TooLarge();
  }

  absl::Status TooLarge() const {
    return ::weft::Refusal(absl::StatusCode::kResourceExhausted, "REWIND_TOO_LARGE",
                           "the extra transactions are too large to be rewound",
                           absl::StrCat("at most ", limit_, " bytes of rows"), "more",
                           "rebuild the server: weft server rejoin SERVER --rebuild");
  }

  // A statement's own text could say that the text ends.
  static absl::Status TakeEpilogue(absl::string_view line) {
    const bool known = line == "DELIMITER ;" || line == "ROLLBACK /* added by mysqlbinlog */;" ||
                       absl::StartsWith(line, "/*!50003 SET COMPLETION_TYPE=@OLD_") ||
                       line == "/*!50530 SET @@SESSION.PSEUDO_SLAVE_MODE=0*/;";
    return known ? absl::OkStatus() : NotRewindable("text after the end of the log");
  }

  absl::Status TakeStatement(absl::string_view statement) {
    if (absl::ConsumePrefix(&statement, sql::kNextGtid)) {
      const auto gtid = ParseGtid(statement.substr(0, statement.find('\'')));
      if (gtid.ok()) saved_.transactions.Add(*gtid);  // AUTOMATIC at the end is none
      return absl::OkStatus();
    }
    if (statement == "BEGIN" && !in_transaction_) {
      in_transaction_ = true;
      return absl::OkStatus();
    }
    if (statement == "COMMIT" && in_transaction_) {
      in_transaction_ = false;
      return absl::OkStatus();
    }
    if (statement == "ROLLBACK" && !in_transaction_) return absl::OkStatus();  // a new log
    const bool harmless = statement.empty() || IsSetting(statement) || IsSavepoint(statement) ||
                          statement == sql::kNudgeLogged;
    if (harmless) return absl::OkStatus();
    constexpr size_t kShown = 120;
    return NotRewindable(
        absl::StrCat("a statement without row images: ", absl::CEscape(statement.substr(0, kShown)),
                     statement.size() > kShown ? "..." : ""));
  }

  const uint64_t limit_;
  RowEventReader reader_;
  SavedChanges saved_;
  bool framed_ = false;  // statements end in kEnd
  bool ended_ = false;
  bool in_events_ = false;  // within BINLOG '...'
  bool in_transaction_ = false;
  std::string events_;
  std::string statement_;
};

}  // namespace

absl::StatusOr<SavedChanges> ReadSavedChanges(std::istream& text, uint64_t limit) {
  TextReader reader(limit);
  std::string line;
  while (std::getline(text, line)) WEFT_RETURN_IF_ERROR(reader.TakeLine(line));
  return reader.Finish();
}

}  // namespace weft::controller
