#include "services/controller/group_requests.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/rpc/group_settings.h"
#include "services/controller/core/acknowledgers.h"
#include "services/controller/core/durability.h"
#include "services/controller/ports/store_errors.h"
#include "services/controller/ports/with_record.h"
#include "services/controller/raise_acknowledgements.h"
#include "services/controller/setting_rules.h"

namespace weft::controller {
namespace {

constexpr uint32_t kMaxAcknowledgements = 64;
constexpr char kFields[] = "description, durability, acknowledgements, settings.NAME";

bool Names(const std::vector<std::string>& mask, absl::string_view field) {
  return std::find(mask.begin(), mask.end(), field) != mask.end();
}

absl::Status CheckChange(const GroupRequests::Change& change) {
  for (const std::string& field : change.mask) {
    if (field == "description" || field == "durability" || field == "acknowledgements") continue;
    if (change.settings.count(std::string(rpc::SettingOfMask(field))) > 0) continue;
    return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_FIELD_MASK",
                           absl::StrCat("field '", field, "' of a group cannot be changed"),
                           kFields, field,
                           "activate, promote and the like have requests of their own");
  }
  if (!change.mask.empty()) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_FIELD_MASK",
                         "the update names no field", kFields, "an empty field mask",
                         "name the fields to change");
}

absl::Status CheckAcknowledgements(uint32_t count) {
  if (count >= 1 && count <= kMaxAcknowledgements) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_ACKNOWLEDGEMENTS",
                         absl::StrCat("a commit cannot wait for ", count, " acknowledgements"),
                         absl::StrCat("1 to ", kMaxAcknowledgements), absl::StrCat(count),
                         "name the number of replicas that must have a write");
}

// Commits must not come to wait for replicas that the group does not have.
absl::Status CheckEnoughServers(const Group& group) {
  if (group.durability != Durability::kLossless || group.primary.empty()) return absl::OkStatus();
  const auto secondaries =
      std::count_if(group.servers.begin(), group.servers.end(),
                    [](const Server& server) { return server.status == ServerStatus::kSecondary; });
  if (static_cast<size_t>(secondaries) >= group.acknowledgements || group.acknowledgements <= 1) {
    return absl::OkStatus();
  }
  return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "NOT_ENOUGH_ACKNOWLEDGERS",
                         absl::StrCat("commits of group ", group.id, " would wait for ever"),
                         absl::StrCat(group.acknowledgements, " secondaries or more"),
                         absl::StrCat(secondaries, " secondaries"), "add secondaries first");
}

bool ChangesDurability(const GroupRequests::Change& change) {
  return Names(change.mask, "durability") || Names(change.mask, "acknowledgements");
}

absl::Status CheckEtag(const Group& group, const std::string& etag) {
  if (etag.empty() || etag == EtagOf(group)) return absl::OkStatus();
  return ::weft::Refusal(absl::StatusCode::kAborted, "ETAG_MOVED",
                         absl::StrCat("group ", group.id, " has changed meanwhile"), etag,
                         EtagOf(group), "read it again and repeat the request on what it says now");
}

void CopyFields(const GroupRequests::Change& change, Group* group) {
  if (Names(change.mask, "description")) group->description = change.group.description;
  if (Names(change.mask, "durability")) group->durability = change.group.durability;
  if (Names(change.mask, "acknowledgements")) {
    group->acknowledgements = change.group.acknowledgements;
  }
  for (const auto& [name, text] : change.settings) {
    FindGroupSetting(name)->parse(text, &group->settings);
  }
}

}  // namespace

absl::StatusOr<int> PageSize(int asked, int fallback, int most) {
  if (asked >= 0) return asked == 0 ? fallback : std::min(asked, most);
  return ::weft::Refusal(absl::StatusCode::kInvalidArgument, "BAD_PAGE_SIZE",
                         "a page cannot have a negative size", absl::StrCat("0 to ", most),
                         absl::StrCat(asked), "0 takes the default");
}

absl::StatusOr<Server> ServerOfGroup(const Group& group, const std::string& name) {
  WEFT_ASSIGN_OR_RETURN(const ServerReference reference, ServerReferenceOf(name));
  for (const Server& server : group.servers) {
    if (reference.uuid.empty() ? server.address == reference.address
                               : server.uuid == reference.uuid) {
      return server;
    }
  }
  return NotInGroup(name, group.id);
}

