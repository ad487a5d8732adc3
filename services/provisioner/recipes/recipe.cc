#include "services/provisioner/recipes/recipe.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/provisioner/recipes/recipe_sql.h"

namespace weft::provisioner {
namespace {

constexpr int kAlways = 0;
constexpr int kForever = 999999;
constexpr int kPersists = 80011;
constexpr int kOnlineGtids = 50706;
constexpr int kClones = 80017;

// Which roles a line is for.
constexpr int kInGroup = 1;   // members of both kinds
constexpr int kLossless = 2;  // kMember alone
constexpr int kAll = 3;

struct Line {
  const char* name;
  const char* value;
  const char* why;
  int roles;
  int since;  // since <= version < until
  int until;
  bool dynamic;   // may be changed in a running server
  bool required;  // else it works all the same, less well or less safely
};

constexpr std::array<Line, 22> kLines = {{
    {"log_bin", "ON", "without a binary log nobody can follow it", kAll, kAlways, kForever, false,
     true},
    {"gtid_mode", "ON", "Weft cannot tell who holds what", kAll, kAlways, kForever, false, true},
    {"enforce_gtid_consistency", "ON", "GTIDs cannot be switched on", kAll, kAlways, kForever,
     false, true},
    {"log_slave_updates", "ON", "promoted, it cannot hand on what it got as a replica", kInGroup,
     kAlways, 80026, false, true},
    {"log_replica_updates", "ON", "promoted, it cannot hand on what it got as a replica", kInGroup,
     80026, kForever, false, true},
    {"binlog_format", "ROW", "statements may do another thing on another server", kAll, kAlways,
     kForever, true, true},
    {"binlog_row_image", "FULL", "a rewind does not know what was before a change", kInGroup,
     kAlways, kForever, true, false},
    {"sync_binlog", "1", "a crash may lose commits that a client got OK for", kLossless, kAlways,
     kForever, true, true},
    {"innodb_flush_log_at_trx_commit", "1", "a crash may lose commits that a client got OK for",
     kLossless, kAlways, kForever, true, true},
    {"sync_binlog", "1", "a crash may leave it behind what it has sent", kInGroup, kAlways,
     kForever, true, false},
    {"innodb_flush_log_at_trx_commit", "1", "a crash may leave it behind what it has sent",
     kInGroup, kAlways, kForever, true, false},
    {"innodb_doublewrite", "ON", "a crash may leave torn pages", kAll, kAlways, kForever, false,
     false},
    {"relay_log_recovery", "ON", "after a crash it may apply what is left of a relay log", kInGroup,
     kAlways, kForever, false, true},
    {"master_info_repository", "TABLE", "a file is not written with the transaction", kInGroup,
     kAlways, 80023, false, true},
    {"relay_log_info_repository", "TABLE", "a file is not written with the transaction", kInGroup,
     kAlways, 80023, false, true},
    {"slave_net_timeout", "10", "it notices a source that is cut off only after so long", kInGroup,
     kAlways, 80026, true, false},
    {"replica_net_timeout", "10", "it notices a source that is cut off only after so long",
     kInGroup, 80026, kForever, true, false},
    {"slave_preserve_commit_order", "ON", "readers of a replica see states that never were",
     kInGroup, 50719, 80026, false, false},
    {"replica_preserve_commit_order", "ON", "readers of a replica see states that never were",
     kInGroup, 80026, kForever, false, false},
    {"skip_name_resolve", "ON", "a name server that hangs keeps every login waiting", kInGroup,
     kAlways, kForever, false, false},
    {"event_scheduler", "OFF", "events of a replica would run beside those of the primary",
     kInGroup, kAlways, 50700, true, false},
    {"local_infile", "OFF", "a client may be made to hand over its files", kAll, 80000, kForever,
     true, false},
}};

bool IsFor(const Line& line, Role role) {
  switch (role) {
    case Role::kMember:
      // Where both are there, the stricter line speaks.
      return line.roles != kInGroup || (std::string(line.name) != "sync_binlog" &&
                                        std::string(line.name) != "innodb_flush_log_at_trx_commit");
    case Role::kAsyncMember:
      return line.roles != kLossless;
    case Role::kStandalone:
      return line.roles == kAll;
  }
  return false;
}

std::vector<const Line*> LinesOf(Role role, int version) {
  std::vector<const Line*> lines;
  for (const Line& line : kLines) {
    if (IsFor(line, role) && line.since <= version && version < line.until) lines.push_back(&line);
  }
  return lines;
}

// ON, 1 and YES are the same, and so are their opposites.
std::string Normal(absl::string_view value) {
  if (absl::EqualsIgnoreCase(value, "ON") || absl::EqualsIgnoreCase(value, "YES")) return "1";
  if (absl::EqualsIgnoreCase(value, "OFF") || absl::EqualsIgnoreCase(value, "NO")) return "0";
  return std::string(value);
}

std::string ConfigOf(const Line& line) {
  // log_bin takes the name of the files.
  if (std::string(line.name) == "log_bin") return "log_bin=binlog";
  return absl::StrCat(line.name, "=", line.value);
}

std::string SqlOf(const Line& line, int version) {
  const std::string name = line.name;
  if (name == "gtid_mode" || name == "enforce_gtid_consistency") {
    return version >= kOnlineGtids ? std::string(sql::kGtidModeOn) : "";
  }
  if (!line.dynamic) return "";
  return sql::SetForGood(line.name, line.value, version >= kPersists);
}

void CheckOwn(Role role, int version, const Variables& variables, std::vector<Deviation>* found) {
  const auto value = [&variables](const char* name) {
    const auto at = variables.find(name);
    return at == variables.end() ? std::string() : at->second;
  };
  uint64_t id = 0;
  if (!absl::SimpleAtoi(value("server_id"), &id) || id == 0) {
    found->push_back({"server_id", "1 or more, unique in the group", value("server_id"),
                      "a server without an id of its own cannot replicate", "", "server_id=NUMBER",
                      true});
  }
  if (role != Role::kStandalone && value("report_host").empty()) {
    found->push_back({"report_host", "the name others reach it by", "empty",
                      "its source does not tell who follows it (weft group adopt)", "",
                      "report_host=HOST", false});
  }
  const auto loading = variables.find("have_dynamic_loading");
  if (role != Role::kStandalone && version >= kClones && loading != variables.end() &&
      loading->second == "NO") {
    found->push_back({"have_dynamic_loading", "YES", "NO",
                      "it can load neither semi-synchronous replication nor the CLONE plugin", "",
                      "", role == Role::kMember});
  }
}

}  // namespace

absl::string_view ToString(Role role) {
  switch (role) {
    case Role::kMember:
      return "member";
    case Role::kAsyncMember:
      return "async-member";
    case Role::kStandalone:
      return "standalone";
  }
  return "member";
}

std::optional<Role> ParseRole(absl::string_view text) {
  if (text.empty()) return Role::kMember;
  for (const Role role : {Role::kMember, Role::kAsyncMember, Role::kStandalone}) {
    if (absl::EqualsIgnoreCase(text, ToString(role))) return role;
  }
  return std::nullopt;
}

std::vector<Deviation> CheckAgainst(Role role, int version, const Variables& variables) {
  std::vector<Deviation> found;
  CheckOwn(role, version, variables, &found);
  for (const Line* const line : LinesOf(role, version)) {
    const auto at = variables.find(line->name);
    if (at == variables.end() || Normal(at->second) == Normal(line->value)) continue;
    found.push_back({line->name, line->value, at->second, line->why, SqlOf(*line, version),
                     ConfigOf(*line), line->required});
  }
  std::stable_sort(found.begin(), found.end(), [](const Deviation& a, const Deviation& b) {
    return a.required && !b.required;
  });
  return found;
}

std::string RenderRecipe(Role role, int version, unsigned server_id,
                         absl::string_view report_host) {
  std::string text = absl::StrCat("[mysqld]\n# ", ToString(role), "\n");
  if (server_id != 0) {
    absl::StrAppend(&text, "server_id=", server_id, "\n");
  } else {
    absl::StrAppend(&text, "# server_id=NUMBER, unique in the group\n");
  }
  if (role != Role::kStandalone) {
    if (report_host.empty()) {
      absl::StrAppend(&text, "# report_host=HOST, as others reach it\n");
    } else {
      absl::StrAppend(&text, "report_host=", report_host, "\n");
    }
    absl::StrAppend(&text, "# it comes back from a crash refusing writes\n",
                    version >= 50708 ? "super_read_only=ON\n" : "read_only=ON\n");
  }
  for (const Line* const line : LinesOf(role, version)) {
    absl::StrAppend(&text, "# else ", line->why, "\n", ConfigOf(*line), "\n");
  }
  return text;
}

}  // namespace weft::provisioner
