#include "services/controller/mysql/grants.h"

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "services/controller/mysql/farm_sql.h"

namespace weft::controller {
namespace {

std::string Plain(absl::string_view scope) {
  return absl::StrReplaceAll(absl::StripAsciiWhitespace(scope), {{"`", ""}});
}

// The names in "SELECT (a, b), INSERT": those that are bound to columns are left out.
std::vector<std::string> NamesIn(absl::string_view list) {
  std::vector<std::string> names;
  std::string name;
  int depth = 0;
  bool of_columns = false;
  for (const char c : absl::StrCat(list, ",")) {
    if (c == '(') {
      ++depth;
      of_columns = true;
    } else if (c == ')') {
      --depth;
    } else if (c == ',' && depth == 0) {
      absl::StripAsciiWhitespace(&name);
      if (!of_columns && !name.empty()) names.push_back(absl::AsciiStrToUpper(name));
      name.clear();
      of_columns = false;
    } else if (depth == 0) {
      name.push_back(c);
    }
  }
  return names;
}

// The database of a scope: "mysql" of "mysql.plugin".
std::string DatabaseOf(const std::string& scope) { return scope.substr(0, scope.rfind('.')); }

}  // namespace

void Grants::Add(absl::string_view row) {
  if (!absl::ConsumePrefix(&row, sql::kGrantRow)) return;
  // The account's own name stands behind the first " TO ": what is quoted there cannot mislead.
  const size_t to = row.find(" TO ");
  const size_t on = row.find(" ON ");
  if (on == absl::string_view::npos || to == absl::string_view::npos || to < on) return;  // a role
  const std::string scope = Plain(row.substr(on + 4, to - on - 4));
  if (absl::EndsWith(row, sql::kWithGrantOption)) {
    by_scope_[scope].insert(std::string(kGrantOption));
  }
  for (std::string& name : NamesIn(row.substr(0, on))) {
    if (name == "ALL PRIVILEGES") name = "ALL";
    by_scope_[scope].insert(name);
  }
}

bool Grants::Has(absl::string_view privilege, absl::string_view scope) const {
  const std::string wanted = Plain(scope);
  const std::string name(privilege);
  // Dynamic privileges are spelt with underscores and are not part of ALL.
  const bool is_static = !absl::StrContains(name, "_");
  for (const std::string& holder : {std::string("*.*"), DatabaseOf(wanted) + ".*", wanted}) {
    const auto found = by_scope_.find(holder);
    if (found == by_scope_.end()) continue;
    if (found->second.contains(name)) return true;
    if (is_static && name != kGrantOption && found->second.contains("ALL")) return true;
  }
  return false;
}

std::vector<Privilege> Grants::Missing(absl::Span<const Privilege> wanted) const {
  std::vector<Privilege> missing;
  for (const Privilege& privilege : wanted) {
    if (!Has(privilege.name, privilege.scope)) missing.push_back(privilege);
  }
  return missing;
}

std::string ToString(const Privilege& privilege) {
  return absl::StrCat(privilege.name, " ON ", privilege.scope);
}

}  // namespace weft::controller
