#include "common/log/log.h"

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "common/base/status_macros.h"

namespace weft::log {
namespace {

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// Hands each line to the kernel in one piece, so that neither threads nor processes that share the
// descriptor tear each other's lines.
class DescriptorSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string line(message.payload.data(), message.payload.size());
    line.push_back('\n');
    absl::string_view rest = line;
    while (!rest.empty()) {
      const ssize_t written = write(descriptor_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;  // a log that cannot be written must not stop the process
      rest.remove_prefix(static_cast<size_t>(written));
    }
  }
  void flush_() override {}

 private:
  const int descriptor_;
};

// What Initialize sets; replaced as a whole, never destroyed, so that threads may log during exit.
struct State {
  Options options;
  std::unique_ptr<spdlog::logger> logger;
  // Kept, since another thread may still be inside it.
  State* replaced = nullptr;
};

State* MakeState(const Options& options, State* replaced = nullptr) {
  auto* state = new State{.options = options, .logger = nullptr, .replaced = replaced};
  state->logger = std::make_unique<spdlog::logger>(
      "weft", std::make_shared<DescriptorSink>(options.file_descriptor));
  state->logger->set_level(ToSpdlog(options.level));
  return state;
}

std::atomic<State*>& Current() {
  static std::atomic<State*> state = MakeState(Options{});
  return state;
}

bool IsPlain(absl::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == '"' || byte == '=' || byte == '\\' || byte == 0x7f) return false;
  }
  return !text.empty();
}

// Escapes as JSON does; logfmt readers understand the same.
void AppendQuoted(std::string& out, absl::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c == '\t') {
      out.append("\\t");
    } else if (byte < ' ' || byte == 0x7f) {
      absl::StrAppendFormat(&out, "\\u%04x", byte);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

class LineBuilder {
 public:
  explicit LineBuilder(Format format) : format_(format) {
    if (format_ == Format::kJson) line_.push_back('{');
  }

  void Append(absl::string_view key, absl::string_view value, bool is_literal = false) {
    const bool first = line_.size() <= 1;
    if (format_ == Format::kJson) {
      if (!first) line_.push_back(',');
      AppendQuoted(line_, key);
      line_.push_back(':');
      AppendValue(value, is_literal);
      return;
    }
    if (!first) line_.push_back(' ');
    absl::StrAppend(&line_, key, "=");
    AppendValue(value, IsPlain(value));
  }

  std::string Finish() {
    if (format_ == Format::kJson) line_.push_back('}');
    return std::move(line_);
  }

 private:
  void AppendValue(absl::string_view value, bool bare) {
    if (bare) {
      absl::StrAppend(&line_, value);
    } else {
      AppendQuoted(line_, value);
    }
  }

  const Format format_;
  std::string line_;
};

absl::string_view Name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "info";
}

std::string FormatTimestamp(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E6SZ", time, absl::UTCTimeZone());
}

// Infinity and NaN are no JSON numbers.
bool IsJsonNumber(absl::string_view text) {
  return !text.empty() && (absl::ascii_isdigit(text[0]) || text[0] == '-') &&
         absl::ascii_isdigit(text.back());
}

}  // namespace

Field::Field(absl::string_view key, absl::string_view value) : key_(key), value_(value) {}
Field::Field(absl::string_view key, bool value)
    : key_(key), value_(value ? "true" : "false"), is_literal_(true) {}
Field::Field(absl::string_view key, int value)
    : key_(key), value_(absl::StrCat(value)), is_literal_(true) {}
Field::Field(absl::string_view key, long value)  // NOLINT(google-runtime-int)
    : key_(key), value_(absl::StrCat(value)), is_literal_(true) {}
Field::Field(absl::string_view key, long long value)  // NOLINT(google-runtime-int)
    : key_(key), value_(absl::StrCat(value)), is_literal_(true) {}
Field::Field(absl::string_view key, unsigned value)
    : key_(key), value_(absl::StrCat(value)), is_literal_(true) {}
Field::Field(absl::string_view key, unsigned long value)  // NOLINT(google-runtime-int)
    : key_(key), value_(absl::StrCat(value)), is_literal_(true) {}
Field::Field(absl::string_view key, unsigned long long value)  // NOLINT(google-runtime-int)
    : key_(key), value_(absl::StrCat(value)), is_literal_(true) {}
Field::Field(absl::string_view key, double value)
    : key_(key), value_(absl::StrCat(value)), is_literal_(IsJsonNumber(value_)) {}
Field::Field(absl::string_view key, absl::Duration value)
    : key_(key), value_(absl::FormatDuration(value)) {}
Field::Field(absl::string_view key, absl::Time value) : key_(key), value_(FormatTimestamp(value)) {}
Field::Field(absl::string_view key, const absl::Status& value)
    : key_(key),
      value_(value.ok()
                 ? "OK"
                 : absl::StrCat(absl::StatusCodeToString(value.code()), ": ", value.message())) {}

void Initialize(const Options& options) { Current().store(MakeState(options, Current().load())); }

absl::Status Initialize(absl::string_view service, absl::string_view level,
                        absl::string_view format) {
  Options options;
  options.service = std::string(service);
  WEFT_RETURN_IF_ERROR(ParseLevel(level, &options.level));
  WEFT_RETURN_IF_ERROR(ParseFormat(format, &options.format));
  Initialize(options);
  return absl::OkStatus();
}

void SetLevel(Level level) { Current().load()->logger->set_level(ToSpdlog(level)); }

bool Enabled(Level level) { return Current().load()->logger->should_log(ToSpdlog(level)); }

absl::Status ParseLevel(absl::string_view text, Level* level) {
  for (const Level candidate : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    if (text == Name(candidate) || (text == "warn" && candidate == Level::kWarning)) {
      *level = candidate;
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("log level: expected debug, info, warning or error, found \"", text, "\""));
}

absl::Status ParseFormat(absl::string_view text, Format* format) {
  if (text != "logfmt" && text != "json") {
    return absl::InvalidArgumentError(
        absl::StrCat("log format: expected logfmt or json, found \"", text, "\""));
  }
  *format = text == "json" ? Format::kJson : Format::kLogfmt;
  return absl::OkStatus();
}

void Write(Level level, absl::string_view message, std::initializer_list<Field> fields) {
  State* const state = Current().load();
  const std::string line =
      FormatLine(state->options, RealClock::Get()->Now(), level, message, fields);
  state->logger->log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

std::string FormatLine(const Options& options, absl::Time time, Level level,
                       absl::string_view message, std::initializer_list<Field> fields) {
  LineBuilder line(options.format);
  line.Append("time", FormatTimestamp(time));
  line.Append("level", Name(level));
  if (!options.service.empty()) line.Append("service", options.service);
  line.Append("msg", message);
  for (const Field& field : fields) line.Append(field.key(), field.value(), field.is_literal());
  return line.Finish();
}

}  // namespace weft::log