absl::StatusOr<Group> GroupRequests::Create(const Group& wanted, const Caller& caller) {
  WEFT_RETURN_IF_ERROR(ValidateGroupId(wanted.id));
  WEFT_RETURN_IF_ERROR(CheckAcknowledgements(wanted.acknowledgements));
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  if (caller.validate_only) {
    const absl::Status known = ports_.store->Load(wanted.id).status();
    if (known.ok()) return GroupExists(wanted.id);
    if (!absl::IsNotFound(known)) return known;
    return wanted;
  }
  WEFT_RETURN_IF_ERROR(
      ports_.ledger->Once(caller, "create", wanted.id, "", [&](bool again) -> absl::Status {
        const absl::Status created = ports_.store->CreateGroup(wanted);
        if (again && absl::IsAlreadyExists(created)) return absl::OkStatus();
        return created;
      }));
  return ports_.reconciler->Refresh(wanted.id);
}

absl::StatusOr<GroupView> GroupRequests::Get(const std::string& group, bool cached) {
  WEFT_RETURN_IF_ERROR(ValidateGroupId(group));
  // A leader goes on until its lease runs out; its next look finds out.
  absl::Status store = ports_.reconciler->CheckLeading();
  if (ErrorReason(store) != "STORE_DOWN") store = absl::OkStatus();
  if (!cached) {
    const auto look = ports_.reconciler->Look(group);
    if (look.ok()) {
      WEFT_ASSIGN_OR_RETURN(Group record, ports_.reconciler->Cached(group));
      // The store may be read and take no writes.
      return GroupView{std::move(record), look->snapshot, look->when, std::string(store.message())};
    }
    if (!absl::IsUnavailable(look.status())) return look.status();
    if (store.ok() && ErrorReason(look.status()) != "GROUP_BUSY") store = look.status();
  }
  WEFT_ASSIGN_OR_RETURN(Group record, ports_.reconciler->Cached(group));
  GroupView view{std::move(record), std::nullopt, absl::InfinitePast()};
  view.store_error = std::string(store.message());
  if (auto last = ports_.reconciler->LastLook(group); last.has_value()) {
    view.looked = last->when;
    view.look = std::move(last->snapshot);
  }
  return view;
}

absl::StatusOr<GroupRequests::Page> GroupRequests::List(int page_size, const std::string& token) {
  WEFT_ASSIGN_OR_RETURN(const int size,
                        PageSize(page_size, options_.default_page_size, options_.max_page_size));
  Page page;
  std::vector<Group> all = ports_.reconciler->CachedAll();
  if (all.empty()) WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  std::sort(all.begin(), all.end(), [](const Group& a, const Group& b) { return a.id < b.id; });
  for (Group& group : all) {
    if (group.id <= token) continue;
    if (static_cast<int>(page.groups.size()) == size) {
      page.next_token = page.groups.back().group.id;
      break;
    }
    Snapshot look;
    if (auto last = ports_.reconciler->LastLook(group.id); last.has_value()) {
      look = std::move(last->snapshot);
    }
    look.group = group;
    page.groups.push_back({std::move(group), EffectiveDurability(look)});
  }
  return page;
}

absl::Status GroupRequests::Write(const Change& change, uint32_t raised_to) {
  return WithRecord(ports_.store, change.group.id, [&](const Group& record) -> absl::Status {
    WEFT_RETURN_IF_ERROR(CheckEtag(record, change.etag));
    Group changed = record;
    CopyFields(change, &changed);
    if (ChangesDurability(change)) WEFT_RETURN_IF_ERROR(CheckEnoughServers(changed));
    if (changed == record) return absl::OkStatus();
    // Somebody has lowered it meanwhile.
    if (changed.acknowledgements > raised_to &&
        RaisesAcknowledgements(record, changed.acknowledgements)) {
      return ::weft::Refusal(absl::StatusCode::kAborted, "ETAG_MOVED",
                             absl::StrCat("group ", record.id, " has changed meanwhile"),
                             "a group whose commits wait for as many already",
                             absl::StrCat(record.acknowledgements), "repeat the request");
    }
    return ports_.store->UpdateGroup(changed);
  });
}

absl::Status GroupRequests::Raise(const Change& change) {
  WEFT_ASSIGN_OR_RETURN(const Group record, ports_.store->Load(change.group.id));
  const uint32_t count = change.group.acknowledgements;
  if (!RaisesAcknowledgements(record, count)) return Write(change);
  if (record.restored) return NotConfirmed(record.id);
  WEFT_RETURN_IF_ERROR(CheckEtag(record, change.etag));
  Change unconditional = change;
  unconditional.etag.clear();
  Group changed = record;
  CopyFields(change, &changed);
  WEFT_RETURN_IF_ERROR(CheckEnoughServers(changed));
  WEFT_RETURN_IF_ERROR(RaiseAcknowledgements(record, count, Reconciler::kExclusiveStep, ports_.farm,
                                             ports_.store, ports_.clock));
  return Write(unconditional, count);
}

