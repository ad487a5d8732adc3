#include "services/provisioner/scaling/wish.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/error_details.h"
#include "services/provisioner/http/json.h"
#include "services/provisioner/order_json.h"

namespace weft::provisioner {
namespace {

using nlohmann::json;

constexpr char kKept[] = "what the operation keeps";

json StepToJson(const ScalingStep& step) {
  json value = {{"provider", step.provider}, {"reason", step.reason}};
  if (step.kind == ScalingStep::Kind::kAdd) {
    value["add"] = {{"weight", step.weight},
                    {"zone", step.zone},
                    {"promotion_rule", std::string(ToString(step.promotion_rule))}};
  } else {
    value["remove"] = {{"server", step.server.text()},
                       {"address", step.address.ToString()},
                       {"machine", step.machine},
                       {"destroys_machine", step.destroys_machine}};
  }
  return value;
}

ScalingStep StepFromJson(const json& value) {
  ScalingStep step;
  value.at("provider").get_to(step.provider);
  value.at("reason").get_to(step.reason);
  if (value.contains("add")) {
    const json& addition = value.at("add");
    addition.at("weight").get_to(step.weight);
    addition.at("zone").get_to(step.zone);
    step.promotion_rule =
        ParsePromotionRule(addition.value("promotion_rule", "")).value_or(PromotionRule::kNeutral);
    return step;
  }
  const json& removal = value.at("remove");
  step.kind = ScalingStep::Kind::kRemove;
  step.server = ServerUuid::Parse(removal.at("server").get<std::string>()).value_or(ServerUuid());
  step.address = HostPort::Parse(removal.at("address").get<std::string>()).value_or(HostPort());
  removal.at("machine").get_to(step.machine);
  removal.at("destroys_machine").get_to(step.destroys_machine);
  return step;
}

json ServerToJson(const ScaledServer& server) {
  return {{"server", server.server}, {"address", server.address}, {"machine", server.machine}};
}

}  // namespace

std::string ToJson(const ScalingWish& wish) {
  json steps = json::array();
  for (const ScalingStep& step : wish.steps) steps.push_back(StepToJson(step));
  json value = {{"steps", std::move(steps)},
                {"like", OrderToJson(wish.like)},
                {"reach_timeout_ms", absl::ToInt64Milliseconds(wish.reach_timeout)},
                {"catch_up_timeout_ms", absl::ToInt64Milliseconds(wish.catch_up_timeout)},
                {"drain_timeout_ms", absl::ToInt64Milliseconds(wish.drain_timeout)},
                {"asked_ms", absl::ToUnixMillis(wish.asked)}};
  if (wish.servers.has_value()) value["servers"] = *wish.servers;
  return Written(value);
}

absl::StatusOr<ScalingWish> ParseScalingWish(const std::string& text) {
  return ReadKept<ScalingWish>(kKept, text, [](const json& value) {
    const auto duration = [&](const char* key) {
      return absl::Milliseconds(value.at(key).get<int64_t>());
    };
    ScalingWish wish;
    if (value.contains("servers")) wish.servers = value.at("servers").get<int>();
    for (const json& step : value.at("steps")) wish.steps.push_back(StepFromJson(step));
    if (value.contains("like")) {
      wish.like = OrderFromJson(value.at("like"));
    } else {
      // As releases wrote it that knew no more of machines.
      value.at("image").get_to(wish.like.image);
      value.at("flavor").get_to(wish.like.flavor);
    }
    wish.reach_timeout = duration("reach_timeout_ms");
    wish.catch_up_timeout = duration("catch_up_timeout_ms");
    wish.drain_timeout = duration("drain_timeout_ms");
    wish.asked = absl::FromUnixMillis(value.at("asked_ms").get<int64_t>());
    return wish;
  });
}

std::string ToJson(const ScalingNotes& notes) {
  json value = {{"joining", notes.joining}, {"draining", notes.draining}, {"kept", notes.kept}};
  if (notes.given_up.has_value()) {
    value["given_up"] = {{"code", notes.given_up->raw_code()},
                         {"reason", ErrorReason(*notes.given_up)},
                         {"message", DescribeError(*notes.given_up)}};
  }
  return Written(value);
}

absl::StatusOr<ScalingNotes> ParseScalingNotes(const std::string& text) {
  if (text.empty()) return ScalingNotes();
  return ReadKept<ScalingNotes>(kKept, text, [](const json& value) {
    ScalingNotes notes;
    value.at("joining").get_to(notes.joining);
    value.at("draining").get_to(notes.draining);
    if (value.contains("kept")) value.at("kept").get_to(notes.kept);  // older releases knew none
    if (value.contains("given_up")) {
      const json& why = value.at("given_up");
      notes.given_up =
          Refusal(static_cast<absl::StatusCode>(why.at("code").get<int>()),
                  why.at("reason").get<std::string>(), why.at("message").get<std::string>());
    }
    return notes;
  });
}

std::string ScalingResult(const std::vector<ScaledServer>& added,
                          const std::vector<ScaledServer>& removed, absl::Duration took) {
  json result = {{"added", json::array()},
                 {"removed", json::array()},
                 {"seconds", absl::ToDoubleSeconds(absl::Trunc(took, absl::Milliseconds(1)))}};
  for (const ScaledServer& server : added) result["added"].push_back(ServerToJson(server));
  for (const ScaledServer& server : removed) {
    json value = ServerToJson(server);
    value["machine_destroyed"] = server.machine_destroyed;
    result["removed"].push_back(std::move(value));
  }
  return Written(result);
}

}  // namespace weft::provisioner
