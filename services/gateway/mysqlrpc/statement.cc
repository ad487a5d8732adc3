#include "services/gateway/mysqlrpc/statement.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace weft::gateway::mysqlrpc {
namespace {

bool IsBlank(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }
bool IsWord(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// At least one blank; false, and nothing read, without.
bool TakeBlanks(absl::string_view& text) {
  const absl::string_view before = text;
  text = absl::StripLeadingAsciiWhitespace(text);
  return text.size() < before.size();
}

// `keyword` in any case, which no other character of a word follows.
bool TakeKeyword(absl::string_view& text, absl::string_view keyword) {
  if (!absl::StartsWithIgnoreCase(text, keyword)) return false;
  if (text.size() > keyword.size() && IsWord(text[keyword.size()])) return false;
  text.remove_prefix(keyword.size());
  return true;
}

// Empty where no word stands.
std::string TakeWord(absl::string_view& text) {
  size_t length = 0;
  while (length < text.size() && IsWord(text[length])) ++length;
  std::string word(text.substr(0, length));
  text.remove_prefix(length);
  return word;
}

// "group.command"
bool TakeName(absl::string_view& text, std::string& group, std::string& command) {
  group = TakeWord(text);
  if (group.empty() || !absl::ConsumePrefix(&text, ".")) return false;
  command = TakeWord(text);
  return !command.empty();
}

absl::string_view Unquoted(absl::string_view text) {
  const bool is_quoted = text.size() >= 2 && text.front() == text.back() &&
                         (text.front() == '\'' || text.front() == '"' || text.front() == '`');
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

// Where `wanted` stands outside of quotes. nullopt when a quote stays open.
std::optional<std::vector<size_t>> Outside(absl::string_view text, char wanted) {
  std::vector<size_t> places;
  char quote = '\0';
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == wanted) {
      places.push_back(i);
    }
  }
  if (quote != '\0') return std::nullopt;
  return places;
}

fabric::Value ValueOf(absl::string_view argument) {
  if (argument == "NULL") return {fabric::Nil{}};
  return {std::string(Unquoted(argument))};
}

// False for an argument that cannot be read.
bool AddArgument(absl::string_view text, fabric::Call& call) {
  const absl::string_view argument = absl::StripAsciiWhitespace(text);
  if (argument.empty()) return false;
  // Quotes are in pairs here, as they are in all the arguments together.
  const std::vector<size_t> equals = *Outside(argument, '=');
  if (equals.size() == 1) {
    const absl::string_view name = absl::StripAsciiWhitespace(argument.substr(0, equals[0]));
    const absl::string_view value = absl::StripAsciiWhitespace(argument.substr(equals[0] + 1));
    if (name.empty() || value.empty()) return false;
    call.named.emplace_back(std::string(name), ValueOf(value));
  } else {
    call.arguments.push_back(ValueOf(argument));
  }
  return true;
}

bool AddArguments(absl::string_view text, fabric::Call& call) {
  if (absl::StripAsciiWhitespace(text).empty()) return true;
  std::optional<std::vector<size_t>> commas = Outside(text, ',');
  if (!commas.has_value()) return false;
  commas->push_back(text.size());
  size_t begin = 0;
  for (const size_t comma : *commas) {
    if (!AddArgument(text.substr(begin, comma - begin), call)) return false;
    begin = comma + 1;
  }
  return true;
}

Statement ParseCall(absl::string_view rest) {
  CallStatement statement;
  if (!TakeBlanks(rest) || !TakeName(rest, statement.group, statement.command)) {
    return UnreadableStatement{};
  }
  rest = absl::StripLeadingAsciiWhitespace(rest);
  if (!absl::ConsumePrefix(&rest, "(")) return UnreadableStatement{};
  const std::optional<std::vector<size_t>> ends = Outside(rest, ')');
  if (!ends.has_value() || ends->empty()) return UnreadableStatement{};
  if (!AddArguments(rest.substr(0, ends->back()), statement.call)) return UnreadableStatement{};
  statement.call.method = statement.group + "." + statement.command;
  return statement;
}

// What follows SHOW; nullopt when it is not about a procedure.
std::optional<Statement> ParseShow(absl::string_view rest) {
  if (!TakeBlanks(rest) || !TakeKeyword(rest, "CREATE")) return std::nullopt;
  if (!TakeBlanks(rest) || !TakeKeyword(rest, "PROCEDURE")) return std::nullopt;
  ShowProcedureStatement statement;
  if (!TakeBlanks(rest) || !TakeName(rest, statement.group, statement.command)) {
    return UnreadableStatement{};
  }
  absl::ConsumePrefix(&rest, ";");
  if (!rest.empty()) return UnreadableStatement{};
  return statement;
}

// Whether "FROM INFORMATION_SCHEMA.ROUTINES" stands in what follows SELECT.
bool IsOfRoutines(absl::string_view rest) {
  constexpr absl::string_view kFrom = "FROM";
  for (; !rest.empty(); rest.remove_prefix(1)) {
    if (!IsBlank(rest.front())) continue;
    absl::string_view clause = absl::StripLeadingAsciiWhitespace(rest);
    // All of the blanks are read at once, so that a megabyte of them costs once.
    rest = absl::string_view(clause.data() - 1, clause.size() + 1);
    if (TakeKeyword(clause, kFrom) && TakeBlanks(clause) &&
        absl::StartsWithIgnoreCase(clause, "INFORMATION_SCHEMA.ROUTINES")) {
      return true;
    }
  }
  return false;
}

std::optional<Statement> ParseSet(absl::string_view rest) {
  if (!TakeBlanks(rest) || !TakeKeyword(rest, "format")) return std::nullopt;
  rest = absl::StripLeadingAsciiWhitespace(rest);
  if (!absl::ConsumePrefix(&rest, "=")) return std::nullopt;
  absl::string_view format = absl::StripAsciiWhitespace(rest);
  if (absl::ConsumeSuffix(&format, ";")) format = absl::StripTrailingAsciiWhitespace(format);
  return SetFormatStatement{absl::AsciiStrToLower(absl::StripAsciiWhitespace(Unquoted(format)))};
}

}  // namespace

Statement ParseStatement(absl::string_view text) {
  absl::string_view rest = absl::StripAsciiWhitespace(text);
  // Whatever begins with these four letters was meant as one.
  if (absl::StartsWithIgnoreCase(rest, "CALL")) {
    // No client means to send a NUL, and what is behind would see less of the text than is there.
    if (rest.find('\0') != absl::string_view::npos) return UnreadableStatement{};
    return ParseCall(rest.substr(4));
  }
  std::optional<Statement> statement;
  if (TakeKeyword(rest, "SHOW")) statement = ParseShow(rest);
  if (TakeKeyword(rest, "SET")) statement = ParseSet(rest);
  if (TakeKeyword(rest, "SELECT") && IsOfRoutines(rest)) statement = ListProceduresStatement{};
  return statement.has_value() ? *std::move(statement) : OtherStatement{};
}

}  // namespace weft::gateway::mysqlrpc
