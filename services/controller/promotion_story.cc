#include "services/controller/promotion_story.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "services/controller/core/durability.h"

namespace weft::controller {
namespace {

using nlohmann::json;

double Milliseconds(absl::Duration duration) {
  return static_cast<double>(absl::ToInt64Microseconds(duration)) / 1000;
}

ServerUuid UuidOf(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return ServerUuid::Parse(found->get<std::string>()).value_or(ServerUuid());
}

bool Done(const StepResult& result) { return result.status.ok(); }

}  // namespace

std::string PromotionFigures::ToJson() const {
  json object;
  object["old_primary"] = old_primary.text();
  object["new_primary"] = new_primary.text();
  object["failover"] = failover;
  if (!durability.empty()) object["durability"] = durability;
  if (detection.has_value()) object["detection_ms"] = Milliseconds(*detection);
  if (promotion.has_value()) object["promotion_ms"] = Milliseconds(*promotion);
  if (write_stop.has_value()) object["write_stop_ms"] = Milliseconds(*write_stop);
  if (lost_is_exact) {
    object["lost_transactions"] = lost;
  } else {
    object["lost_transactions"] = absl::StrCat("unknown, at least ", lost);
  }
  if (!fenced_by.empty()) object["fenced_by"] = fenced_by;
  object["candidates"] = json::array();
  for (const ServerUuid& candidate : candidates) object["candidates"].push_back(candidate.text());
  return object.dump();
}

std::optional<PromotionFigures> PromotionFigures::FromJson(const std::string& text) {
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || object.find("lost_transactions") == object.end()) return std::nullopt;
  PromotionFigures figures;
  figures.old_primary = UuidOf(object, "old_primary");
  figures.new_primary = UuidOf(object, "new_primary");
  figures.failover = object.value("failover", false);
  figures.durability = object.value("durability", "");
  figures.fenced_by = object.value("fenced_by", "");
  const json& lost = object["lost_transactions"];
  figures.lost_is_exact = lost.is_number_unsigned();
  if (figures.lost_is_exact) figures.lost = lost.get<uint64_t>();
  const auto read = [&object](const char* key, std::optional<absl::Duration>* into) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_number()) {
      *into = absl::Milliseconds(found->get<double>());
    }
  };
  read("detection_ms", &figures.detection);
  read("promotion_ms", &figures.promotion);
  read("write_stop_ms", &figures.write_stop);
  for (const json& candidate : object.value("candidates", json::array())) {
    if (!candidate.is_string()) continue;
    if (auto uuid = ServerUuid::Parse(candidate.get<std::string>()); uuid.ok()) {
      figures.candidates.push_back(*uuid);
    }
  }
  return figures;
}

void PromotionStory::Suspect(absl::Duration now) {
  if (operation_.empty() && !suspected_.has_value()) suspected_ = now;
}

void PromotionStory::Take(const Round& round, absl::Duration now) {
  if (!round.snapshot.has_value()) return;
  const Snapshot& look = *round.snapshot;
  TakeLook(look, now);
  const bool begins = round.began.has_value() || look.group.intent.goal == Goal::kPromote;
  if (begins && operation_.empty()) Begin(look, now);
  if (round.began.has_value()) {
    operation_ = round.began->id;
    figures_.failover = true;
    figures_.detection = now - suspected_.value_or(began_);
  } else if (look.group.intent.goal == Goal::kPromote) {
    operation_ = look.group.intent.operation;
    figures_.failover |= look.group.intent.failover;
  }
  if (operation_.empty()) return;
  for (const StepResult& result : round.results) TakeStep(look, result, now);
  if (round.ended.has_value()) {
    operation_.clear();
    suspected_.reset();
    stopped_.reset();
  }
}

void PromotionStory::TakeLook(const Snapshot& look, absl::Duration now) {
  if (!operation_.empty() || look.group.intent.goal != Goal::kKeep) return;
  if (look.group.primary != primary_) {
    primary_ = look.group.primary;
    executed_ = GtidSet();
    durability_.clear();
    lossless_ = false;
    suspected_.reset();
  }
  if (primary_.empty()) return;
  const Observation& primary = look.Of(primary_);
  if (primary.reached()) {
    executed_ = primary.executed;
    durability_ = EffectiveDurability(look);
    lossless_ = durability_ == ToString(Durability::kLossless);
    suspected_.reset();
  } else {
    Suspect(now - primary.silent_for);
  }
}

void PromotionStory::Begin(const Snapshot& look, absl::Duration now) {
  began_ = now;
  figures_ = PromotionFigures();
  figures_.old_primary = look.group.primary;
  figures_.durability = durability_;
  if (!look.group.primary.empty() && !look.Of(look.group.primary).reached()) {
    stopped_ = suspected_.value_or(now);
  }
}

void PromotionStory::TakeStep(const Snapshot& look, const StepResult& result, absl::Duration now) {
  if (!Done(result)) return;
  if (const auto* fence = std::get_if<Fence>(&result.step);
      fence != nullptr && fence->server == figures_.old_primary && !stopped_.has_value()) {
    stopped_ = now - result.took;
  }
  if (const auto* commit = std::get_if<Commit>(&result.step)) {
    figures_.new_primary = commit->primary;
    const HookRecord& hooks = look.group.hooks;
    const auto fence = hooks.outcomes.find("fence");
    if (hooks.operation == operation_ && fence != hooks.outcomes.end() &&
        fence->second == kHookOk) {
      figures_.fenced_by = look.group.settings.fence;
    }
    figures_.candidates.clear();
    for (const Server& server : look.group.servers) {
      if (server.uuid != figures_.old_primary && server.set_aside.empty() &&
          look.Of(server.uuid).reached()) {
        figures_.candidates.push_back(server.uuid);
      }
    }
    const Observation& old = look.Of(figures_.old_primary);
    const bool read = figures_.old_primary.empty() || old.reached();
    const GtidSet& known = old.reached() ? old.executed : executed_;
    figures_.lost_is_exact = read || lossless_;
    // Under lossless what only the old primary had was never acknowledged (rule 1).
    figures_.lost = lossless_ && !read ? 0 : known.Minus(commit->watermark).Count();
  }
  if (const auto* unfence = std::get_if<Unfence>(&result.step);
      unfence != nullptr && unfence->server == figures_.new_primary) {
    figures_.promotion = now - began_;
    if (stopped_.has_value()) figures_.write_stop = now - *stopped_;
  }
}

}  // namespace weft::controller
