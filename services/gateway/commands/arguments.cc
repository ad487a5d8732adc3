#include "services/gateway/commands/arguments.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/gateway/commands/fabric_error.h"

namespace weft::gateway {
namespace {

using fabric::List;
using fabric::Value;

constexpr char kTypeError[] = "TypeError";

constexpr ServerStatus kStatuses[] = {ServerStatus::kFaulty, ServerStatus::kSpare,
                                      ServerStatus::kSecondary, ServerStatus::kPrimary};
constexpr ServerMode kModes[] = {ServerMode::kOffline, ServerMode::kReadOnly,
                                 ServerMode::kWriteOnly, ServerMode::kReadWrite};

// `self` counts.
absl::Status WrongCount(const fabric::Command& command, absl::string_view bound, size_t takes,
                        size_t given) {
  const bool exactly = command.mandatory() == command.parameters.size();
  return FabricError(kTypeError, absl::StrFormat("execute() takes %s %d argument%s (%d given)",
                                                 exactly ? "exactly" : bound, takes + 1,
                                                 takes == 0 ? "" : "s", given + 1));
}

// As str() of Python 2: twelve digits, and always a point or an exponent.
std::string TextOfNumber(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  std::string text = absl::StrFormat("%.12g", number);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

// The index that Python's int() and list subscript make of `value` for a list of `size`.
std::optional<size_t> IndexOf(const Value& value, size_t size) {
  const std::optional<int64_t> number = IntegerOf(value);
  const auto length = static_cast<int64_t>(size);
  if (!number.has_value() || *number >= length || *number < -length) return std::nullopt;
  return static_cast<size_t>(*number < 0 ? *number + length : *number);
}

// "(0, 'FAULTY'), (1, 'SPARE')".
template <typename Enum, size_t kSize>
std::string Possible(const Enum (&all)[kSize]) {
  std::string text;
  for (size_t i = 0; i < kSize; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", "(", i, ", '", ToString(all[i]), "')");
  }
  return text;
}

// By name or by index.
template <typename Enum, size_t kSize>
std::optional<Enum> Choose(const Value& value, const Enum (&all)[kSize]) {
  if (const std::optional<size_t> index = IndexOf(value, kSize); index.has_value()) {
    return all[*index];
  }
  const std::string name = absl::AsciiStrToUpper(TextOf(value));
  const auto found =
      std::find_if(std::begin(all), std::end(all), [&](Enum one) { return ToString(one) == name; });
  if (found == std::end(all)) return std::nullopt;
  return *found;
}

// The original shows a number as it came, and a name in capitals.
std::string Shown(const Value& value) {
  return IntegerOf(value).has_value() ? TextOf(value) : absl::AsciiStrToUpper(TextOf(value));
}

}  // namespace

absl::StatusOr<List> Bind(const fabric::Command& command, const fabric::Call& call) {
  const std::vector<fabric::Parameter>& parameters = command.parameters;
  if (call.arguments.size() > parameters.size()) {
    return WrongCount(command, "at most", parameters.size(),
                      call.arguments.size() + call.named.size());
  }
  std::vector<std::optional<Value>> given(parameters.size());
  std::copy(call.arguments.begin(), call.arguments.end(), given.begin());
  for (const auto& [name, value] : call.named) {
    const auto found =
        std::find_if(parameters.begin(), parameters.end(),
                     [&, &name = name](const auto& parameter) { return parameter.name == name; });
    if (found == parameters.end()) {
      return FabricError(kTypeError,
                         absl::StrCat("execute() got an unexpected keyword argument '", name, "'"));
    }
    std::optional<Value>& place = given[found - parameters.begin()];
    if (place.has_value()) {
      return FabricError(
          kTypeError,
          absl::StrCat("execute() got multiple values for keyword argument '", name, "'"));
    }
    place = value;
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (given[i].has_value() || !parameters[i].is_mandatory()) continue;
    const auto count = std::count_if(given.begin(), given.end(),
                                     [](const auto& value) { return value.has_value(); });
    return WrongCount(command, "at least", command.mandatory(), count);
  }
  List bound;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const bool missing = !given[i].has_value() || given[i]->is_nil();
    if (missing && !parameters[i].is_mandatory()) {
      bound.push_back(*parameters[i].standard);
    } else {
      bound.push_back(*std::move(given[i]));
    }
  }
  return bound;
}

std::string TextOf(const Value& value) {
  struct Visitor {
    std::string operator()(const fabric::Nil&) const { return "None"; }
    std::string operator()(bool truth) const { return truth ? "True" : "False"; }
    std::string operator()(int64_t number) const { return absl::StrCat(number); }
    std::string operator()(double number) const { return TextOfNumber(number); }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(const List& list) const {
      std::string text = "[";
      for (const Value& one : list) {
        const bool quoted = std::holds_alternative<std::string>(one.data);
        absl::StrAppend(&text, text.size() == 1 ? "" : ", ", quoted ? "'" : "", TextOf(one),
                        quoted ? "'" : "");
      }
      return text + "]";
    }
    std::string operator()(const fabric::Struct&) const { return "{...}"; }
  };
  return std::visit(Visitor(), value.data);
}

std::string TextOrEmpty(const Value& value) { return value.is_nil() ? "" : TextOf(value); }

std::optional<int64_t> IntegerOf(const Value& value) {
  if (const auto* truth = std::get_if<bool>(&value.data)) return *truth ? 1 : 0;
  if (const auto* number = std::get_if<int64_t>(&value.data)) return *number;
  if (const auto* number = std::get_if<double>(&value.data)) {
    constexpr double kMost = 9e15;
    if (!(std::abs(*number) < kMost)) return std::nullopt;
    return static_cast<int64_t>(*number);
  }
  const auto* text = std::get_if<std::string>(&value.data);
  int64_t number = 0;
  if (text == nullptr || !absl::SimpleAtoi(*text, &number)) return std::nullopt;
  return number;
}

std::optional<double> NumberOf(const Value& value) {
  if (const auto* number = std::get_if<double>(&value.data)) return *number;
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    double number = 0;
    if (!absl::SimpleAtod(*text, &number)) return std::nullopt;
    return number;
  }
  const std::optional<int64_t> integer = IntegerOf(value);
  if (!integer.has_value()) return std::nullopt;
  return static_cast<double>(*integer);
}

