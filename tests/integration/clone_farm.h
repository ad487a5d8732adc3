#pragma once
// Two real servers, and copies from the first to the second by the engines alone.
#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/mysqld/testing/farm_fixture.h"
#include "gtest/gtest.h"
#include "services/provisioner/dataset/copy.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

class CloneFarm : public ::testing::Test {
 protected:
  void Start(const std::string& version, int servers = 2);
  // With data enough for a copy to be met under way at the rate of Slow.
  void StartFilled(const std::string& version = "9.7");
  static uint64_t Slow(CopyMethod method);
  // Logs in to servers as this farm's accounts do.
  static std::unique_ptr<FarmAccess> AccessTo(const testing::TestFarm& farm);

  HostPort address(int index) const;
  std::string Root(int index, absl::string_view sql);
  // While a copy is at work: "" also where root is cut off, as offline_mode does to who logs in
  // just then.
  std::string Peek(int index, absl::string_view sql);

  CopyOrder Order() const;
  absl::StatusOr<CopyFigures> Copy(CopyMethod method, const std::function<bool()>& cancelled = {});
  // Whether data come already in the copy under way.
  bool UnderWay() const;
  // A copy at `rate` that `fault` hits once, as soon as data come.
  absl::StatusOr<CopyFigures> CopyAndHit(CopyMethod method, uint64_t rate,
                                         const std::function<void()>& fault);
  // The same, until `mend` after `lasts`.
  absl::StatusOr<CopyFigures> CopyThrough(CopyMethod method, uint64_t rate, absl::Duration lasts,
                                          const std::function<void()>& fault,
                                          const std::function<void()>& mend);
  // Begins a copy in a process of its own and kills that, as a provisioner dies, once `when` is
  // true; it is asked all the time. Fails where the copy ends before.
  void CopyAndDie(CopyMethod method, const std::function<bool()>& when);

  void ExpectAlike();
  // The target has no data, no GTIDs and no mark, and writes are refused.
  void ExpectEmpty();

  std::unique_ptr<testing::TestFarm> farm_;
  std::unique_ptr<FarmAccess> access_;
  CopyProgress last_;
  uint64_t bytes_per_second_ = 0;
  bool resumed_ = false;
  absl::Duration patience_ = absl::Minutes(1);
};

}  // namespace weft::provisioner
