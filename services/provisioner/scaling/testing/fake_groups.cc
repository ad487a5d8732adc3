#include "services/provisioner/scaling/testing/fake_groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/error_details.h"
#include "common/base/random.h"
#include "common/base/status_macros.h"

namespace weft::provisioner {
namespace {

GtidSet Written(uint64_t number) {
  return *GtidSet::Parse(absl::StrCat("00000000-0000-0000-0000-000000000001:1-", number));
}

}  // namespace

ServerUuid FakeGroups::Uuid(int number) {
  return *ServerUuid::Parse(absl::StrFormat("00000000-0000-0000-0000-%012d", number));
}

void FakeGroups::Put(int number, ServerStatus status, double weight) {
  MemberView member;
  member.server.uuid = Uuid(number);
  member.server.address = {"db", static_cast<uint16_t>(3300 + number)};
  member.server.group = "g";
  member.server.status = status;
  member.server.mode = DefaultMode(status);
  member.server.weight = weight;
  member.healthy = status != ServerStatus::kFaulty;
  MutexLock lock(&mutex_);
  members_.push_back(std::move(member));
}

void FakeGroups::Edit(int number, const std::function<void(MemberView*)>& edit) {
  MutexLock lock(&mutex_);
  edit(Find(Uuid(number)));
}

std::vector<std::string> FakeGroups::Members() const {
  MutexLock lock(&mutex_);
  std::vector<std::string> texts;
  for (const MemberView& member : members_) {
    const Server& server = member.server;
    texts.push_back(absl::StrCat(server.address.ToString(), " ", ToString(server.status), " ",
                                 ToString(server.mode), " ", server.weight));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::vector<std::string> FakeGroups::Done() const {
  MutexLock lock(&mutex_);
  return done_;
}

void FakeGroups::Fail(const std::string& call, const absl::Status& error) {
  MutexLock lock(&mutex_);
  errors_[call] = error;
}

void FakeGroups::SetLagging(bool lagging) {
  MutexLock lock(&mutex_);
  lagging_ = lagging;
}

void FakeGroups::SetAddFails(const std::string& reason) {
  MutexLock lock(&mutex_);
  add_fails_ = reason;
}

absl::Status FakeGroups::ErrorOf(const std::string& call) const {
  const auto found = errors_.find(call);
  return found == errors_.end() ? absl::OkStatus() : found->second;
}

MemberView* FakeGroups::Find(const ServerUuid& server) {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const MemberView& one) { return one.server.uuid == server; });
  return found == members_.end() ? nullptr : &*found;
}

std::string FakeGroups::Ended(const char* kind, const std::string& reason) {
  Job job;
  job.id = RandomUuid();
  job.request_id = RandomUuid();
  job.kind = kind;
  job.holder = "controllers";
  EXPECT_TRUE(inventory_->BeginJob(job).ok());
  job.state = reason.empty() ? JobState::kSucceeded : JobState::kFailed;
  job.error_reason = reason;
  EXPECT_TRUE(inventory_->ReportJob(job).ok());
  return job.id;
}

absl::StatusOr<GroupView> FakeGroups::LookNow() {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(ErrorOf("look"));
  GroupView view;
  ++written_;
  for (MemberView& member : members_) {
    const bool is_primary = member.server.status == ServerStatus::kPrimary;
    const bool lags = lagging_ && member.server.status == ServerStatus::kSpare;
    member.executed = Written(is_primary ? written_ : lags ? 1 : written_ - 1);
    if (member.server.status == ServerStatus::kSecondary) {
      view.acknowledgers.insert(member.server.uuid);
    }
  }
  view.members = members_;
  return view;
}

absl::StatusOr<GroupEditor::Begun> FakeGroups::AddNow(const HostPort& address, const Place& place,
                                                      const By& by) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(ErrorOf("add"));
  if (const auto earlier = ledger_.find(by.request_id); earlier != ledger_.end()) {
    return earlier->second;
  }
  MemberView member;
  member.server.uuid = Uuid(address.port);
  member.server.address = address;
  member.server.zone = place.zone;
  member.server.promotion_rule = place.promotion_rule;
  member.server.status = ServerStatus::kSpare;
  member.server.mode = ServerMode::kOffline;
  member.server.weight = 0;
  member.healthy = true;
  done_.push_back(absl::StrCat("add ", address.ToString()));
  ledger_[by.request_id] = {member.server.uuid, Ended("add", add_fails_)};
  members_.push_back(std::move(member));
  return ledger_[by.request_id];
}

