#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/rpc/model.h"
#include "services/cli/views.h"

namespace weft::cli {
namespace {

std::string AgoText(bool has, const google::protobuf::Timestamp& timestamp, const View& view) {
  return has ? absl::StrCat(Age(view.now - rpc::FromProto(timestamp)), " ago") : "";
}

Cell StateCell(const v1::Operation& operation) {
  switch (operation.state()) {
    case v1::Operation::SUCCEEDED:
      return Cell("succeeded", Tone::kGood);
    case v1::Operation::FAILED:
      return Cell("failed", Tone::kBad);
    case v1::Operation::CANCELLED:
      return Cell("cancelled", Tone::kWarning);
    case v1::Operation::RUNNING:
      return Cell(operation.cancel_requested() ? "cancelling" : "running", Tone::kStrong);
    default:
      return Cell();
  }
}

std::string PercentText(const v1::Operation& operation) {
  return absl::StrFormat("%.0f%%", operation.progress() * 100);
}

Tone ToneOf(v1::Finding::Severity severity) {
  return severity == v1::Finding::CRITICAL  ? Tone::kBad
         : severity == v1::Finding::WARNING ? Tone::kWarning
                                            : Tone::kFaint;
}

// "added": [{"address": "a:1"}, {"address": "a:2"}] -> "added a:1 a:2"; "" where none has one.
std::string ServersPhrase(const std::string& name, const nlohmann::ordered_json& list) {
  std::string phrase;
  for (const auto& entry : list) {
    if (!entry.is_object() || !entry.contains("address") || !entry["address"].is_string()) continue;
    absl::StrAppend(&phrase, phrase.empty() ? name : "", " ", entry["address"].get<std::string>());
  }
  return phrase;
}

// "write_stop_ms": 43 -> "write stop 43 ms".
std::string FigurePhrase(const std::string& name, const nlohmann::ordered_json& value) {
  if (name == "seconds" && value.is_number()) {
    return absl::StrCat("took ", Age(absl::Seconds(value.get<double>())));
  }
  absl::string_view stem = name;
  const std::string unit = absl::ConsumeSuffix(&stem, "_ms") && value.is_number() ? " ms" : "";
  std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    shown = absl::StrFormat("%.*f", std::abs(number) < 10 ? 1 : 0, number);
  }
  return absl::StrCat(absl::StrReplaceAll(stem, {{"_", " "}}), " ", shown, unit);
}

}  // namespace

std::string ResultPhrase(const v1::Operation& operation) {
  // Until then they are those of its phase, which says them itself.
  if (operation.state() == v1::Operation::RUNNING) return "";
  const auto result = nlohmann::ordered_json::parse(operation.result_json(), nullptr, false);
  if (!result.is_object()) return "";
  std::vector<std::string> phrases;
  for (const auto& [name, value] : result.items()) {
    std::string phrase;
    if (value.is_array()) {
      phrase = ServersPhrase(name, value);
    } else if (value.is_primitive() && !value.is_null() && value != "" && value != false) {
      phrase = FigurePhrase(name, value);
    }
    if (!phrase.empty()) phrases.push_back(std::move(phrase));
  }
  return Printable(absl::StrJoin(phrases, ", "));
}

std::string OperationsTable(const std::vector<v1::Operation>& operations, const View& view) {
  Table table({"OPERATION", "KIND", "GROUP", "SERVER", "STATE", "DONE", "PHASE", "BEGAN", "USER"});
  table.AlignRight(5).DropEmpty(3).DropEmpty(8);
  for (const v1::Operation& operation : operations) {
    table.Add({ShortName(operation.name()), operation.kind(), ShortName(operation.group()),
               ShortName(operation.server()), StateCell(operation), PercentText(operation),
               operation.phase(),
               AgoText(operation.has_create_time(), operation.create_time(), view),
               operation.user()});
  }
  return table.Render(view.style);
}

