#include "common/mysql/result_set.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace weft::mysql {
namespace {

template <typename Number>
absl::StatusOr<Number> ParseNumber(absl::string_view column,
                                   const absl::StatusOr<std::string>& text, absl::string_view type,
                                   bool (*parse)(absl::string_view, Number*)) {
  if (!text.ok()) return text.status();
  Number number{};
  if (!parse(*text, &number)) {
    return absl::InvalidArgumentError(
        absl::StrCat("column ", column, ": expected ", type, ", found \"", *text, "\""));
  }
  return number;
}

bool ParseBool(absl::string_view text, bool* value) {
  for (const absl::string_view yes : {"1", "ON", "YES", "TRUE"}) {
    if (absl::EqualsIgnoreCase(text, yes)) return *value = true;
  }
  for (const absl::string_view no : {"0", "OFF", "NO", "FALSE"}) {
    if (absl::EqualsIgnoreCase(text, no)) {
      *value = false;
      return true;
    }
  }
  return false;
}

}  // namespace

ResultSet::ResultSet(std::vector<std::string> columns, std::vector<RowData> rows)
    : columns_(std::move(columns)), rows_(std::move(rows)) {}

std::optional<size_t> ResultSet::Find(absl::string_view column) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (absl::EqualsIgnoreCase(columns_[i], column)) return i;
  }
  return std::nullopt;
}

const ResultSet::Cell& ResultSet::Row::Get(absl::string_view column) const {
  static const Cell null;
  const std::optional<size_t> index = set_->Find(column);
  return index.has_value() ? (*data_)[*index] : null;
}

absl::StatusOr<std::string> ResultSet::Row::String(absl::string_view column) const {
  const std::optional<size_t> index = set_->Find(column);
  if (!index.has_value()) return absl::NotFoundError(absl::StrCat("column ", column, " is absent"));
  const Cell& cell = (*data_)[*index];
  if (!cell.has_value()) {
    return absl::FailedPreconditionError(absl::StrCat("column ", column, " is NULL"));
  }
  return *cell;
}

absl::StatusOr<int64_t> ResultSet::Row::Int(absl::string_view column) const {
  return ParseNumber<int64_t>(column, String(column), "an integer", absl::SimpleAtoi<int64_t>);
}

absl::StatusOr<uint64_t> ResultSet::Row::Uint(absl::string_view column) const {
  return ParseNumber<uint64_t>(column, String(column), "an unsigned integer",
                               absl::SimpleAtoi<uint64_t>);
}

absl::StatusOr<double> ResultSet::Row::Double(absl::string_view column) const {
  return ParseNumber<double>(column, String(column), "a number", absl::SimpleAtod);
}

absl::StatusOr<bool> ResultSet::Row::Bool(absl::string_view column) const {
  return ParseNumber<bool>(column, String(column), "ON or OFF", ParseBool);
}

std::string ResultSet::Row::StringOr(absl::string_view column, absl::string_view otherwise) const {
  return Get(column).value_or(std::string(otherwise));
}

int64_t ResultSet::Row::IntOr(absl::string_view column, int64_t otherwise) const {
  return Int(column).value_or(otherwise);
}

uint64_t ResultSet::Row::UintOr(absl::string_view column, uint64_t otherwise) const {
  return Uint(column).value_or(otherwise);
}

bool ResultSet::Row::BoolOr(absl::string_view column, bool otherwise) const {
  return Bool(column).value_or(otherwise);
}

}  // namespace weft::mysql