absl::Status GroupRequests::WriteOrRaise(const Change& change) {
  const std::string& id = change.group.id;
  WEFT_ASSIGN_OR_RETURN(const Group record, ports_.store->Load(id));
  if (!Names(change.mask, "acknowledgements") ||
      !RaisesAcknowledgements(record, change.group.acknowledgements)) {
    return Write(change);
  }
  // What was read before it was alone counts no more: another request may have raised it further.
  return ports_.reconciler->Exclusively(id, [&] { return Raise(change); });
}

absl::StatusOr<Group> GroupRequests::Update(const Change& change, const Caller& caller) {
  WEFT_RETURN_IF_ERROR(ValidateGroupId(change.group.id));
  WEFT_RETURN_IF_ERROR(CheckSettings(change.settings, options_.hooks));
  WEFT_RETURN_IF_ERROR(CheckChange(change));
  if (Names(change.mask, "acknowledgements")) {
    WEFT_RETURN_IF_ERROR(CheckAcknowledgements(change.group.acknowledgements));
  }
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  if (caller.validate_only) {
    WEFT_ASSIGN_OR_RETURN(Group record, ports_.store->Load(change.group.id));
    WEFT_RETURN_IF_ERROR(CheckEtag(record, change.etag));
    CopyFields(change, &record);
    if (ChangesDurability(change)) WEFT_RETURN_IF_ERROR(CheckEnoughServers(record));
    return record;
  }
  WEFT_RETURN_IF_ERROR(ports_.ledger->Once(caller, "update", change.group.id, "",
                                           [&](bool) { return WriteOrRaise(change); }));
  ports_.reconciler->Wake(change.group.id);
  return ports_.reconciler->Refresh(change.group.id);
}

absl::Status GroupRequests::Destroy(const std::string& group, bool force, const std::string& etag,
                                    const Caller& caller) {
  WEFT_RETURN_IF_ERROR(ValidateGroupId(group));
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  const auto check = [&](const Group& record) -> absl::Status {
    WEFT_RETURN_IF_ERROR(CheckEtag(record, etag));
    if (!record.servers.empty() && !force) return GroupNotEmpty(group, record.servers.size());
    if (record.intent.goal != Goal::kKeep) return IntentPending(group, record.intent.operation);
    return absl::OkStatus();
  };
  if (caller.validate_only) {
    WEFT_ASSIGN_OR_RETURN(const Group record, ports_.store->Load(group));
    return check(record);
  }
  const auto destroy = [&](const Group& record) -> absl::Status {
    WEFT_RETURN_IF_ERROR(check(record));
    uint64_t revision = record.revision;
    for (const Server& server : record.servers) {
      WEFT_RETURN_IF_ERROR(ports_.store->RemoveServer(group, revision++, server.uuid));
      ports_.farm->Forget(server.address);
    }
    return ports_.store->DestroyGroup(group, revision);
  };
  WEFT_RETURN_IF_ERROR(
      ports_.ledger->Once(caller, "destroy", group, "", [&](bool again) -> absl::Status {
        // Nothing may be done to its servers between the first and the last of these writes.
        const absl::Status status = ports_.reconciler->Exclusively(
            group, [&] { return WithRecord(ports_.store, group, destroy); });
        return again && absl::IsNotFound(status) ? absl::OkStatus() : status;
      }));
  const absl::Status gone = ports_.reconciler->Refresh(group).status();
  return absl::IsNotFound(gone) ? absl::OkStatus() : gone;
}

absl::StatusOr<Group> GroupRequests::SetActive(const std::string& group, bool active,
                                               const Caller& caller) {
  WEFT_RETURN_IF_ERROR(ValidateGroupId(group));
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  if (caller.validate_only) {
    WEFT_ASSIGN_OR_RETURN(Group record, ports_.store->Load(group));
    record.active = active;
    return record;
  }
  WEFT_RETURN_IF_ERROR(ports_.ledger->Once(
      caller, active ? "activate" : "deactivate", group, "", [&](bool) -> absl::Status {
        return WithRecord(ports_.store, group, [&](const Group& record) -> absl::Status {
          if (record.active == active) return absl::OkStatus();
          Group changed = record;
          changed.active = active;
          return ports_.store->UpdateGroup(changed);
        });
      }));
  absl::StatusOr<Group> record = ports_.reconciler->Refresh(group);
  ports_.reconciler->Wake(group);
  return record;
}