std::string OperationText(const v1::Operation& operation, const View& view) {
  Fields fields;
  fields.Add("operation", Cell(ShortName(operation.name()), Tone::kStrong));
  fields.Add("kind", operation.kind());
  fields.Add("group", ShortName(operation.group()));
  fields.Add("server", ShortName(operation.server()));
  fields.Add("state", StateCell(operation));
  fields.Add("done", PercentText(operation));
  fields.Add("phase", operation.phase());
  fields.Add("error", Cell(operation.error_message(), Tone::kBad));
  fields.Add("reason", operation.error_reason());
  fields.Add("result", ResultPhrase(operation));
  fields.Add("user", operation.user());
  fields.Add("began", AgoText(operation.has_create_time(), operation.create_time(), view));
  fields.Add("changed", AgoText(operation.has_update_time(), operation.update_time(), view));
  return fields.Render(view.style);
}

std::string EventsTable(const std::vector<v1::Event>& events, const View& view) {
  Table table({"TIME", "GROUP", "KIND", "TEXT"});
  for (const v1::Event& event : events) {
    const Tone tone = event.kind() == "refusal" ? Tone::kWarning : Tone::kPlain;
    table.Add({absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", rpc::FromProto(event.time()),
                                absl::UTCTimeZone()),
               ShortName(event.group()), Cell(event.kind(), tone), event.text()});
  }
  return table.Render(view.style);
}

std::string AuditTable(const std::vector<v1::Event>& events, const View& view) {
  Table table({"TIME", "WHO", "GROUP", "OPERATION", "KIND", "WHAT, WHY AND OUTCOME"});
  table.DropEmpty(3);
  for (const v1::Event& event : events) {
    const Tone tone = event.kind() == "refusal"   ? Tone::kWarning
                      : event.kind() == "request" ? Tone::kStrong
                                                  : Tone::kPlain;
    table.Add({absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", rpc::FromProto(event.time()),
                                absl::UTCTimeZone()),
               event.user().empty() ? "weft" : event.user(), ShortName(event.group()),
               ShortName(event.operation()).substr(0, 8), Cell(event.kind(), tone), event.text()});
  }
  return table.Render(view.style);
}

std::string PlanText(const google::protobuf::RepeatedPtrField<v1::PlannedPhase>& plan,
                     const v1::Refusal* refusal, const View& view) {
  std::string text;
  int number = 0;
  for (const v1::PlannedPhase& phase : plan) {
    absl::StrAppend(&text, ++number, ". ",
                    Paint(Printable(phase.phase()), Tone::kStrong, view.style), "\n");
    for (const std::string& step : phase.steps()) {
      absl::StrAppend(&text, "   - ", Printable(step), "\n");
    }
  }
  if (refusal != nullptr && !refusal->reason().empty()) {
    absl::StrAppend(&text, Paint("refused: ", Tone::kBad, view.style),
                    Printable(refusal->message()), " (", Printable(refusal->reason()), ")\n");
    for (const std::string& server : refusal->servers()) {
      absl::StrAppend(&text, "  in the way: ", Printable(ShortName(server)), "\n");
    }
    if (!refusal->next_step().empty()) {
      absl::StrAppend(&text, "  to do: ", Printable(refusal->next_step()), "\n");
    }
  } else if (plan.empty()) {
    absl::StrAppend(&text, "nothing to do\n");
  }
  return text;
}

