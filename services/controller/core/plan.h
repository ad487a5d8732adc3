#pragma once

#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "common/model/group.h"
#include "common/model/gtid_set.h"
#include "common/model/ids.h"

namespace weft::controller {

// --- Steps on servers. Each is safe to repeat; each names its effect, not how a version does it.

// No client may commit: super_read_only (read_only on 5.6), then client sessions are killed.
// With `kill_sessions` false only the flag is set. Commits that wait for an acknowledgement hold it
// up: with `cut_off` they are released once nobody can be told OK (core/fencing.h), by
// offline_mode, which ends the replicas' connections too. Without it the step then fails.
struct Fence {
  ServerUuid server;
  bool kill_sessions = true;
  bool cut_off = true;
  friend bool operator==(const Fence&, const Fence&) = default;
};
// Clients may write. Only ever planned for the primary of record. Fails where its commits do not
// wait for `wait_for` acknowledgements (0: they need not): it may have restarted since it was
// armed.
struct Unfence {
  ServerUuid server;
  uint32_t wait_for = 0;
  friend bool operator==(const Unfence&, const Unfence&) = default;
};
// The receiver stops, so that nothing more can be acknowledged ("revoked"). The applier goes on.
struct StopReceiver {
  ServerUuid server;
  friend bool operator==(const StopReceiver&, const StopReceiver&) = default;
};
// Receiver and applier stop; what was received and the source stay known. Quicker than Detach,
// which makes the server forget both.
struct StopReplica {
  ServerUuid server;
  friend bool operator==(const StopReplica&, const StopReplica&) = default;
};
// Waits until the server has executed `goal`, at most `budget`; starts its applier if need be.
struct CatchUp {
  ServerUuid server;
  GtidSet goal;
  absl::Duration budget = absl::Seconds(60);
  friend bool operator==(const CatchUp&, const CatchUp&) = default;
};
// Replicates from `source`. The server is read-only first; the semi-sync replica flag is set to
// `acknowledge` before the receiver starts. Keeps unapplied relay log (S16).
struct Follow {
  ServerUuid server;
  ServerUuid source;
  HostPort source_address;
  bool acknowledge = false;
  // It logs in with the account of its own, which the source has; else with the one that all share.
  bool own_account = false;
  // What it was seen to hold when it was decided that it may acknowledge. One that has lost some of
  // it since, by a restart that nobody saw, is not made to: then the step fails.
  GtidSet holds;
  friend bool operator==(const Follow&, const Follow&) = default;
};
// Stops replicating and forgets the source, with what relay log it has left; acknowledges nobody.
struct Detach {
  ServerUuid server;
  friend bool operator==(const Detach&, const Detach&) = default;
};
// The server lets `replica` in with an account of the replica's own: made if it is not there, and
// unlocked. Kept out of the binary log: each server has accounts of its own making.
struct OpenAccount {
  ServerUuid server;
  ServerUuid replica;
  friend bool operator==(const OpenAccount&, const OpenAccount&) = default;
};
// Nobody gets in as `replica` any more: its account is locked, and what it has open is ended and
// seen gone. A receiver that only loses its connection comes back by itself and acknowledges.
struct LockAccount {
  ServerUuid server;
  ServerUuid replica;
  friend bool operator==(const LockAccount&, const LockAccount&) = default;
};
// Commits wait for `wait_for` acknowledgements, for ever. Zero switches the source side off.
struct ArmSource {
  ServerUuid server;
  uint32_t wait_for = 1;
  friend bool operator==(const ArmSource&, const ArmSource&) = default;
};
// From its next start on the server refuses writes until Weft says otherwise (rule 9); its present
// state stays. Unfence and Follow do the same: this is for a primary that was open when it was
// taken over.
struct CloseAtStart {
  ServerUuid server;
  friend bool operator==(const CloseAtStart&, const CloseAtStart&) = default;
};
// Begins a new binary log where the present one is large: a replica that comes has its place in it
// found by reading it from the beginning (4 ms a MiB), and the first commits wait for that. Where
// the server does not do it the step has no effect.
struct RotateLog {
  ServerUuid server;
  friend bool operator==(const RotateLog&, const RotateLog&) = default;
};

// --- A step on neither: a program of the controller's host is run, and what it answered recorded
// --- (HookRecord). Alone in its phase. A leader that dies meanwhile leaves it to the next to run
// --- it again, for the same operation. Of a program that nothing waits for it begins it, or
// --- records how it ended.
struct RunHook {
  std::string occasion;   // the setting that names it: "before_failover"
  std::string hook;       // its name in the hooks file
  std::string operation;  // of the change that it is run for
  friend bool operator==(const RunHook&, const RunHook&) = default;
};
// Asked before a primary that lives hands over.
inline constexpr char kBeforeSwitchover[] = "before_switchover";
// What HookRecord holds of a program that nothing waits for, until its end is known.
inline constexpr char kHookRuns[] = "runs";

// --- Steps on the record. Each is one transaction that compares term, epoch and the version of
// --- the acknowledger set, and fails with ABORTED when one of them moved.

// The new truth: primary, epoch + 1, acknowledger set, watermark (united with the recorded one; it
// is also the `at_start` of the new epoch). The old primary gets `old_primary_status` (SECONDARY or
// FAULTY). An empty primary: the group has none from now on. A pending kPromote intent gets the
// primary as its target.
struct Commit {
  ServerUuid primary;
  std::set<ServerUuid> acknowledgers;
  GtidSet watermark;
  ServerStatus old_primary_status = ServerStatus::kSecondary;
  friend bool operator==(const Commit&, const Commit&) = default;
};
// Replaces the acknowledger set within an epoch; `watermark` is united with the recorded one.
struct SetAcknowledgers {
  std::set<ServerUuid> servers;
  GtidSet watermark;
  friend bool operator==(const SetAcknowledgers&, const SetAcknowledgers&) = default;
};
// Records a server's new status, with why it is set aside (empty: it is not).
struct SetStatus {
  ServerUuid server;
  ServerStatus status = ServerStatus::kSecondary;
  std::string set_aside;
  std::string errant;
  friend bool operator==(const SetStatus&, const SetStatus&) = default;
};
// The primary was judged dead or sick: writes the intent to promote, with an operation to report on
// it. A sick one that answers is to hand over to `target` in order; empty: it is not waited for.
struct BeginFailover {
  std::string evidence;
  ServerUuid target = {};
  friend bool operator==(const BeginFailover&, const BeginFailover&) = default;
};
// Writes the intent's `target`, and `reopen` = true: the primary of record is about to be fenced.
struct BeginSwitchover {
  ServerUuid target;
  friend bool operator==(const BeginSwitchover&, const BeginSwitchover&) = default;
};
// Writes the intent's `given_up` and `given_up_message`: from now on what was revoked is put back.
struct GiveUp {
  std::string reason;
  std::string message;
  friend bool operator==(const GiveUp&, const GiveUp&) = default;
};
// The intent is fulfilled: back to kKeep, its operation has succeeded.
struct Finish {
  friend bool operator==(const Finish&, const Finish&) = default;
};

using Step =
    std::variant<Fence, Unfence, StopReceiver, StopReplica, CatchUp, Follow, Detach, OpenAccount,
                 LockAccount, ArmSource, CloseAtStart, RotateLog, Commit, SetAcknowledgers,
                 SetStatus, BeginFailover, BeginSwitchover, GiveUp, Finish, RunHook>;

// True for steps on the record, false for steps on servers.
bool IsRecordStep(const Step& step);
// The server a step acts on; empty for steps on the group's record.
ServerUuid ServerOf(const Step& step);
// One line for people and histories: "follow b <- a, acknowledging".
std::string ToString(const Step& step);

// Why nothing may be done. `reason` is UPPER_SNAKE and stable; `message` says what was expected and
// found; `next_step` what a person can do; `servers` are those whose silence or state is the cause.
struct Refusal {
  std::string reason;
  std::string message;
  std::string next_step;
  std::vector<ServerUuid> servers;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// One phase. Its steps on different servers run at the same time; steps on one server run in the
// order given, and the first failure leaves out the rest of that server's. All must end before the
// next look. A phase has either steps on servers or one step on the record, never both.
// Neither steps nor refusal nor something to wait for: the group is settled.
struct Plan {
  std::string phase;  // "revoke", "catch up", "commit", ...
  std::vector<Step> steps;
  std::optional<Refusal> refusal;
  // Nothing can be done now but the group is not as it should be: look again soon. Says for what.
  std::string waiting_for;

  bool settled() const { return steps.empty() && !refusal.has_value() && waiting_for.empty(); }
  friend bool operator==(const Plan&, const Plan&) = default;
};
std::string ToString(const Plan& plan);

}  // namespace weft::controller
