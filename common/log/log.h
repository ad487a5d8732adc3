#pragma once
// Structured logs: one event per line, a fixed message plus named values.
//   WEFT_LOG(kInfo, "operation finished", {{"operation", id}, {"group", group}, {"ms",
//   elapsed_ms}}); time=2026-01-02T03:04:05.678901Z level=info msg="operation finished"
//   operation=42 group=g1 ms=17 thread=7
// Messages are constant sentences, so that logs can be searched; what varies goes into fields.
// Never log a secret. Field keys are lower snake case; keys that every process uses: operation,
// group, server, epoch, error.
#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace weft::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kLogfmt, kJson };

struct Options {
  Level level = Level::kInfo;
  Format format = Format::kLogfmt;
  // Added to every line as "service"; empty leaves it out.
  std::string service;
  // Where lines go: 2 is stderr. Each line is one write(2), so lines of several threads never mix.
  int file_descriptor = 2;
};

// One named value. Implicit from everything that is worth logging, so that a list of them reads
// like a table.
class Field {
 public:
  Field(absl::string_view key, absl::string_view value);
  Field(absl::string_view key, const std::string& value) : Field(key, absl::string_view(value)) {}
  Field(absl::string_view key, const char* value) : Field(key, absl::string_view(value)) {}
  Field(absl::string_view key, bool value);
  Field(absl::string_view key, int value);
  Field(absl::string_view key, long value);       // NOLINT(google-runtime-int): all integer types
  Field(absl::string_view key, long long value);  // NOLINT(google-runtime-int)
  Field(absl::string_view key, unsigned value);
  Field(absl::string_view key, unsigned long value);       // NOLINT(google-runtime-int)
  Field(absl::string_view key, unsigned long long value);  // NOLINT(google-runtime-int)
  Field(absl::string_view key, double value);
  Field(absl::string_view key, absl::Duration value);  // as "1.5s"
  Field(absl::string_view key, absl::Time value);      // RFC 3339, UTC
  Field(absl::string_view key, const absl::Status& value);

  const std::string& key() const { return key_; }
  const std::string& value() const { return value_; }
  // Numbers and booleans stand unquoted in JSON.
  bool is_literal() const { return is_literal_; }

 private:
  std::string key_;
  std::string value_;
  bool is_literal_ = false;
};

// Call once from main, before other threads run. Without it, Options{} holds.
void Initialize(const Options& options);
// The same for the process `service` by the texts of its flags. Errors as ParseLevel and
// ParseFormat.
absl::Status Initialize(absl::string_view service, absl::string_view level,
                        absl::string_view format);

// Any thread, at any time.
void SetLevel(Level level);
bool Enabled(Level level);

// "debug", "info", "warning" (or "warn"), "error"; an InvalidArgument status names them otherwise.
absl::Status ParseLevel(absl::string_view text, Level* level);
// "logfmt", "json".
absl::Status ParseFormat(absl::string_view text, Format* format);

// Thread safe; blocks only as long as the write to the file descriptor does. Use WEFT_LOG, which
// evaluates the fields only when the level is on.
void Write(Level level, absl::string_view message, std::initializer_list<Field> fields);

// The line that Write would write, without its line feed. Pure.
std::string FormatLine(const Options& options, absl::Time time, Level level,
                       absl::string_view message, std::initializer_list<Field> fields);

}  // namespace weft::log

// `level` is kDebug, kInfo, kWarning or kError. The fields are a braced list and may be left out.
#define WEFT_LOG(level, ...)                                               \
  do {                                                                     \
    if (::weft::log::Enabled(::weft::log::Level::level))                   \
      ::weft::log::WriteArguments(::weft::log::Level::level, __VA_ARGS__); \
  } while (false)

namespace weft::log {
inline void WriteArguments(Level level, absl::string_view message,
                           std::initializer_list<Field> fields = {}) {
  Write(level, message, fields);
}
}  // namespace weft::log
