#include "services/provisioner/dataset/part_pump.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "services/provisioner/dataset/logical_sql.h"
#include "services/provisioner/dataset/row_encoder.h"

namespace weft::provisioner {
namespace {

// Rows are encoded this far ahead of what the library asks for.
constexpr size_t kBatch = size_t{64} << 10;

// Turns the rows of a SELECT into what LOAD DATA reads.
class Feed {
 public:
  // `marked`: the last column is not a row's own, and "1" of one that is to be left out.
  Feed(mysql::BulkSession* reader, bool marked)
      : reader_(reader), marked_(marked), encoder_(reader->plain_columns()) {}

  // At most `size` bytes; 0 at the end.
  absl::StatusOr<size_t> Fill(char* buffer, size_t size) {
    if (sent_ == batch_.size()) WEFT_RETURN_IF_ERROR(ReadBatch());
    const size_t count = std::min(size, batch_.size() - sent_);
    std::memcpy(buffer, batch_.data() + sent_, count);
    sent_ += count;
    return count;
  }

  uint64_t rows() const { return rows_; }
  uint64_t left_out() const { return left_out_; }

 private:
  absl::Status ReadBatch() {
    batch_.clear();
    sent_ = 0;
    while (!ended_ && batch_.size() < kBatch) {
      if (row_.cells == nullptr) WEFT_RETURN_IF_ERROR(NextRow());
      if (row_.cells == nullptr) continue;
      if (!encoder_.Append(row_, kBatch, &place_, &batch_)) break;
      row_ = {};
      ++rows_;
    }
    return absl::OkStatus();
  }

  // None at the end, and in place of one that is left out.
  absl::Status NextRow() {
    WEFT_ASSIGN_OR_RETURN(row_, reader_->NextRow());
    place_ = {};
    ended_ = row_.cells == nullptr;
    if (ended_ || !marked_) return absl::OkStatus();
    --row_.count;
    if (*row_.cells[row_.count] != '1') return absl::OkStatus();
    ++left_out_;
    row_ = {};
    return absl::OkStatus();
  }