std::vector<std::string> TextsOf(const Value& value) {
  if (value.is_nil()) return {};
  const auto* list = std::get_if<List>(&value.data);
  if (list == nullptr) return {TextOf(value)};
  std::vector<std::string> texts;
  for (const Value& one : *list) texts.push_back(TextOf(one));
  return texts;
}

bool IsTruthy(const Value& value) {
  struct Visitor {
    bool operator()(const fabric::Nil&) const { return false; }
    bool operator()(bool truth) const { return truth; }
    bool operator()(int64_t number) const { return number != 0; }
    bool operator()(double number) const { return number != 0; }
    bool operator()(const std::string& text) const { return !text.empty(); }
    bool operator()(const List& list) const { return !list.empty(); }
    bool operator()(const fabric::Struct& members) const { return !members.empty(); }
  };
  return std::visit(Visitor(), value.data);
}

bool IsSynchronous(const Value& value) {
  const std::string text = absl::AsciiStrToUpper(TextOf(value));
  return text != "FALSE" && text != "0";
}

absl::StatusOr<ServerStatus> StatusOfArgument(const Value& value) {
  if (const auto status = Choose(value, kStatuses); status.has_value()) return *status;
  return FabricError(kServerError,
                     absl::StrCat("Trying to use an invalid status (", Shown(value),
                                  "). Possible values are ", Possible(kStatuses), "."));
}

absl::StatusOr<ServerMode> ModeOfArgument(const Value& value) {
  if (const auto mode = Choose(value, kModes); mode.has_value()) return *mode;
  return FabricError(kServerError, absl::StrCat("Trying to use an invalid mode (", Shown(value),
                                                "). Possible values are: ", Possible(kModes), "."));
}

int NumberOnWire(ServerStatus status) {
  const auto found = std::find(std::begin(kStatuses), std::end(kStatuses), status);
  return static_cast<int>(found - std::begin(kStatuses));  // CONFIGURING comes after them
}

int NumberOnWire(ServerMode mode) {
  const auto found = std::find(std::begin(kModes), std::end(kModes), mode);
  return static_cast<int>(found - std::begin(kModes));
}

bool IsLike(absl::string_view text, absl::string_view pattern) {
  // Where the last % was, and how much of the text it has taken.
  size_t at = 0, in = 0, star = absl::string_view::npos, taken = 0;
  while (at < text.size()) {
    const bool escaped = in + 1 < pattern.size() && pattern[in] == '\\';
    const size_t letter = escaped ? in + 1 : in;
    const bool one = !escaped && in < pattern.size() && pattern[in] == '_';
    if (!escaped && in < pattern.size() && pattern[in] == '%') {
      star = in++;
      taken = at;
    } else if (letter < pattern.size() &&
               (one || absl::ascii_tolower(pattern[letter]) == absl::ascii_tolower(text[at]))) {
      in = letter + 1;
      ++at;
    } else if (star != absl::string_view::npos) {
      in = star + 1;
      at = ++taken;
    } else {
      return false;
    }
  }
  while (in < pattern.size() && pattern[in] == '%') ++in;
  return in == pattern.size();
}

}  // namespace weft::gateway
