#include "tests/model/decisions.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "services/controller/core/decide.h"
#include "services/controller/core/memory.h"

namespace weft::model {
namespace {

// On the scale of the memory's times. What began long ago exceeds every budget and patience.
constexpr absl::Duration kNow = absl::Hours(1000);
constexpr absl::Duration kLong = absl::Hours(1);

std::string UuidText(int name) {
  const char letter = static_cast<char>('a' + name);
  std::string text;
  for (const int digits : {8, 4, 4, 4, 12}) {
    absl::StrAppend(&text, text.empty() ? "" : "-", std::string(digits, letter));
  }
  return text;
}

// Between the model's servers and the real types, under one order of the servers' uuids.
class Bridge {
 public:
  Bridge(const State& state, const Names& names) : state_(state), names_(names) {
    for (int i = 0; i < kServers; ++i) uuids_[i] = *ServerUuid::Parse(UuidText(names[i]));
    std::array<uint64_t, kServers> begun{};
    for (int t = 0; t < state.count(); ++t) numbers_[t] = ++begun[state.origin[t]];
  }

  const ServerUuid& UuidOf(uint8_t server) const {
    static const ServerUuid* const kNone = new ServerUuid;
    return server == kNobody ? *kNone : uuids_[server];
  }
  uint8_t IndexOf(const ServerUuid& uuid) const {
    for (int i = 0; i < kServers; ++i) {
      if (uuids_[i] == uuid) return static_cast<uint8_t>(i);
    }
    return kNobody;
  }
  HostPort AddressOf(int server) const {
    return HostPort{.host = std::string(1, static_cast<char>('a' + names_[server])), .port = 3306};
  }
  GtidSet ToGtids(Set set) const {
    GtidSet gtids;
    for (int t = 0; t < state_.count(); ++t) {
      if (!Has(set, t)) continue;
      gtids.AddInterval(uuids_[state_.origin[t]].text(), "", numbers_[t], numbers_[t]);
    }
    return gtids;
  }
  Set FromGtids(const GtidSet& gtids) const {
    Set set = 0;
    for (int t = 0; t < state_.count(); ++t) {
      if (gtids.Contains(uuids_[state_.origin[t]].text(), "", numbers_[t])) set |= Bit(t);
    }
    return set;
  }
  std::set<ServerUuid> UuidsOf(uint8_t servers) const {
    std::set<ServerUuid> uuids;
    for (int i = 0; i < kServers; ++i) {
      if (Has(servers, i)) uuids.insert(uuids_[i]);
    }
    return uuids;
  }
  uint8_t BitsOf(const std::set<ServerUuid>& uuids) const {
    uint8_t bits = 0;
    for (const ServerUuid& uuid : uuids) bits |= Bit(IndexOf(uuid));
    return bits;
  }

  Group ToGroup() const;
  controller::Observation ToObservation(const Seen& seen, int server) const;
  controller::Memory ToMemory() const;
  Memory FromMemory(const controller::Memory& memory, const Group& group) const;
  void FromPlan(const controller::Plan& plan, Decision* decision) const;

 private:
  void FromRecordStep(const controller::Step& step, RecordStep* record) const;
  ServerStep FromServerStep(const controller::Step& step) const;

