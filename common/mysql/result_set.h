#pragma once
// The rows of a query, wholly in memory. A value, no I/O.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::mysql {

class ResultSet {
 public:
  using Cell = std::optional<std::string>;  // nullopt is NULL
  using RowData = std::vector<Cell>;

  ResultSet() = default;
  ResultSet(std::vector<std::string> columns, std::vector<RowData> rows);

  // One row of a ResultSet, which must outlive it. Columns are found by name, without regard to
  // case.
  class Row {
   public:
    // NULL and an absent column alike give nullopt.
    const Cell& Get(absl::string_view column) const;
    const Cell& operator[](size_t column) const { return (*data_)[column]; }

    // NotFound: no such column. FailedPrecondition: NULL. InvalidArgument: not of that type.
    // Messages name the column.
    absl::StatusOr<std::string> String(absl::string_view column) const;
    absl::StatusOr<int64_t> Int(absl::string_view column) const;
    absl::StatusOr<uint64_t> Uint(absl::string_view column) const;
    absl::StatusOr<double> Double(absl::string_view column) const;
    // 1 ON YES TRUE, 0 OFF NO FALSE, any case.
    absl::StatusOr<bool> Bool(absl::string_view column) const;

    // The same with a value for "absent, NULL or not of that type": for optional columns of SHOW
    // statements.
    std::string StringOr(absl::string_view column, absl::string_view otherwise) const;
    int64_t IntOr(absl::string_view column, int64_t otherwise) const;
    uint64_t UintOr(absl::string_view column, uint64_t otherwise) const;
    bool BoolOr(absl::string_view column, bool otherwise) const;

    const RowData& data() const { return *data_; }

   private:
    friend class ResultSet;
    Row(const ResultSet* set, const RowData* data) : set_(set), data_(data) {}
    const ResultSet* set_;
    const RowData* data_;
  };

  size_t size() const { return rows_.size(); }
  bool empty() const { return rows_.empty(); }
  // REQUIRES: index < size().
  Row operator[](size_t index) const { return Row(this, &rows_[index]); }
  Row front() const { return (*this)[0]; }

  // for (const ResultSet::Row row : result) ...
  class Iterator {
   public:
    Iterator(const ResultSet* set, size_t index) : set_(set), index_(index) {}
    Row operator*() const { return (*set_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const ResultSet* set_;
    size_t index_;
  };
  Iterator begin() const { return Iterator(this, 0); }
  Iterator end() const { return Iterator(this, rows_.size()); }

  const std::vector<std::string>& columns() const { return columns_; }
  const std::vector<RowData>& rows() const { return rows_; }

 private:
  // The index of a column; nullopt when absent.
  std::optional<size_t> Find(absl::string_view column) const;

  std::vector<std::string> columns_;
  std::vector<RowData> rows_;
};

}  // namespace weft::mysql
