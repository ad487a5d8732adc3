#pragma once
// One suite of promises for every provider of machines (services/provisioner/ports/provider.h).
// Each file provider_*_test.cc instantiates it with what makes its provider.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

enum class Trouble {
  kNone,
  kUnreachable,
  kServerError,
  kWrongCredentials,
  kGarbage,    // no JSON, or what its interface is made of
  kOtherJson,  // JSON, but not of its interface
  kEcho,       // an answer that repeats what was sent
  kHalf,       // the connection ends within the answer
  kRedirect,
  kSlow,  // no answer at all
  kQuota,
  kNeverRuns,  // machines are made and do not come up
};

// A provider with what stands behind it, made anew for each test.
class ProviderUnderTest {
 public:
  virtual ~ProviderUnderTest() = default;

  virtual Provider& provider() = 0;
  virtual std::string provider_id() = 0;
  // That is granted where nothing is wrong; without meta where nothing is.
  virtual MachineOrder Order() = 0;
  // An order for an image that is not there; one of an empty uuid where there are no images.
  virtual MachineOrder OrderOfUnknownImage() { return {}; }
  // Whether an unknown image is known only when the machine comes up: it then is kFailed.
  virtual bool learns_of_images_late() { return false; }
  // Whether any image and flavor will do.
  virtual bool takes_any_image() { return false; }
  virtual bool offers_snapshots() = 0;
  // What must be in no error.
  virtual std::vector<std::string> Secrets() { return {}; }
  // Brings a trouble about, or ends it (kNone). False: it cannot be had with this provider. Orders
  // are asked for after it, so that the trouble may be in them.
  virtual bool Stage(Trouble trouble) = 0;

  // In which a machine comes up, and whatever is asked for is done.
  virtual absl::Duration patience() { return absl::Seconds(20); }

  Deadline Soon() { return Soon(patience()); }
  Deadline Soon(absl::Duration timeout) { return Deadline::After(RealClock::Get(), timeout); }
};

struct ProviderMaker {
  std::string name;
  // nullptr, after saying why, where this machine lacks what it takes.
  std::function<std::unique_ptr<ProviderUnderTest>()> make;
};

class ProviderContract : public ::testing::TestWithParam<ProviderMaker> {
 protected:
  void SetUp() override {
    under_test_ = GetParam().make();
    if (under_test_ == nullptr) GTEST_SKIP() << "NOT RUN: what it needs cannot be had here";
  }

  ProviderUnderTest& under_test() { return *under_test_; }
  Provider& provider() { return under_test_->provider(); }
  Deadline Soon() { return under_test_->Soon(); }
  // Created, and waited for until it runs.
  Machine Running(const MachineOrder& order);
  // Gets it until it is no more pending.
  Machine AwaitSettled(const std::string& uuid);
  size_t Count();

 private:
  std::unique_ptr<ProviderUnderTest> under_test_;
};

// For a snapshot of the machine; another one at each call.
std::string NewSnapshotName(const std::string& uuid);

// For INSTANTIATE_TEST_SUITE_P.
std::string ProviderName(const ::testing::TestParamInfo<ProviderMaker>& info);

}  // namespace weft::provisioner
