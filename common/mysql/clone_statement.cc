#include "common/mysql/clone_statement.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/mysql/errors.h"

namespace weft::mysql {

CloneStatement::CloneStatement(std::unique_ptr<Session> session, std::string sql)
    : session_(std::move(session)), sql_(std::move(sql)), thread_([this] { Run(); }) {}

CloneStatement::~CloneStatement() {
  session_->Abort();
  thread_.join();
}

bool CloneStatement::done() const {
  MutexLock lock(&mutex_);
  return done_;
}

absl::Status CloneStatement::status() const {
  MutexLock lock(&mutex_);
  return status_;
}

void CloneStatement::Run() {
  const absl::Status status = session_->Execute(sql_);
  session_->Abort();
  MutexLock lock(&mutex_);
  status_ = status;
  done_ = true;
}

CloneEnd CloneEndOf(const absl::Status& status) {
  constexpr int kRestartFailed = 3707;
  if (MysqlErrorCode(status) == kRestartFailed) return CloneEnd::kNoSupervisor;
  const bool gone = ClassifyContact(status) == Contact::kUnreachable;
  return status.ok() || gone ? CloneEnd::kRestarting : CloneEnd::kFailed;
}

absl::Status CloneFailed(absl::string_view recipient, absl::string_view why) {
  return Refusal(absl::StatusCode::kInternal, "CLONE_FAILED",
                 absl::StrCat("the clone onto ", recipient, " failed: ", why),
                 "a clone that ends as Completed", why,
                 "the server may be empty now: keep it aside and rebuild it again");
}

std::string CloneBeganAt(const ResultSet& status) {
  return status.empty() ? std::string() : status.front().StringOr("began", "");
}

absl::StatusOr<bool> HasCompleted(absl::string_view recipient, const ResultSet& status,
                                  const std::string& earlier) {
  if (CloneBeganAt(status) == earlier) {
    return CloneFailed(recipient, "the statement was cut off before it began");
  }
  const std::string state = status.front().StringOr("state", "");
  // One that its server's death cut off stays "In Progress", with an error.
  const int64_t error = status.front().IntOr("error_no", 0);
  if (state == "Failed" || error != 0) {
    return CloneFailed(recipient, absl::StrCat("error ", error, ": ",
                                               status.front().StringOr("error_message", "")));
  }
  return state == "Completed";
}

CloneBytes BytesOf(const ResultSet& stages) {
  CloneBytes bytes;
  for (const ResultSet::Row row : stages) {
    const uint64_t estimate = row.UintOr("estimate", 0);
    bytes.estimate += estimate;
    bytes.done += std::min(row.UintOr("data", 0), estimate);
  }
  return bytes;
}

}  // namespace weft::mysql