absl::StatusOr<GroupEditor::Begun> FakeGroups::RemoveNow(const ServerUuid& server, const By& by) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(ErrorOf("remove"));
  if (const auto earlier = ledger_.find(by.request_id); earlier != ledger_.end()) {
    return earlier->second;
  }
  const MemberView* const member = Find(server);
  if (member == nullptr) return absl::NotFoundError("no such member");
  done_.push_back(absl::StrCat("remove ", member->server.address.ToString()));
  std::erase_if(members_, [&](const MemberView& one) { return one.server.uuid == server; });
  ledger_[by.request_id] = {server, Ended("remove", "")};
  return ledger_[by.request_id];
}

absl::Status FakeGroups::UpdateNow(const ServerUuid& server, const Change& change, const By& by) {
  MutexLock lock(&mutex_);
  WEFT_RETURN_IF_ERROR(ErrorOf("update"));
  MemberView* const member = Find(server);
  if (member == nullptr) return absl::NotFoundError("no such member");
  if (!ledger_.try_emplace(by.request_id).second) return absl::OkStatus();
  std::string text = absl::StrCat("update ", member->server.address.ToString());
  if (change.status.has_value()) {
    if (!IsLegalTransition(member->server.status, *change.status)) {
      return absl::FailedPreconditionError("an illegal transition");
    }
    member->server.status = *change.status;
    member->server.mode = DefaultMode(*change.status);
    absl::StrAppend(&text, " ", ToString(*change.status));
  }
  if (change.mode.has_value()) {
    if (!IsLegalMode(member->server.status, *change.mode)) {
      return absl::FailedPreconditionError("an illegal mode");
    }
    member->server.mode = *change.mode;
    absl::StrAppend(&text, " ", ToString(*change.mode));
  }
  if (change.weight.has_value()) {
    member->server.weight = *change.weight;
    absl::StrAppend(&text, " ", *change.weight);
  }
  done_.push_back(std::move(text));
  return absl::OkStatus();
}

absl::StatusOr<GroupView> FakeGroups::Look(const std::string& group) {
  if (gate) WEFT_RETURN_IF_ERROR(gate());
  if (group != "g") {
    return Refusal(absl::StatusCode::kNotFound, "UNKNOWN_GROUP", "there is no such group");
  }
  return LookNow();
}

absl::StatusOr<GroupEditor::Begun> FakeGroups::Add(const std::string&, const HostPort& address,
                                                   const Place& place, const By& by) {
  if (gate) WEFT_RETURN_IF_ERROR(gate());
  absl::StatusOr<Begun> begun = AddNow(address, place, by);
  if (gate) WEFT_RETURN_IF_ERROR(gate());
  return begun;
}

absl::StatusOr<GroupEditor::Begun> FakeGroups::Remove(const std::string&, const ServerUuid& server,
                                                      const By& by) {
  if (gate) WEFT_RETURN_IF_ERROR(gate());
  absl::StatusOr<Begun> begun = RemoveNow(server, by);
  if (gate) WEFT_RETURN_IF_ERROR(gate());
  return begun;
}

absl::Status FakeGroups::Update(const ServerUuid& server, const Change& change, const By& by) {
  if (gate) WEFT_RETURN_IF_ERROR(gate());
  const absl::Status updated = UpdateNow(server, change, by);
  if (gate) WEFT_RETURN_IF_ERROR(gate());
  return updated;
}

absl::Status FakeGroups::Cancel(const std::string& operation, const std::string&) {
  inventory_->RequestCancel(operation);
  return absl::OkStatus();
}

}  // namespace weft::provisioner
