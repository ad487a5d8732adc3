#include "services/controller/chronicle.h"

#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/error_details.h"
#include "services/controller/core/facts.h"
#include "services/controller/core/finding.h"
#include "services/controller/core/verdict.h"
#include "services/controller/with_addresses.h"

namespace weft::controller {
namespace {

constexpr char kDecision[] = "decision";
constexpr char kRefusal[] = "refusal";
constexpr char kFinding[] = "finding";
constexpr char kChange[] = "change";

// The text without its figures: what stays the same while ages and counts grow.
std::string Shape(const std::string& text) {
  std::string shape;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) shape.push_back(c);
  }
  return shape;
}

std::string ForPeople(const Round& round, const std::string& text) {
  return round.snapshot.has_value() ? WithAddresses(text, round.snapshot->group) : text;
}

}  // namespace

Event Chronicle::NewEvent(const Round& round, std::string kind, std::string text) const {
  Event event;
  event.group = group_;
  event.kind = std::move(kind);
  event.text = std::move(text);
  if (round.began.has_value()) {
    event.operation = round.began->id;
  } else if (round.ended.has_value()) {
    event.operation = round.ended->id;
  } else if (round.snapshot.has_value()) {
    event.operation = round.snapshot->group.intent.operation;
  }
  return event;
}

void Chronicle::Take(const Round& round) {
  if (round.snapshot.has_value()) {
    // What is found in the middle of a change is that change.
    if (round.end != RoundEnd::kActed) TakeFindings(*round.snapshot);
    TakeVerdict(*round.snapshot);
  }
  TakePlan(round);
  TakeFailures(round);
}

void Chronicle::TakeFindings(const Snapshot& look) {
  std::map<std::string, std::string> now;
  for (const Finding& finding : Find(look)) {
    const std::string key = absl::StrCat(finding.code, "/", finding.server.text());
    std::string text =
        absl::StrCat(finding.code, finding.muted ? " (muted): " : ": ", finding.message);
    if (!finding.next_step.empty()) absl::StrAppend(&text, "; to do: ", finding.next_step);
    now[key] = text;
    if (findings_.count(key) > 0) continue;
    Event event;
    event.group = group_;
    event.server = finding.server.text();
    event.kind = kFinding;
    event.text = std::move(text);
    journal_->Append(std::move(event));
  }
  for (const auto& [key, text] : findings_) {
    if (now.count(key) > 0) continue;
    Event event;
    event.group = group_;
    event.server = key.substr(key.find('/') + 1);
    event.kind = kFinding;
    event.text = absl::StrCat("over: ", text);
    journal_->Append(std::move(event));
  }
  findings_ = std::move(now);
}

void Chronicle::TakeVerdict(const Snapshot& look) {
  const Verdict verdict = Judge(look, look.group.active);
  if (verdict.state == PrimaryState::kNone) return;
  std::string state = "alive", text = "the primary is alive";
  if (verdict.state == PrimaryState::kUncertain) {
    state = "uncertain";
    text = absl::StrCat("primary ", NameOf(look.group, look.group.primary),
                        " is not judged dead, nothing is done: ", verdict.evidence);
  } else if (verdict.state == PrimaryState::kDead) {
    state = "dead";
    text = absl::StrCat("primary ", NameOf(look.group, look.group.primary),
                        " is judged dead: ", verdict.evidence);
  }
  if (!began_ && state == "alive") {
    began_ = true;
    return;
  }
  began_ = true;
  Event event;
  event.group = group_;
  event.server = look.group.primary.text();
  event.operation = look.group.intent.operation;
  event.kind = kDecision;
  event.text = std::move(text);
  // Which state follows which matters, and of an uncertain one also why.
  if (state == "uncertain") state = Shape(event.text);
  journal_->AppendChange("verdict", state, std::move(event));
}

void Chronicle::TakePlan(const Round& round) {
  const Plan& plan = round.plan;
  switch (round.end) {
    case RoundEnd::kSettled:
      journal_->AppendChange("plan", "settled", NewEvent(round, kDecision, "the group is settled"));
      break;
    case RoundEnd::kRefused: {
      if (!plan.refusal.has_value()) break;
      const Refusal& refusal = *plan.refusal;
      std::string text = absl::StrCat(refusal.reason, ": ", refusal.message);
      if (!refusal.next_step.empty()) absl::StrAppend(&text, "; to do: ", refusal.next_step);
      std::string state = absl::StrCat("refused ", refusal.reason);
      for (const ServerUuid& server : refusal.servers) absl::StrAppend(&state, " ", server.text());
      journal_->AppendChange("plan", state, NewEvent(round, kRefusal, std::move(text)));
      break;
    }
    case RoundEnd::kWaiting:
      journal_->AppendChange("plan", absl::StrCat("waiting ", Shape(plan.waiting_for)),
                             NewEvent(round, kDecision, absl::StrCat("waits: ", plan.waiting_for)));
      break;
    case RoundEnd::kActed:
    case RoundEnd::kFailed: {
      if (plan.steps.empty()) break;
      const std::string text = absl::StrCat(
          plan.phase, ": ", absl::StrJoin(plan.steps, "; ", [](std::string* out, const Step& step) {
            absl::StrAppend(out, ToString(step));
          }));
      // Two steps of one kind differ by their uuids, while addresses may differ by figures alone.
      journal_->AppendChange("plan", Shape(text),
                             NewEvent(round, kDecision, ForPeople(round, text)));
      break;
    }
  }
  if (round.ended.has_value()) {
    journal_->Append(NewEvent(round, kChange,
                              absl::StrCat("operation ", round.ended->kind, " has ",
                                           absl::AsciiStrToLower(ToString(round.ended->state)))));
  }
}

void Chronicle::TakeFailures(const Round& round) {
  if (round.end != RoundEnd::kFailed) {
    if (round.end == RoundEnd::kActed || round.end == RoundEnd::kSettled) failed_ = false;
    if (!failed_) journal_->ForgetKey(group_, "failure");
    return;
  }
  failed_ = true;
  std::vector<std::string> failures, shapes;
  for (const StepResult& result : round.results) {
    if (result.status.ok()) continue;
    failures.push_back(absl::StrCat(ToString(result.step), ": ", DescribeError(result.status)));
    shapes.push_back(absl::StrCat(ToString(result.step), ErrorReason(result.status)));
  }
  if (failures.empty() && !round.status.ok()) {
    failures.push_back(DescribeError(round.status));
    shapes.push_back(
        absl::StrCat(absl::StatusCodeToString(round.status.code()), ErrorReason(round.status)));
  }
  journal_->AppendChange("failure", Shape(absl::StrJoin(shapes, "|")),
                         NewEvent(round, kDecision,
                                  ForPeople(round, absl::StrCat("failed, tried again: ",
                                                                absl::StrJoin(failures, "; ")))));
}

}  // namespace weft::controller
