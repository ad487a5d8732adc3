#include "services/controller/mysql/turn.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/log/log.h"
#include "common/mysql/errors.h"

namespace weft::controller {

Turn::Turn(Link* link, Link::Held held, const Deadline& deadline)
    : link_(link),
      held_(std::move(held)),
      dialect_(mysql::DialectFor(held_.session->version())),
      deadline_(deadline) {}

Turn::~Turn() { link_->EndTurn(std::move(held_)); }

void Turn::LetInterrupt(bool may) {
  MutexLock lock(&link_->mutex_);
  link_->interruptible_ = may ? held_.session.get() : nullptr;
}

absl::Status Turn::Arm() {
  const absl::Duration left = deadline_.Remaining();
  if (left <= absl::ZeroDuration()) {
    return absl::DeadlineExceededError(
        absl::StrCat(address().ToString(), ": the step's time is used up"));
  }
  held_.session->set_statement_timeout(std::min(left, answer_within_));
  return absl::OkStatus();
}

absl::Status Turn::Change(absl::string_view what, absl::string_view sql) {
  WEFT_RETURN_IF_ERROR(MayAct());
  WEFT_RETURN_IF_ERROR(Arm());
  const absl::Duration began = clock()->MonotonicNow();
  const absl::Status status = held_.session->Execute(sql);
  WEFT_LOG(kDebug, "changed a server",
           {{"server", address().ToString()},
            {"what", what},
            {"took", clock()->MonotonicNow() - began},
            {"error", status}});
  return Annotate(status, absl::StrCat(address().ToString(), ": ", what));
}

absl::Status Turn::TryChange(absl::string_view what, absl::string_view sql,
                             absl::string_view otherwise) {
  const absl::Status status = Change(what, sql);
  if (status.ok() || mysql::MysqlErrorCode(status) == 0 || broken()) return status;
  WEFT_LOG(kWarning, otherwise, {{"server", address().ToString()}, {"error", status}});
  return absl::OkStatus();
}

absl::Status Turn::ChangeSecret(absl::string_view what, absl::string_view sql) {
  return Withhold(Change(what, sql), what);  // which logs `what`, never the statement
}

absl::Status Turn::Withhold(const absl::Status& status, absl::string_view what) const {
  const int code = mysql::MysqlErrorCode(status);
  if (status.ok() || code == 0) return status;
  return mysql::FromMysql(code, mysql::MysqlSqlState(status),
                          absl::StrCat(address().ToString(), ": ", what,
                                       ": the server refused it (its words are withheld, since "
                                       "they may repeat a password)"));
}

absl::StatusOr<mysql::ResultSet> Turn::Read(absl::string_view sql) {
  WEFT_RETURN_IF_ERROR(Arm());
  auto rows = held_.session->Query(sql);
  if (!rows.ok()) return Annotate(rows.status(), address().ToString());
  return rows;
}

absl::StatusOr<mysql::ResultSet> Turn::Read(absl::string_view sql, const mysql::Params& params) {
  WEFT_RETURN_IF_ERROR(Arm());
  auto rows = held_.session->Query(sql, params);
  if (!rows.ok()) return Annotate(rows.status(), address().ToString());
  return rows;
}

bool Turn::Admits(absl::string_view user, absl::string_view password) const {
  Login login;
  login.user = std::string(user);
  login.password = [&password] { return std::string(password); };
  return link_->opener_->OpenAs(link_->address_, login, Opener::OpenOptions()).ok();
}

absl::StatusOr<std::unique_ptr<mysql::Session>> Turn::OpenSecond() const {
  return OpenFor(Duty::kManage);
}

absl::StatusOr<std::unique_ptr<mysql::Session>> Turn::OpenFor(
    Duty duty, const Opener::OpenOptions& how) const {
  return link_->opener_->Open(link_->address_, duty, how);
}

}  // namespace weft::controller