  const State& state_;
  const Names names_;
  std::array<ServerUuid, kServers> uuids_;
  std::array<uint64_t, kMostTransactions> numbers_{};
};

Group Bridge::ToGroup() const {
  const Record& record = state_.record;
  Group group;
  group.id = "g";
  group.active = record.active != 0;
  group.epoch = record.epoch;
  group.primary = UuidOf(record.primary);
  group.acknowledgers.servers = UuidsOf(record.acknowledgers);
  group.watermark = ToGtids(record.watermark);
  if (record.epoch > 0) {
    group.history.push_back({.number = record.epoch,
                             .primary = group.primary,
                             .at_start = ToGtids(record.at_start),
                             .started = absl::UnixEpoch()});
  }
  group.intent.goal = static_cast<Goal>(record.goal);
  group.intent.target = UuidOf(record.target);
  group.intent.failover = record.failover != 0;
  group.intent.reopen = record.reopen != 0;
  if (record.given_up != 0) group.intent.given_up = "GIVEN_UP";
  for (int i = 0; i < kServers; ++i) {
    weft::Server server;
    server.uuid = uuids_[i];
    server.address = AddressOf(i);
    server.group = "g";
    server.status = static_cast<ServerStatus>(record.status[i]);
    server.mode = DefaultMode(server.status);
    server.promotion_rule = static_cast<PromotionRule>(record.rule[i]);
    if (record.aside[i] == 1) server.set_aside = "errant";
    if (record.aside[i] == 2) server.set_aside = "needs rebuild";
    server.errant = ToGtids(record.errant[i]).ToString();
    group.servers.push_back(std::move(server));
  }
  std::sort(group.servers.begin(), group.servers.end(),
            [](const weft::Server& a, const weft::Server& b) { return a.uuid < b.uuid; });
  return group;
}

controller::Observation Bridge::ToObservation(const Seen& seen, int server) const {
  controller::Observation real;
  real.contact = seen.contact == 0   ? controller::Contact::kAnswered
                 : seen.contact == 1 ? controller::Contact::kRejected
                                     : controller::Contact::kUnreachable;
  real.refused = seen.refused != 0;
  if (!real.reached()) return real;
  real.uuid = uuids_[server];
  real.version = "9.7.4";
  real.read_only = real.super_read_only = seen.read_only != 0;
  real.can_semi_sync = real.receiver_only_change = true;
  real.executed = ToGtids(seen.executed);
  real.received = ToGtids(seen.received);
  controller::Replication& replication = real.replication;
  replication.configured = seen.configured != 0;
  if (replication.configured) {
    replication.source = AddressOf(seen.source);
    replication.source_uuid = uuids_[seen.source];
    replication.auto_position = true;
    replication.receiver = static_cast<controller::ThreadState>(seen.receiver);
    replication.applier_running = seen.applier != 0;
    if (seen.failing != 0) replication.receiver_error = "error connecting to source";
    if (seen.heard != 2) replication.heard_ago = seen.heard == 0 ? absl::ZeroDuration() : kLong;
  }
  controller::SemiSync& semi_sync = real.semi_sync;
  semi_sync.installed = true;
  semi_sync.source_enabled = semi_sync.source_endless = semi_sync.source_active = seen.armed != 0;
  semi_sync.source_wait_for = 1;
  semi_sync.source_clients = seen.clients;
  semi_sync.source_waiting = seen.waiting;
  semi_sync.replica_enabled = seen.flag != 0;
  semi_sync.replica_active = seen.active != 0;
  for (int i = 0; i < kServers; ++i) {
    if (Has(seen.streaming_to, i)) real.streaming_to.push_back(uuids_[i]);
  }
  return real;
}

std::optional<absl::Duration> Since(uint8_t age) {
  if (age == 0) return std::nullopt;
  return age == 1 ? kNow : kNow - kLong;
}

uint8_t AgeOf(const std::optional<absl::Duration>& since) {
  if (!since.has_value()) return 0;
  return *since == kNow ? 1 : 2;
}

controller::Memory Bridge::ToMemory() const {
  const Memory& memory = state_.leader.memory;
  controller::Memory real;
  real.epoch = memory.current != 0 ? state_.record.epoch : ~0ULL;
  real.fenced_since = Since(memory.fenced);
  real.switching_since = Since(memory.switching);
  for (int i = 0; i < kServers; ++i) {
    if (memory.silent[i] != 0) real.silent_since[uuids_[i]] = *Since(memory.silent[i]);
    controller::Memory::ServerMemory& one = real.servers[uuids_[i]];
    one.unable = memory.unable[i] != 0;
    if (memory.unable_marked[i] != 0) one.marks.unable = ToGtids(memory.unable_mark[i]);
    if (memory.returned[i] != 0) one.marks.returned = ToGtids(memory.returned_mark[i]);
    one.marks.returned_while_commits_wait = memory.returned_waiting[i] != 0;
  }
  return real;
}

Memory Bridge::FromMemory(const controller::Memory& real, const Group& group) const {
  Memory memory;
  memory.current = real.epoch == group.epoch;
  memory.fenced = AgeOf(real.fenced_since);
  memory.switching = AgeOf(real.switching_since);
  for (int i = 0; i < kServers; ++i) {
    if (const auto found = real.silent_since.find(uuids_[i]); found != real.silent_since.end()) {
      memory.silent[i] = AgeOf(found->second);
    }
    const auto found = real.servers.find(uuids_[i]);
    if (found == real.servers.end()) continue;
    const controller::Marks& marks = found->second.marks;
    memory.unable[i] = found->second.unable;
    memory.unable_marked[i] = marks.unable.has_value();
    if (marks.unable.has_value()) memory.unable_mark[i] = FromGtids(*marks.unable);
    memory.returned[i] = marks.returned.has_value();
    if (marks.returned.has_value()) memory.returned_mark[i] = FromGtids(*marks.returned);
    memory.returned_waiting[i] = marks.returned_while_commits_wait;
  }
  return memory;
}

void Bridge::FromRecordStep(const controller::Step& step, RecordStep* record) const {
  if (const auto* commit = std::get_if<controller::Commit>(&step)) {
    *record = {.kind = kCommit,
               .server = IndexOf(commit->primary),
               .servers = BitsOf(commit->acknowledgers),
               .set = FromGtids(commit->watermark),
               .flag = static_cast<uint8_t>(commit->old_primary_status == ServerStatus::kFaulty)};
  } else if (const auto* set = std::get_if<controller::SetAcknowledgers>(&step)) {
    *record = {.kind = kSetAcknowledgers,
               .servers = BitsOf(set->servers),
               .set = FromGtids(set->watermark)};
  } else if (const auto* status = std::get_if<controller::SetStatus>(&step)) {
    const absl::StatusOr<GtidSet> errant = GtidSet::Parse(status->errant);
    *record = {.kind = kSetStatus,
               .server = IndexOf(status->server),
               .set = FromGtids(*errant),
               .flag = static_cast<uint8_t>(status->status),
               .aside = static_cast<uint8_t>(status->set_aside.empty() ? 0
                                             : status->errant.empty()  ? 2
                                                                       : 1)};
  } else if (std::holds_alternative<controller::BeginFailover>(step)) {
    record->kind = kBeginFailover;
  } else if (const auto* begin = std::get_if<controller::BeginSwitchover>(&step)) {
    *record = {.kind = kBeginSwitchover, .server = IndexOf(begin->target)};
  } else if (std::holds_alternative<controller::GiveUp>(step)) {
    *record = {.kind = kGiveUp, .flag = 1};
  } else {
    record->kind = kFinish;
  }
}

ServerStep Bridge::FromServerStep(const controller::Step& step) const {
  using controller::ArmSource;
  if (const auto* one = std::get_if<controller::Fence>(&step)) {
    return {.kind = kFence, .flag = one->kill_sessions && one->cut_off};
  }
  if (const auto* one = std::get_if<controller::Unfence>(&step)) {
    return {.kind = kUnfence, .flag = one->wait_for > 0};
  }
  if (std::holds_alternative<controller::StopReceiver>(step)) return {.kind = kStopReceiver};
  if (std::holds_alternative<controller::StopReplica>(step)) return {.kind = kStopReplica};
  if (std::holds_alternative<controller::Detach>(step)) return {.kind = kDetach};
  if (const auto* one = std::get_if<controller::CatchUp>(&step)) {
    return {.kind = kCatchUp, .set = FromGtids(one->goal)};
  }
  if (const auto* one = std::get_if<controller::Follow>(&step)) {
    return {.kind = kFollow, .server = IndexOf(one->source), .flag = one->acknowledge};
  }
  if (const auto* one = std::get_if<ArmSource>(&step)) {
    return {.kind = kArm, .flag = static_cast<uint8_t>(one->wait_for > 0)};
  }
  return {};
}

void Bridge::FromPlan(const controller::Plan& plan, Decision* decision) const {
  decision->settled = plan.settled();
  if (plan.refusal.has_value()) {
    decision->text = absl::StrCat("refused, ", plan.refusal->reason);
    if (state_.record.goal != static_cast<uint8_t>(Goal::kKeep)) decision->record.kind = kRefused;
    return;
  }
  decision->text = plan.settled() ? "settled" : !plan.waiting_for.empty() ? "waits" : plan.phase;
  for (const controller::Step& step : plan.steps) {
    if (controller::IsRecordStep(step)) {
      FromRecordStep(step, &decision->record);
      absl::StrAppend(&decision->text, ", record");
      return;
    }
    // Nothing that matters here depends on it.
    if (std::holds_alternative<controller::RotateLog>(step)) continue;
    const uint8_t server = IndexOf(controller::ServerOf(step));
    const ServerStep one = FromServerStep(step);
    auto& queue = decision->steps[server];
    *std::find_if(queue.begin(), queue.end() - 1,
                  [](const ServerStep& old) { return old.kind == kNoStep; }) = one;
    absl::StrAppend(&decision->text, "; ", TextOf(one, server));
  }
}

// A look that is used again says of the past what it said; in a new epoch nothing (converge.cc).
void Recall(const controller::Memory& memory, controller::Snapshot* snapshot) {
  for (const auto& [server, since] : memory.silent_since) {
    snapshot->seen[server].silent_for = kNow - since;
  }
  if (memory.epoch != snapshot->group.epoch) return;
  if (memory.fenced_since.has_value()) snapshot->write_stopped_for = kNow - *memory.fenced_since;
  if (memory.switching_since.has_value()) snapshot->switching_for = kNow - *memory.switching_since;
  for (const auto& [server, remembered] : memory.servers) {
    if (server != snapshot->group.primary) snapshot->marks[server] = remembered.marks;
  }
}

Decision Ask(const State& state, const Look& look, bool fresh, const Names& names) {
  const Bridge bridge(state, names);
  controller::Snapshot snapshot;
  snapshot.group = bridge.ToGroup();
  for (int i = 0; i < kServers; ++i) {
    const ServerUuid& uuid = bridge.UuidOf(static_cast<uint8_t>(i));
    snapshot.seen[uuid] = bridge.ToObservation(look[i], i);
    snapshot.reports[uuid] = {.observers = 3, .unreachable = look[i].lost != 0 ? 2 : 1};
  }
  Decision decision;
  controller::Memory memory = bridge.ToMemory();
  if (fresh) {
    controller::Remember(kNow, absl::UnixEpoch(), absl::ZeroDuration(), &memory, &snapshot);
    decision.memory = bridge.FromMemory(memory, snapshot.group);
  } else {
    Recall(memory, &snapshot);
    decision.memory = state.leader.memory;
  }
  bridge.FromPlan(controller::Decide(snapshot), &decision);
  return decision;
}

bool SameEffect(const Decision& a, const Decision& b) {
  return std::memcmp(&a.memory, &b.memory, sizeof(a.memory)) == 0 &&
         std::memcmp(&a.steps, &b.steps, sizeof(a.steps)) == 0 &&
         std::memcmp(&a.record, &b.record, sizeof(a.record)) == 0 && a.settled == b.settled;
}

template <typename T>
void Append(std::string* key, const T& value) {
  key->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

const std::vector<Decision>& Decisions::Of(const State& state, const Look& look, bool fresh) {
  std::string key(1, static_cast<char>(fresh));
  Append(&key, look);
  Append(&key, state.record);
  Append(&key, state.leader.memory);
  Append(&key, state.origin);
  const auto [found, is_new] = known_.try_emplace(std::move(key));
  std::vector<Decision>& decisions = found->second;
  if (!is_new) return decisions;
  Names names{0, 1, 2};
  if (keeps_) kept_.push_back({state, look, fresh, Ask(state, look, fresh, names)});
  do {
    Decision one = Ask(state, look, fresh, names);
    const bool known = std::any_of(decisions.begin(), decisions.end(),
                                   [&](const Decision& old) { return SameEffect(old, one); });
    if (!known) decisions.push_back(std::move(one));
  } while (std::next_permutation(names.begin(), names.end()));
  return decisions;
}

bool Decisions::AreChanged() const {
  return std::any_of(kept_.begin(), kept_.end(), [](const Question& question) {
    return !SameEffect(Ask(question.state, question.look, question.fresh, Names{0, 1, 2}),
                       question.answer);
  });
}

}  // namespace weft::model