std::string ExplanationText(const v1::ExplainGroupResponse& explanation, const View& view) {
  const v1::Group& group = explanation.group();
  std::string text = absl::StrCat(
      "group ", Printable(group.id()), " is ",
      explanation.settled() ? Paint("settled", Tone::kGood, view.style)
                            : Paint("not settled", Tone::kWarning, view.style),
      group.active() ? "" : " (inactive: failures are not repaired by themselves)", "\n");
  for (const v1::Finding& finding : explanation.findings()) {
    std::string where;
    for (const v1::Server& server : group.servers()) {
      const bool meant = server.name() == finding.server() || server.uuid() == finding.server();
      if (meant && !absl::StrContains(finding.message(), server.address())) {
        where = absl::StrCat(server.address(), ": ");
      }
    }
    absl::StrAppend(
        &text,
        Paint(absl::StrCat(absl::AsciiStrToLower(v1::Finding::Severity_Name(finding.severity())),
                           " ", Printable(finding.code()), finding.muted() ? " (muted)" : ""),
              ToneOf(finding.severity()), view.style),
        "  ", Printable(where), Printable(finding.message()), "\n");
    if (!finding.next_step().empty()) {
      absl::StrAppend(&text, "  to do: ", Printable(finding.next_step()), "\n");
    }
  }
  google::protobuf::RepeatedPtrField<v1::PlannedPhase> plan;
  if (explanation.has_next_phase() &&
      (!explanation.next_phase().phase().empty() || explanation.next_phase().steps_size() > 0)) {
    *plan.Add() = explanation.next_phase();
    absl::StrAppend(&text, "next:\n");
  }
  const v1::Refusal* refusal = explanation.has_refusal() ? &explanation.refusal() : nullptr;
  if (!plan.empty() || refusal != nullptr) absl::StrAppend(&text, PlanText(plan, refusal, view));
  return WithAddresses(text, group);
}

namespace {

std::string DeviationsText(const v1::NodeStatus& node, const View& view) {
  std::string text;
  for (const v1::StoreDeviation& one : node.deviations()) {
    absl::StrAppend(
        &text,
        Paint(one.blocks() ? "error: " : "warning: ", one.blocks() ? Tone::kBad : Tone::kWarning,
              view.style),
        Printable(one.member()), ": ", Printable(one.check()),
        "\n  expected: ", Printable(one.expected()), "\n  found: ", Printable(one.found()),
        "\n  to do: ", Printable(one.mend()), "\n");
  }
  return text;
}

}  // namespace

std::string NodeText(const v1::NodeStatus& node, const View& view) {
  Fields fields;
  fields.Add("controller", absl::StrCat("Weft ", node.version()));
  fields.Add("leader", node.leader().empty()
                           ? Cell("none", Tone::kBad)
                           : Cell(absl::StrCat(node.leader(), " (term ", node.term(), ")")));
  fields.Add("this one", node.leading() ? Cell("leads")
                         : node.store_reachable()
                             ? Cell("follows")
                             : Cell("may not act without the store", Tone::kBad));
  fields.Add("up", Age(absl::Seconds(node.uptime().seconds())));
  fields.Add("store",
             node.store_reachable()
                 ? Cell(node.store_address(), Tone::kGood)
                 : Cell(absl::StrCat(node.store_address(), " unreachable: ", node.store_error()),
                        Tone::kBad));
  const bool same = node.schema_found() == node.schema_expected();
  fields.Add("schema", !node.store_reachable() ? Cell()
                       : same                  ? Cell(absl::StrCat("version ", node.schema_found()))
                              : Cell(absl::StrCat("version ", node.schema_found(), " found, ",
                                                  node.schema_expected(), " expected"),
                                     Tone::kWarning));
  if (node.has_failover() && !node.failover().enabled()) {
    fields.Add("failover", Cell(absl::StrCat("OFF IN EVERY GROUP, by ", node.failover().user(),
                                             ": ", node.failover().reason()),
                                Tone::kBad));
  }
  if (node.incarnation() > 0) {
    fields.Add("restored", absl::StrCat(Count(static_cast<int>(node.incarnation()), "time"), ", ",
                                        node.restored_groups(), " groups are not confirmed"));
  }
  fields.Add("groups", absl::StrCat(node.groups()));
  fields.Add("monitors", absl::StrCat(node.monitors()));
  return absl::StrCat(fields.Render(view.style), DeviationsText(node, view));
}

}  // namespace weft::cli