  mysql::BulkSession* const reader_;
  const bool marked_;
  const RowEncoder encoder_;
  std::string batch_;
  size_t sent_ = 0;
  mysql::RawRow row_;  // of which some is not yet in a batch
  RowEncoder::Place place_;
  uint64_t rows_ = 0;
  uint64_t left_out_ = 0;
  bool ended_ = false;
};

absl::Status Lost(const Part& part, absl::string_view what, mysql::BulkSession& loader) {
  std::string warning;
  if (loader.Select(sql::kWarnings).ok()) {
    if (const auto row = loader.NextRow(); row.ok() && row->cells != nullptr && row->count > 2) {
      warning.assign(row->cells[2], row->lengths[2]);
    }
  }
  return Refusal(
      absl::StatusCode::kDataLoss, "ROWS_LOST",
      absl::StrCat("not every row of ", part.table->QuotedName(), " arrived whole: ", what),
      "the rows as they are", warning.empty() ? std::string(what) : warning,
      "copy by another method, or to the same version");
}

}  // namespace

PartPump::PartPump(std::vector<Pair> pairs, std::vector<Part> parts, Throttle* throttle)
    : parts_(std::move(parts)), throttle_(throttle), pairs_(std::move(pairs)) {
  for (const Part& part : parts_) ++unmoved_[part.table];
  for (Pair& pair : pairs_) threads_.emplace_back([this, &pair] { Work(pair); });
}

PartPump::~PartPump() {
  if (!done()) Stop();
  for (std::thread& thread : threads_) thread.join();
}

void PartPump::Stop() {
  stop_ = true;
  for (Pair& pair : pairs_) {
    pair.reader->Abort();
    pair.loader->Abort();
  }
}

bool PartPump::done() const { return ended_ == pairs_.size(); }

absl::Status PartPump::status() const {
  MutexLock lock(&mutex_);
  return status_;
}

void PartPump::Fail(absl::Status status) {
  stop_ = true;
  {
    MutexLock lock(&mutex_);
    if (status_.ok()) status_ = std::move(status);
  }
  // Others may be making keys, for hours; what they are told counts no more.
  Stop();
}

const Part* PartPump::Next() {
  const size_t index = next_++;
  return stop_ || index >= parts_.size() ? nullptr : &parts_[index];
}

void PartPump::Work(Pair& pair) {
  absl::Status status = MoveParts(pair);
  if (status.ok() && &pair == &pairs_.front()) status = MoveLargeRows(pair);
  if (!status.ok()) Fail(std::move(status));
  MutexLock lock(&mutex_);
  ++ended_;
  pair_ended_.NotifyAll();
}

absl::Status PartPump::MoveParts(Pair& pair) {
  while (const Part* const part = Next()) {
    const std::string name = part->table->QuotedName();
    WEFT_RETURN_IF_ERROR(Annotate(Move(pair, *part), absl::StrCat("rows of ", name)));
    if (--unmoved_.at(part->table) > 0 || part->table->add_keys.empty()) continue;
    WEFT_RETURN_IF_ERROR(
        Annotate(pair.loader->Execute(AddKeysOf(*part->table)), absl::StrCat("keys of ", name)));
  }
  return absl::OkStatus();
}

absl::Status PartPump::MoveLargeRows(Pair& pair) {
  std::vector<LargeRows> all;
  {
    MutexLock lock(&mutex_);
    while (ended_ + 1 < pairs_.size()) pair_ended_.Wait(&mutex_);
    all = large_;
  }
  for (const LargeRows& large : all) {
    const Part& part = *large.part;
    const uint64_t before = rows_;
    WEFT_RETURN_IF_ERROR(
        Annotate(MoveRows(pair, part, SelectLargeOf(part), /*marked=*/false).status(),
                 absl::StrCat("large rows of ", part.table->QuotedName())));
    if (rows_ - before == large.count) continue;
    return Lost(part, absl::StrCat(large.count, " large rows, ", rows_ - before, " read"),
                *pair.loader);
  }
  return absl::OkStatus();
}

absl::Status PartPump::OfSource(absl::Status status) {
  if (absl::IsUnavailable(status) && !stop_) source_lost_ = true;
  return status;
}

absl::Status PartPump::Move(Pair& pair, const Part& part) {
  const bool marked = part.table->MayHaveLargeRows();
  WEFT_ASSIGN_OR_RETURN(const uint64_t large, MoveRows(pair, part, SelectOf(part), marked));
  if (large == 0) return absl::OkStatus();
  MutexLock lock(&mutex_);
  large_.push_back({&part, large});
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> PartPump::MoveRows(Pair& pair, const Part& part, const std::string& select,
                                            bool marked) {
  WEFT_RETURN_IF_ERROR(OfSource(pair.reader->Select(select)));
  Feed feed(pair.reader, marked);
  uint64_t counted = 0;
  const auto may_go_on = [this] {
    return stop_ ? absl::CancelledError("the copy ends") : absl::OkStatus();
  };
  const auto produce = [&](char* buffer, size_t size) -> absl::StatusOr<size_t> {
    WEFT_RETURN_IF_ERROR(may_go_on());
    const absl::StatusOr<size_t> filled = feed.Fill(buffer, size);
    if (!filled.ok()) return OfSource(filled.status());
    const size_t count = *filled;
    WEFT_RETURN_IF_ERROR(throttle_->Take(count, may_go_on));
    bytes_ += count;
    rows_ += feed.rows() - counted;
    counted = feed.rows();
    return count;
  };
  WEFT_ASSIGN_OR_RETURN(const mysql::LoadFigures loaded, pair.loader->Load(LoadOf(part), produce));
  if (loaded.warnings > 0) {
    return Lost(part, absl::StrCat(loaded.warnings, " warnings"), *pair.loader);
  }
  if (loaded.skipped > 0 || loaded.records != feed.rows()) {
    return Lost(part,
                absl::StrCat(feed.rows(), " rows read, ", loaded.records - loaded.skipped, " kept"),
                *pair.loader);
  }
  return feed.left_out();
}

}  // namespace weft::provisioner
