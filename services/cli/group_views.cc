#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/model/group_settings.h"
#include "common/rpc/group_settings.h"
#include "common/rpc/model.h"
#include "services/cli/views.h"

namespace weft::cli {
namespace {

constexpr size_t kUuidLength = 36;

Tone ToneOf(v1::ServerStatus status) {
  switch (status) {
    case v1::PRIMARY:
      return Tone::kStrong;
    case v1::FAULTY:
      return Tone::kBad;
    case v1::CONFIGURING:
      return Tone::kWarning;
    default:
      return Tone::kPlain;
  }
}

Cell StatusCell(const v1::Server& server) {
  return Cell(v1::ServerStatus_Name(server.status()), ToneOf(server.status()));
}

std::string ModeText(const v1::Server& server) {
  return server.mode() == v1::SERVER_MODE_UNSPECIFIED ? "" : v1::ServerMode_Name(server.mode());
}

// Empty where the controller is of an earlier version.
std::string RuleText(const v1::Server& server) {
  return server.promotion_rule() == v1::PROMOTION_RULE_UNSPECIFIED
             ? ""
             : v1::PromotionRule_Name(server.promotion_rule());
}

std::string LagText(const v1::ServerHealth& health) {
  return health.has_lag() ? Age(rpc::FromProto(health.lag())) : "";
}

// What is wrong, phrase by phrase. `critical` is set when it is more than a warning.
std::vector<std::string> Complaints(const v1::Server& server, absl::Time now, bool* critical) {
  std::vector<std::string> phrases;
  *critical = server.status() == v1::FAULTY;
  if (server.has_health()) {
    const v1::ServerHealth& health = server.health();
    if (!health.contact().empty() && health.contact() != "answered") {
      *critical = true;
      std::string phrase = health.contact();
      if (health.has_since())
        absl::StrAppend(&phrase, " for ", Age(now - rpc::FromProto(health.since())));
      if (!health.error().empty()) absl::StrAppend(&phrase, ": ", health.error());
      phrases.push_back(phrase);
    } else if (server.status() == v1::PRIMARY && !health.writable()) {
      *critical = true;
      phrases.push_back("the primary refuses writes");
    } else if (server.status() == v1::SECONDARY || server.status() == v1::SPARE) {
      if (health.writable()) {
        *critical = true;
        phrases.push_back("accepts writes");
      }
      if (!health.source().empty() && health.receiver() != "on") {
        phrases.push_back(absl::StrCat("receiver ", health.receiver()));
      }
      if (!health.source().empty() && !health.applier_running()) {
        phrases.push_back("applier stopped");
      }
      if (health.source().empty()) phrases.push_back("replicates from nobody");
    }
    for (const std::string* error : {&health.receiver_error(), &health.applier_error()}) {
      if (!error->empty()) phrases.push_back(*error);
    }
  }
  if (!server.set_aside().empty()) phrases.push_back("set aside: " + server.set_aside());
  if (!server.errant().empty()) phrases.push_back("errant: " + server.errant());
  return phrases;
}

std::string ActiveText(const v1::Group& group) { return group.active() ? "active" : "inactive"; }

const v1::Server* FindServer(const v1::Group& group, absl::string_view name) {
  for (const v1::Server& server : group.servers()) {
    if (server.name() == name || server.uuid() == name) return &server;
  }
  return nullptr;
}

// A server by its address where the group knows it, else by its short name.
std::string AddressOf(const v1::Group& group, const std::string& name) {
  const v1::Server* server = FindServer(group, name);
  return server == nullptr ? ShortName(name) : server->address();
}

std::string DurabilityText(const v1::Group& group) {
  return group.effective_durability().empty()
             ? absl::AsciiStrToLower(v1::Durability_Name(group.durability()))
             : group.effective_durability();
}

// What each monitor says of each server.
std::string ReportsTable(const v1::GetHealthResponse& health, const View& view) {
  Table table({"MONITOR", "SERVER", "CONTACT", "SINCE", "LATENCY", "RECEIVER", "APPLIER", "LAG",
               "SEEN", "ERROR"});
  table.AlignRight(4).AlignRight(7).DropEmpty(9);
  for (const v1::ObserverReport& observer : health.reports()) {
    const v1::ServerReport& report = observer.report();
    const bool known = report.contact() != v1::ServerReport::CONTACT_UNSPECIFIED;
    const bool answered = report.contact() == v1::ServerReport::ANSWERED;
    table.Add({observer.zone().empty() ? observer.observer()
                                       : absl::StrCat(observer.observer(), "@", observer.zone()),
               report.address(),
               known ? Cell(absl::AsciiStrToLower(v1::ServerReport::Contact_Name(report.contact())),
                            answered ? Tone::kGood : Tone::kBad)
                     : Cell(),
               report.has_since() ? Age(view.now - rpc::FromProto(report.since())) : "",
               report.has_latency()
                   ? absl::StrFormat("%.1fms",
                                     absl::ToDoubleMilliseconds(rpc::FromProto(report.latency())))
                   : "",
               report.receiver(),
               report.receiver().empty() ? "" : (report.applier_running() ? "on" : "off"),
               report.has_lag() ? Age(rpc::FromProto(report.lag())) : "",
               observer.has_receive_time()
                   ? absl::StrCat(Age(view.now - rpc::FromProto(observer.receive_time())), " ago")
                   : "",
               report.error().empty() ? report.replication_error() : report.error()});
  }
  return table.Render(view.style);
}

}  // namespace

std::string ShortName(absl::string_view name) {
  const size_t slash = name.find('/');
  return std::string(slash == absl::string_view::npos ? name : name.substr(slash + 1));
}

std::string WithAddresses(absl::string_view text, const v1::Group& group) {
  std::string result(text);
  for (const v1::Server& server : group.servers()) {
    if (server.uuid().size() != kUuidLength || server.address().empty()) continue;
    result = absl::StrReplaceAll(result, {{server.name(), server.uuid()}});
    for (size_t at = 0; (at = result.find(server.uuid(), at)) != std::string::npos;) {
      const size_t end = at + kUuidLength;
      // A GTID set has a uuid before a colon and no blank.
      const bool gtids = end + 1 < result.size() && result[end] == ':' && result[end + 1] != ' ';
      if (!gtids) result.replace(at, kUuidLength, server.address());
      at += gtids ? kUuidLength : server.address().size();
    }
  }
  return result;
}

bool IsHealthy(const v1::Server& server) {
  bool critical;
  return Complaints(server, absl::UnixEpoch(), &critical).empty() && !critical;
}

Cell HealthOf(const v1::Server& server, const View& view) {
  bool critical;
  const std::vector<std::string> phrases = Complaints(server, view.now, &critical);
  const Tone tone = critical ? Tone::kBad : Tone::kWarning;
  if (!phrases.empty()) return Cell(absl::StrJoin(phrases, ", "), tone);
  if (critical) return Cell("faulty", tone);
  return server.has_health() ? Cell("OK", Tone::kGood) : Cell();
}

std::string GroupsTable(const std::vector<v1::Group>& groups, const View& view) {
  Table table({"GROUP", "STATE", "PRIMARY", "SERVERS", "EPOCH", "DURABILITY", "DESCRIPTION"});
  table.AlignRight(3).AlignRight(4).DropEmpty(6);
  for (const v1::Group& group : groups) {
    table.Add({group.id(), Cell(ActiveText(group), group.active() ? Tone::kGood : Tone::kPlain),
               group.primary().empty() ? Cell("none", Tone::kWarning)
                                       : Cell(AddressOf(group, group.primary())),
               absl::StrCat(group.servers_size()), absl::StrCat(group.epoch()),
               DurabilityText(group), group.description()});
  }
  return table.Render(view.style);
}

// What is not at its default.
std::string SettingsText(const v1::GroupSettings& settings) {
  static const v1::GroupSettings& defaults = *new v1::GroupSettings(rpc::ToProto(GroupSettings()));
  std::vector<std::string> set;
  for (const GroupSetting& setting : AllGroupSettings()) {
    const std::string text = rpc::TextOf(settings, setting.name).value_or("");
    if (text.empty() || text == rpc::TextOf(defaults, setting.name).value_or("")) continue;
    set.push_back(absl::StrCat(setting.name, "=", text));
  }
  return absl::StrJoin(set, " ");
}

// What keeps Weft from acting unasked; nothing where nothing does.
void AddGuards(const v1::Group& group, const View& view, Fields& fields) {
  // A group that says nothing of its settings is of a controller of before.
  if (group.has_settings() && !group.node_failover_enabled()) {
    fields.Add("failover", Cell("OFF IN THE WHOLE NODE (weft manage failover on)", Tone::kBad));
  } else if (group.has_settings() && !group.settings().failover_enabled()) {
    fields.Add("failover", Cell("OFF", Tone::kBad));
  }
  for (const v1::MaintenanceWindow& window : group.maintenance()) {
    const absl::Duration left = rpc::FromProto(window.end_time()) - view.now;
    if (left <= absl::ZeroDuration()) continue;
    fields.Add(
        "maintenance",
        Cell(absl::StrCat(window.server().empty() ? "" : AddressOf(group, window.server()) + ": ",
                          Age(left), " more", window.user().empty() ? "" : ", by ", window.user(),
                          window.reason().empty() ? "" : ": ", window.reason()),
             Tone::kWarning));
  }
  if (group.has_last_failover_time()) {
    fields.Add("failed over",
               absl::StrCat(Age(view.now - rpc::FromProto(group.last_failover_time())), " ago",
                            group.last_failover_acknowledged() ? ", acknowledged" : ""));
  }
}

std::string GroupSettingsTable(const v1::GroupSettings& settings, const View& view) {
  const v1::GroupSettings defaults = rpc::ToProto(GroupSettings());
  Table table({"SETTING", "VALUE", "DEFAULT", "TAKES", "MEANING"});
  for (const GroupSetting& setting : AllGroupSettings()) {
    const std::string text = rpc::TextOf(settings, setting.name).value_or("");
    const std::string otherwise = rpc::TextOf(defaults, setting.name).value_or("");
    table.Add({setting.name, Cell(text, text == otherwise ? Tone::kPlain : Tone::kStrong),
               otherwise, setting.expected, setting.help});
  }
  return table.Render(view.style);
}

namespace {

// Empty while the store answers.
Cell StoreNotice(const v1::Group& group) {
  if (group.store_error().empty()) return Cell();
  return Cell(absl::StrCat("NO PRIMARY IS CHANGED: ", group.store_error()), Tone::kBad);
}

}  // namespace

std::string GroupText(const v1::Group& group, const View& view) {
  Fields fields;
  fields.Add("group", Cell(group.id(), Tone::kStrong));
  fields.Add("STORE_UNREACHABLE", StoreNotice(group));
  if (group.restored()) {
    fields.Add("RESTORED", Cell("from a backup, and not confirmed by its servers: nothing is done "
                                "to them (weft why)",
                                Tone::kBad));
  }
  fields.Add("description", group.description());
  fields.Add("state", Cell(ActiveText(group), group.active() ? Tone::kGood : Tone::kPlain));
  fields.Add("primary", group.primary().empty() ? Cell("none", Tone::kWarning)
                                                : Cell(AddressOf(group, group.primary())));
  fields.Add("epoch", absl::StrCat(group.epoch()));
  fields.Add("durability",
             group.durability() == v1::LOSSLESS
                 ? absl::StrCat(DurabilityText(group), " (policy lossless, ",
                                Count(group.acknowledgements(), "acknowledgement"), ")")
                 : absl::StrCat(DurabilityText(group), " (policy async)"));
  std::vector<std::string> acknowledgers;
  for (const std::string& name : group.acknowledgers()) {
    acknowledgers.push_back(AddressOf(group, name));
  }
  fields.Add("acknowledgers", absl::StrJoin(acknowledgers, ", "));
  fields.Add("watermark", group.watermark());
  fields.Add("pending", ShortName(group.pending_operation()));
  if (group.has_settings()) fields.Add("settings", SettingsText(group.settings()));
  AddGuards(group, view, fields);
  std::string text = fields.Render(view.style);
  if (group.servers_size() > 0) {
    absl::StrAppend(&text, "\n",
                    ServersTable({group.servers().begin(), group.servers().end()}, false, view));
  }
  return text;
}

std::string ServersTable(const std::vector<v1::Server>& servers, bool with_group,
                         const View& view) {
  Table table({"SERVER", "GROUP", "STATUS", "MODE", "WEIGHT", "PROMOTION", "ZONE", "LAG", "VERSION",
               "UUID", "HEALTH"});
  table.AlignRight(4).AlignRight(7);
  for (const int column : {1, 5, 6, 7, 8, 10}) table.DropEmpty(column);
  for (const v1::Server& server : servers) {
    table.Add({server.address(), with_group ? ShortName(server.group()) : "", StatusCell(server),
               ModeText(server), absl::StrCat(server.weight()),
               server.promotion_rule() == v1::NEUTRAL ? "" : RuleText(server), server.zone(),
               LagText(server.health()), server.health().version(), server.uuid(),
               HealthOf(server, view)});
  }
  return table.Render(view.style);
}

std::string ServerText(const v1::Server& server, const View& view) {
  Fields fields;
  fields.Add("server", Cell(server.address(), Tone::kStrong));
  fields.Add("uuid", server.uuid());
  fields.Add("group", ShortName(server.group()));
  fields.Add("status", StatusCell(server));
  fields.Add("mode", ModeText(server));
  fields.Add("weight", absl::StrCat(server.weight()));
  fields.Add("promotion", RuleText(server));
  fields.Add("zone", server.zone());
  fields.Add("set aside", Cell(server.set_aside(), Tone::kBad));
  fields.Add("errant", Cell(server.errant(), Tone::kBad));
  fields.Add("health", HealthOf(server, view));
  if (server.has_health()) {
    const v1::ServerHealth& health = server.health();
    fields.Add("version", health.version());
    if (health.has_since())
      fields.Add("since", Age(view.now - rpc::FromProto(health.since())) + " ago");
    if (health.contact() == "answered") {
      fields.Add("writable", health.writable() ? "yes" : "no");
      fields.Add("source", health.source());
      if (!health.source().empty()) {
        fields.Add("receiver", health.receiver());
        fields.Add("applier", health.applier_running() ? "on" : "off");
        fields.Add("lag", LagText(health));
        fields.Add("behind", Count(static_cast<int64_t>(health.gtids_behind()), "transaction"));
      }
      fields.Add("semi-sync", health.semi_sync_source()    ? "source"
                              : health.semi_sync_replica() ? "acknowledges"
                                                           : "off");
    }
    fields.Add("executed", health.executed_gtids());
    fields.Add("received", health.received_gtids());
  }
  return fields.Render(view.style);
}

std::string HealthText(const v1::Group& group, const v1::GetHealthResponse& health,
                       const View& view) {
  Table table(
      {"SERVER", "STATUS", "CONTACT", "SINCE", "RECEIVER", "APPLIER", "LAG", "BEHIND", "HEALTH"});
  table.AlignRight(6).AlignRight(7);
  for (const v1::Server& server : group.servers()) {
    const v1::ServerHealth& seen = server.health();
    const bool replicates = !seen.source().empty();
    table.Add({server.address(), StatusCell(server), seen.contact(),
               seen.has_since() ? Age(view.now - rpc::FromProto(seen.since())) : "",
               replicates ? seen.receiver() : "",
               replicates ? (seen.applier_running() ? "on" : "off") : "", LagText(seen),
               replicates ? absl::StrCat(seen.gtids_behind()) : "", HealthOf(server, view)});
  }
  Fields notice;
  notice.Add("STORE_UNREACHABLE", StoreNotice(group));
  const std::string text = absl::StrCat(notice.Render(view.style), table.Render(view.style));
  if (health.reports_size() > 0) return absl::StrCat(text, "\n", ReportsTable(health, view));
  return absl::StrCat(text, "\n",
                      Paint("no monitor reports on this group", Tone::kFaint, view.style), "\n");
}

std::string ProblemsText(const v1::CheckServerResponse& check, const View& view) {
  std::string text;
  for (const v1::ServerProblem& problem : check.problems()) {
    absl::StrAppend(&text,
                    Paint(problem.fatal() ? "error: " : "warning: ",
                          problem.fatal() ? Tone::kBad : Tone::kWarning, view.style),
                    Printable(problem.code()), "\n");
    if (!problem.expected().empty()) {
      absl::StrAppend(&text, "  expected: ", Printable(problem.expected()), "\n");
    }
    if (!problem.found().empty()) {
      absl::StrAppend(&text, "  found:    ", Printable(problem.found()), "\n");
    }
    absl::string_view label = "  to do:    ";
    if (problem.remedy().empty()) continue;
    for (absl::string_view line : absl::StrSplit(problem.remedy(), '\n')) {
      absl::StrAppend(&text, label, Printable(line), "\n");
      label = "            ";
    }
  }
  const bool fatal = std::any_of(check.problems().begin(), check.problems().end(),
                                 [](const v1::ServerProblem& p) { return p.fatal(); });
  absl::StrAppend(&text, "server ", Printable(check.uuid()), ", MySQL ", Printable(check.version()),
                  ": ", fatal ? "cannot be added" : "can be added", "\n");
  if (check.clone_would_help()) {
    absl::StrAppend(&text, "only its data stand in the way: a clone of a member would mend it\n");
  }
  return text;
}

}  // namespace weft::cli
