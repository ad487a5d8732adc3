#include "services/controller/mysql/store_sessions.h"

#include "absl/strings/match.h"
#include "common/base/clock.h"
#include "gtest/gtest.h"

namespace weft::controller {
namespace {

// Nothing listens where the store is said to be.
class Elsewhere : public StorePlace {
 public:
  absl::StatusOr<HostPort> Find() override {
    ++asked_;
    if (doubted && asked_ % 2 == 0) return absl::UnavailableError("not known again yet");
    return HostPort{"127.0.0.1", port};
  }

  uint16_t port = 1;
  bool doubted = false;  // every second time it is not known

 private:
  int asked_ = 0;
};

// Between two looks for the store it may become unknown where it is.
TEST(StoreSessionsTest, GoOnTryingAfterAPlaceThatWasLostOnTheWay) {
  Elsewhere place;
  LostWrites lost;
  StoreSessions::Options options;
  options.connect.user = "u";
  options.rest = absl::ZeroDuration();
  options.clock = RealClock::Get();
  options.random = [] { return 0.0; };
  options.lost = &lost;
  options.place = &place;
  StoreSessions sessions(options);
  const auto ends_with = [&sessions] {
    return std::string(sessions.Read("SELECT 1", {}).status().message());
  };
  EXPECT_TRUE(absl::StrContains(ends_with(), "127.0.0.1:1")) << ends_with();
  place.doubted = true;
  for (int i = 0; i < 3; ++i) ends_with();
  place.doubted = false;
  place.port = 2;
  EXPECT_TRUE(absl::StrContains(ends_with(), "127.0.0.1:2")) << ends_with();
}

}  // namespace
}  // namespace weft::controller
