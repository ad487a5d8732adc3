#include "services/cli/command.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"

namespace weft::cli {
namespace {

std::string Fold(absl::string_view text) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(text), {{"-", "_"}});
}

absl::Status Wrong(const Parameter& parameter, absl::string_view expected,
                   absl::string_view value) {
  return Refusal(absl::StatusCode::kInvalidArgument, "BAD_VALUE",
                 absl::StrCat("wrong value for ", parameter.placeholder, " (", parameter.name, ")"),
                 expected, absl::StrCat("\"", value, "\""));
}

}  // namespace

std::string Arguments::Text(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

int64_t Arguments::Integer(const std::string& name, int64_t otherwise) const {
  int64_t value;
  return absl::SimpleAtoi(Text(name), &value) ? value : otherwise;
}

double Arguments::Number(const std::string& name, double otherwise) const {
  double value;
  return absl::SimpleAtod(Text(name), &value) ? value : otherwise;
}

std::optional<absl::Duration> Arguments::Duration(const std::string& name) const {
  return ParseTimeSpan(Text(name));
}

std::vector<std::string> Arguments::List(const std::string& name) const {
  return absl::StrSplit(Text(name), '\n', absl::SkipEmpty());
}

const Noun* FindNoun(const Nouns& nouns, absl::string_view name) {
  for (const Noun& noun : nouns) {
    if (noun.name == name) return &noun;
  }
  return nullptr;
}

const Command* FindCommand(const Noun& noun, absl::string_view verb) {
  for (const Command& command : noun.commands) {
    if (command.verb == verb) return &command;
    for (const std::string& alias : command.aliases) {
      if (alias == verb) return &command;
    }
  }
  return nullptr;
}

std::vector<Parameter> OptionsOf(const Command& command) {
  std::vector<Parameter> options = command.options;
  if (command.traits & kForesees) {
    options.push_back(
        {"dry-run", "", "check everything and show what would be done; change nothing"});
  }
  if (command.traits & kWaits) {
    options.push_back({"no-wait", "", "print the operation's name instead of waiting for its end"});
  }
  if (command.traits & kDestroys) {
    options.push_back({"yes", "", "do not ask; needed where no terminal is"});
  }
  if (command.traits & kChanges) {
    options.push_back(
        {"request-id", "ID", "a request repeated with the same ID acts once (default: a new one)"});
  }
  if (command.traits & kReads) {
    options.push_back({"watch", "", "show it again every 2 seconds, or --watch=SECONDS"});
  }
  return options;
}

const std::vector<GlobalOption>& GlobalOptions() {
  static const auto* const options = new std::vector<GlobalOption>{
      {{"output",
        "FORMAT",
        "table, json (one value on one line) or yaml",
        Kind::kText,
        {"table", "json", "yaml"}},
       "o"},
      {{"json", "", "the same as -o json"}, ""},
      {{"controller", "HOST:PORT",
        "the controller, or several with commas (WEFT_CONTROLLER; else 127.0.0.1:32280)"},
       ""},
      {{"provisioner", "HOST:PORT",
        "the provisioner, or several (WEFT_PROVISIONER; else 127.0.0.1:32282)"},
       ""},
      {{"sandbox", "DIR", "take controller and login from the sandbox in DIR (WEFT_SANDBOX)",
        Kind::kFolder},
       ""},
      {{"user", "NAME", "Weft's own user (WEFT_USER; else admin)"}, ""},
      {{"password-file", "FILE",
        "its password (WEFT_PASSWORD_FILE or WEFT_PASSWORD; else asked for)", Kind::kFile},
       ""},
      {{"token-file", "FILE",
        "a token in place of user and password (WEFT_TOKEN_FILE; see weft user token)",
        Kind::kFile},
       ""},
      {{"tls-ca", "FILE", "speak TLS; who vouches for the controller (WEFT_TLS_CA)", Kind::kFile},
       ""},
      {{"tls-cert", "FILE", "the certificate to show (WEFT_TLS_CERT)", Kind::kFile}, ""},
      {{"tls-key", "FILE", "its key (WEFT_TLS_KEY)", Kind::kFile}, ""},
      {{"tls-server-name", "NAME", "the name in the controller's certificate"}, ""},
      {{"insecure", "", "send the login in plain text beyond this machine"}, ""},
      {{"timeout", "TIME", "the longest the command may take: 10, 500ms, 2m", Kind::kDuration}, ""},
      {{"no-color", "", "no colours (NO_COLOR)"}, ""},
  };
  return *options;
}

std::string UsageOf(const Noun& noun, const Command& command) {
  std::string usage = absl::StrCat("weft ", noun.name);
  if (!command.verb.empty()) absl::StrAppend(&usage, " ", command.verb);
  for (const Parameter& p : command.positionals) {
    absl::StrAppend(&usage, p.optional ? " [" : " ", p.placeholder, p.repeated ? "..." : "",
                    p.optional ? "]" : "");
  }
  return usage;
}

absl::Status CheckValue(const Parameter& parameter, std::string& value) {
  if (!parameter.choices.empty()) {
    for (const std::string& choice : parameter.choices) {
      if (Fold(choice) == Fold(value)) {
        value = choice;
        return absl::OkStatus();
      }
    }
    return Wrong(parameter, absl::StrCat("one of ", absl::StrJoin(parameter.choices, ", ")), value);
  }
  int32_t integer;
  double number;
  switch (parameter.kind) {
    case Kind::kInteger:
      if (absl::SimpleAtoi(value, &integer) && integer >= 0) return absl::OkStatus();
      return Wrong(parameter, "a whole number from 0 to 2147483647", value);
    case Kind::kNumber:
      if (absl::SimpleAtod(value, &number) && std::isfinite(number)) return absl::OkStatus();
      return Wrong(parameter, "a number such as 0.5", value);
    case Kind::kDuration:
      if (ParseTimeSpan(value).has_value()) return absl::OkStatus();
      return Wrong(parameter, "a time such as 10 (seconds), 500ms or 2m", value);
    case Kind::kText:
      return absl::OkStatus();
    default:
      if (!value.empty()) return absl::OkStatus();
      return Wrong(parameter, absl::StrCat("a ", absl::AsciiStrToLower(parameter.placeholder)),
                   value);
  }
}

std::optional<absl::Duration> ParseTimeSpan(absl::string_view text) {
  double seconds;
  absl::Duration duration;
  if (absl::SimpleAtod(text, &seconds)) {
    if (!std::isfinite(seconds)) return std::nullopt;
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    return std::nullopt;
  }
  if (duration < absl::ZeroDuration() || duration == absl::InfiniteDuration()) return std::nullopt;
  return duration;
}

}  // namespace weft::cli
