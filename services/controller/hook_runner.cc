#include "services/controller/hook_runner.h"

#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/duration_text.h"
#include "nlohmann/json.hpp"
#include "services/controller/core/guards.h"

namespace weft::controller {
namespace {

using nlohmann::json;

constexpr size_t kMostTold = 500;

// Of something that is done: there is nothing left to forbid or to wait for.
bool IsOver(const RunHook& step) { return absl::StartsWith(step.occasion, "after_"); }

// The road that gives the old primary up, whoever asked for the change.
bool IsOfFailover(const RunHook& step) { return !absl::EndsWith(step.occasion, "_switchover"); }

// The primary that the change takes away; empty: there was none.
ServerUuid OldPrimary(const Group& group, const RunHook& step) {
  return IsOver(step) ? PrimaryBefore(group) : group.primary;
}

ServerUuid NewPrimary(const Group& group, const RunHook& step) {
  return IsOver(step) ? group.primary : group.intent.target;
}

std::string AddressOf(const Group& group, const ServerUuid& server) {
  const Server* const found = group.Find(server);
  return found == nullptr ? "" : found->address.ToString();
}

json Member(const Group& group, const ServerUuid& server) {
  return {{"uuid", server.text()}, {"address", AddressOf(group, server)}};
}

std::string Why(const HookEnd& end) {
  return absl::StrCat(
      end.status.message(),
      end.output.empty() ? "" : absl::StrCat(": ", end.output.substr(0, kMostTold)));
}

}  // namespace

std::string HookInput(const Snapshot& snapshot, const RunHook& step) {
  const Group& group = snapshot.group;
  json servers = json::array();
  for (const Server& server : group.servers) {
    json one = Member(group, server.uuid);
    one["status"] = std::string(ToString(server.status));
    one["zone"] = server.zone;
    one["answers"] = snapshot.Of(server.uuid).reached();
    one["error"] = snapshot.Of(server.uuid).error;
    servers.push_back(std::move(one));
  }
  const json input = {{"occasion", step.occasion},
                      {"hook", step.hook},
                      {"operation", step.operation},
                      {"group", group.id},
                      {"epoch", group.epoch},
                      {"durability", std::string(ToString(group.durability))},
                      {"failover", IsOfFailover(step)},
                      {"old_primary", Member(group, OldPrimary(group, step))},
                      {"new_primary", Member(group, NewPrimary(group, step))},
                      {"servers", servers}};
  return input.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::map<std::string, std::string> HookVariables(const Snapshot& snapshot, const RunHook& step) {
  const Group& group = snapshot.group;
  const ServerUuid old_primary = OldPrimary(group, step);
  const ServerUuid new_primary = NewPrimary(group, step);
  return {{"WEFT_OCCASION", step.occasion},
          {"WEFT_HOOK", step.hook},
          {"WEFT_OPERATION", step.operation},
          {"WEFT_GROUP", group.id},
          {"WEFT_EPOCH", absl::StrCat(group.epoch)},
          {"WEFT_FAILOVER", IsOfFailover(step) ? "true" : "false"},
          {"WEFT_OLD_PRIMARY", AddressOf(group, old_primary)},
          {"WEFT_OLD_PRIMARY_UUID", old_primary.text()},
          {"WEFT_NEW_PRIMARY", AddressOf(group, new_primary)},
          {"WEFT_NEW_PRIMARY_UUID", new_primary.text()}};
}

void HookRunner::Stop() {
  std::list<Child> children;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    children.swap(children_);
  }
  for (Child& child : children) child.thread.join();
}

void HookRunner::Tell(const Snapshot& snapshot, const RunHook& step, const HookEnd& end) {
  Event event;
  event.group = snapshot.group.id;
  event.server = OldPrimary(snapshot.group, step).text();
  event.operation = step.operation;
  event.kind = "decision";
  event.text =
      absl::StrCat("the program ", step.hook, " (", step.occasion, ") ",
                   end.status.ok() ? "agreed" : "failed", " after ", DurationText(end.took),
                   end.status.ok() ? "" : ": ", end.status.ok() ? "" : end.status.message(),
                   end.output.empty() ? "" : absl::StrCat("; it printed: ", end.output));
  journal_->Append(std::move(event));
}

void HookRunner::Reap(const std::string& group) {
  std::list<Child> ended;
  {
    MutexLock lock(&mutex_);
    for (auto it = children_.begin(); it != children_.end();) {
      const auto next = std::next(it);
      if (it->ended && it->group == group) ended.splice(ended.end(), children_, it);
      it = next;
    }
  }
  for (Child& child : ended) child.thread.join();
}

const HookRunner::Child* HookRunner::Find(const std::string& group,
                                          const std::string& operation) const {
  const Child* found = nullptr;
  for (const Child& child : children_) {
    if (child.group == group && child.operation == operation) found = &child;
  }
  return found;
}

bool HookRunner::Runs(const std::string& group, const std::string& operation) const {
  MutexLock lock(&mutex_);
  const Child* const child = Find(group, operation);
  return child != nullptr && !child->ended;
}

std::string HookRunner::Begin(const Snapshot& snapshot, const RunHook& step, const Hook& hook,
                              const std::function<bool()>& may_act) {
  {
    MutexLock lock(&mutex_);
    const Child* const begun = Find(snapshot.group.id, step.operation);
    if (begun != nullptr && !begun->ended) return kHookRuns;
    if (begun != nullptr && !begun->outcome.empty()) return begun->outcome;
  }
  Reap(snapshot.group.id);
  MutexLock lock(&mutex_);
  if (stopping_) return kHookRuns;  // for the next leader
  Child& child = children_.emplace_back();
  child.group = snapshot.group.id;
  child.operation = step.operation;
  child.thread = std::thread([this, snapshot, step, hook, may_act, &child] {
    const HookEnd end = RunProgram(hook, HookInput(snapshot, step), HookVariables(snapshot, step),
                                   [this, &may_act] {
                                     if (!may_act()) return true;
                                     MutexLock own(&mutex_);
                                     return stopping_;
                                   });
    Tell(snapshot, step, end);
    MutexLock own(&mutex_);
    child.ended = true;
    if (absl::IsCancelled(end.status)) return;
    child.outcome = end.status.ok() ? kHookOk : absl::StrCat("passed over: ", Why(end));
  });
  return kHookRuns;
}

std::string HookRunner::Run(const Snapshot& snapshot, const RunHook& step,
                            const std::function<bool()>& may_act,
                            const std::function<bool()>& is_moot) {
  const auto found = book_.find(step.hook);
  if (found == book_.end()) {
    HookEnd none;
    none.status = absl::NotFoundError("the hooks file of this controller has no such program");
    Tell(snapshot, step, none);
    return absl::StrCat(IsOver(step) ? "passed over: " : kHookAborted, Why(none));
  }
  const Hook& hook = found->second;
  if (IsOver(step)) return Begin(snapshot, step, hook, may_act);
  const HookEnd end = RunProgram(hook, HookInput(snapshot, step), HookVariables(snapshot, step),
                                 [&] { return !may_act() || is_moot(); });
  Tell(snapshot, step, end);
  if (end.status.ok()) return kHookOk;
  return absl::StrCat(hook.abort_on_failure ? kHookAborted : "passed over: ", Why(end));
}

}  // namespace weft::controller
