#include "common/mysql/quote.h"

#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace weft::mysql {
namespace {

// The position after the quoted text that begins at `at`. A quote is left by itself; doubled it
// stands for itself, which reads the same as two quoted texts side by side.
size_t SkipQuoted(absl::string_view sql, size_t at) {
  const char quote = sql[at++];
  while (at < sql.size() && sql[at] != quote) {
    at += sql[at] == '\\' && quote != '`' ? 2 : 1;
  }
  return std::min(at + 1, sql.size());
}

size_t SkipPast(absl::string_view sql, size_t at, absl::string_view end) {
  const size_t found = sql.find(end, at);
  return found == absl::string_view::npos ? sql.size() : found + end.size();
}

// The position after the comment that begins at `at`; `at` itself when none does. "--" needs a
// following space or control character, so that 1--1 is arithmetic.
size_t SkipComment(absl::string_view sql, size_t at) {
  const absl::string_view rest = sql.substr(at);
  if (rest[0] == '#') return SkipPast(sql, at, "\n");
  if (rest.substr(0, 2) == "/*") return SkipPast(sql, at + 2, "*/");
  if (rest.substr(0, 2) == "--" &&
      (rest.size() == 2 || static_cast<unsigned char>(rest[2]) <= ' ')) {
    return SkipPast(sql, at, "\n");
  }
  return at;
}

struct ToLiteral {
  std::string operator()(Null) const { return "NULL"; }
  std::string operator()(bool value) const { return value ? "1" : "0"; }
  std::string operator()(int64_t value) const { return absl::StrCat(value); }
  std::string operator()(uint64_t value) const { return absl::StrCat(value); }
  std::string operator()(double value) const {
    // SQL has no infinity and no NaN. The exponent makes it a DOUBLE rather than a DECIMAL.
    return std::isfinite(value) ? absl::StrFormat("%.16e", value) : "NULL";
  }
  std::string operator()(const std::string& value) const { return QuoteString(value); }
  std::string operator()(const Bytes& value) const {
    return absl::StrCat("x'", absl::BytesToHexString(value.value), "'");
  }
};

}  // namespace

std::string QuoteString(absl::string_view value) {
  std::string quoted = "'";
  quoted.reserve(value.size() + 2);
  for (const char c : value) {
    switch (c) {
      case '\0':
        quoted.append("\\0");
        break;
      case '\n':
        quoted.append("\\n");
        break;
      case '\r':
        quoted.append("\\r");
        break;
      case '\x1a':  // ends a file for old Windows clients that replay a log
        quoted.append("\\Z");
        break;
      case '\\':
      case '\'':
      case '"':
        quoted.push_back('\\');
        quoted.push_back(c);
        break;
      default:
        quoted.push_back(c);
    }
  }
  quoted.push_back('\'');
  return quoted;
}

std::string QuoteIdentifier(absl::string_view name) {
  std::string quoted = "`";
  for (const char c : name.substr(0, name.find('\0'))) {
    if (c == '`') quoted.push_back('`');
    quoted.push_back(c);
  }
  quoted.push_back('`');
  return quoted;
}

std::string QuoteAccount(absl::string_view user, absl::string_view host) {
  return absl::StrCat(QuoteString(user), "@", QuoteString(host));
}

std::string Param::ToSql() const { return std::visit(ToLiteral{}, value_); }

absl::StatusOr<std::string> BindParams(absl::string_view sql, const Params& params) {
  std::string bound;
  bound.reserve(sql.size() + 16 * params.size());
  size_t used = 0;
  for (size_t at = 0; at < sql.size();) {
    size_t next = at + 1;
    if (sql[at] == '\'' || sql[at] == '"' || sql[at] == '`') {
      next = SkipQuoted(sql, at);
    } else if (sql[at] == '#' || sql[at] == '/' || sql[at] == '-') {
      next = std::max(next, SkipComment(sql, at));
    } else if (sql[at] == '?') {
      if (used < params.size()) bound += params[used].ToSql();
      ++used;
      at = next;
      continue;
    }
    bound.append(sql.data() + at, next - at);
    at = next;
  }
  if (used != params.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("statement parameters: expected ", used, ", found ", params.size()));
  }
  return bound;
}

}  // namespace weft::mysql