absl::StatusOr<Group> GroupRequests::Expect(const Order& order) {
  WEFT_RETURN_IF_ERROR(ValidateGroupId(order.group));
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  WEFT_ASSIGN_OR_RETURN(Group record, ports_.reconciler->Refresh(order.group));
  WEFT_RETURN_IF_ERROR(Compare(order, record));
  return record;
}

absl::Status GroupRequests::Compare(const Order& order, const Group& record) {
  if (!order.expected_primary.empty()) {
    WEFT_ASSIGN_OR_RETURN(const ServerReference expected,
                          ServerReferenceOf(order.expected_primary));
    const Server* const primary = record.Find(record.primary);
    const bool holds =
        primary != nullptr && (expected.uuid.empty() ? primary->address == expected.address
                                                     : primary->uuid == expected.uuid);
    if (!holds) {
      return ::weft::Refusal(
          absl::StatusCode::kAborted, "PRIMARY_MOVED",
          absl::StrCat("group ", order.group, " has another primary"), order.expected_primary,
          primary == nullptr ? "no primary" : ServerName(primary->uuid), "look at the group again");
    }
  }
  if (order.expected_epoch != 0 && order.expected_epoch != record.epoch) {
    return EpochMoved(order.group, order.expected_epoch, record.epoch);
  }
  return absl::OkStatus();
}

absl::StatusOr<GroupRequests::Outcome> GroupRequests::Begin(const Order& order,
                                                            absl::string_view kind,
                                                            const Intent& intent,
                                                            const Caller& caller) {
  Outcome outcome;
  if (caller.validate_only) {
    WEFT_ASSIGN_OR_RETURN(outcome.foreseen, ports_.reconciler->Foresee(order.group, intent));
    WEFT_ASSIGN_OR_RETURN(outcome.group, ports_.reconciler->Cached(order.group));
    return outcome;
  }
  const Operation operation = ports_.ledger->New(caller, kind, order.group, intent.target.text());
  absl::StatusOr<Operation> begun =
      ports_.reconciler->Request(order.group, intent, operation,
                                 [&order](const Group& record) { return Compare(order, record); });
  if (!IsRequestKnown(begun.status())) ports_.ledger->Tell(operation, begun.status());
  if (IsRequestKnown(begun.status())) {
    WEFT_ASSIGN_OR_RETURN(outcome.operation, ports_.ledger->Earlier(caller, kind, order.group));
    return outcome;
  }
  if (!begun.ok()) return begun.status();
  outcome.operation = *std::move(begun);
  return outcome;
}

absl::StatusOr<GroupRequests::Outcome> GroupRequests::Promote(const Order& order,
                                                              const Caller& caller) {
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  WEFT_ASSIGN_OR_RETURN(const auto earlier, ports_.ledger->Earlier(caller, "promote", order.group));
  if (earlier.has_value()) return Outcome{earlier, {}};
  WEFT_ASSIGN_OR_RETURN(const Group record, Expect(order));
  Intent intent;
  intent.goal = Goal::kPromote;
  intent.write_stop_budget = order.write_stop_budget > absl::ZeroDuration()
                                 ? order.write_stop_budget
                                 : options_.default_write_stop_budget;
  if (!order.server.empty()) {
    WEFT_ASSIGN_OR_RETURN(const Server target, ServerOfGroup(record, order.server));
    intent.target = target.uuid;
    if (target.uuid == record.primary) {
      return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "ALREADY_PRIMARY",
                             absl::StrCat(target.address.ToString(), " is the primary already"),
                             "another server of the group", target.address.ToString(),
                             "nothing needs to be done");
    }
  }
  return Begin(order, "promote", intent, caller);
}

absl::StatusOr<GroupRequests::Outcome> GroupRequests::Demote(const Order& order,
                                                             const Caller& caller) {
  WEFT_RETURN_IF_ERROR(ports_.reconciler->CheckLeading());
  WEFT_ASSIGN_OR_RETURN(const auto earlier, ports_.ledger->Earlier(caller, "demote", order.group));
  if (earlier.has_value()) return Outcome{earlier, {}};
  WEFT_ASSIGN_OR_RETURN(const Group record, Expect(order));
  if (record.primary.empty()) {
    return ::weft::Refusal(absl::StatusCode::kFailedPrecondition, "NO_PRIMARY",
                           absl::StrCat("group ", order.group, " has no primary"), "a primary",
                           "none", "nothing needs to be done");
  }
  Intent intent;
  intent.goal = Goal::kDemote;
  return Begin(order, "demote", intent, caller);
}

}  // namespace weft::controller
