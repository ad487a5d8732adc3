#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/model/ids.h"
#include "common/mysql/dialect.h"
#include "common/mysql/session.h"
#include "services/controller/mysql/farm_options.h"
#include "services/controller/mysql/link.h"

namespace weft::controller {

// Exclusive use of a server's acting session for the length of one step. Every statement is bounded
// by the deadline, and every change asks the gate first. Not thread-safe.
class Turn {
 public:
  // Gives the session back. One that broke is killed from another session and seen gone if that
  // can be had in a moment; else the server counts as unreached until it is.
  ~Turn();

  // Whether Link::Interrupt ends it as if its deadline had passed, from now on; not at first.
  void LetInterrupt(bool may);

  // No statement from now on takes longer than this, whatever is left of the deadline.
  void AnswerWithin(absl::Duration limit) { answer_within_ = limit; }

  // Runs a statement that changes something. `what` names it in errors: the statement itself never
  // appears there. An error of a `secret` statement keeps its number and loses its text, since
  // servers quote statements.
  absl::Status Change(absl::string_view what, absl::string_view sql);
  // The same for what is good to have. Where the server refuses it, OK: a warning says `otherwise`,
  // what follows from that.
  absl::Status TryChange(absl::string_view what, absl::string_view sql,
                         absl::string_view otherwise);
  absl::Status ChangeSecret(absl::string_view what, absl::string_view sql);
  // `status` of a statement with a secret, without the server's words, which may repeat it.
  absl::Status Withhold(const absl::Status& status, absl::string_view what) const;
  absl::StatusOr<mysql::ResultSet> Read(absl::string_view sql);
  absl::StatusOr<mysql::ResultSet> Read(absl::string_view sql, const mysql::Params& params);

  // A second session of this term, for what must happen while the first one waits. Closed with the
  // returned object.
  absl::StatusOr<std::unique_ptr<mysql::Session>> OpenSecond() const;
  // The same with the account of another duty.
  absl::StatusOr<std::unique_ptr<mysql::Session>> OpenFor(
      Duty duty, const Opener::OpenOptions& how = Opener::OpenOptions()) const;
  // True when the server lets `user` in with `password`.
  bool Admits(absl::string_view user, absl::string_view password) const;

  const mysql::Dialect& dialect() const { return dialect_; }
  const mysql::ServerVersion& version() const { return held_.session->version(); }
  mysql::Session& session() { return *held_.session; }
  const Deadline& deadline() const { return deadline_; }
  const FarmOptions& options() const { return *link_->options_; }
  Clock* clock() const { return link_->clock_; }
  // OK while this controller may act.
  absl::Status MayAct() const { return link_->gate_->Check(held_.term); }
  const HostPort& address() const { return link_->address_; }
  bool broken() const { return held_.session->broken(); }

 private:
  friend class Link;
  Turn(Link* link, Link::Held held, const Deadline& deadline);
  absl::Status Arm();

  Link* const link_;
  Link::Held held_;
  const mysql::Dialect dialect_;
  const Deadline deadline_;
  absl::Duration answer_within_ = absl::InfiniteDuration();
};

}  // namespace weft::controller
