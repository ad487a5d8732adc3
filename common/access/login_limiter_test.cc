#include "common/access/login_limiter.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace weft::access {
namespace {

class LoginLimiterTest : public ::testing::Test {
 protected:
  void Fail(const std::string& peer, const std::string& user, int times) {
    for (int i = 0; i < times; ++i) limiter_.Failed(peer, user, now_);
  }
  absl::Duration Wait(const std::string& peer, const std::string& user) {
    return limiter_.Wait(peer, user, now_);
  }

  LoginLimiter limiter_;
  absl::Duration now_ = absl::Hours(100);
};

TEST_F(LoginLimiterTest, AFewMistakesCostNothing) {
  Fail("10.0.0.1", "jane", 3);
  EXPECT_EQ(Wait("10.0.0.1", "jane"), absl::ZeroDuration());
}

TEST_F(LoginLimiterTest, WaitsDoubleUpToTheBound) {
  Fail("10.0.0.1", "jane", 4);
  EXPECT_EQ(Wait("10.0.0.1", "jane"), absl::Milliseconds(500));
  Fail("10.0.0.1", "jane", 1);
  EXPECT_EQ(Wait("10.0.0.1", "jane"), absl::Seconds(1));
  Fail("10.0.0.1", "jane", 1000);
  EXPECT_EQ(Wait("10.0.0.1", "jane"), absl::Seconds(30));
  now_ += absl::Seconds(30);
  EXPECT_EQ(Wait("10.0.0.1", "jane"), absl::ZeroDuration());
}

TEST_F(LoginLimiterTest, StrangersDoNotKeepAUserOut) {
  Fail("10.0.0.1", "jane", 1000);
  EXPECT_EQ(Wait("10.0.0.2", "jane"), absl::ZeroDuration());
}

TEST_F(LoginLimiterTest, AClientThatTriesManyUsersWaitsWithAllOfThem) {
  for (int i = 0; i < 21; ++i) Fail("10.0.0.1", absl::StrCat("user", i), 1);
  EXPECT_GT(Wait("10.0.0.1", "another"), absl::ZeroDuration());
  EXPECT_EQ(Wait("10.0.0.2", "another"), absl::ZeroDuration());
}

TEST_F(LoginLimiterTest, SuccessForgetsTheUsersMistakesAndNotTheOthers) {
  Fail("10.0.0.1", "jane", 10);
  Fail("10.0.0.1", "joe", 10);
  limiter_.Succeeded("10.0.0.1", "jane");
  EXPECT_EQ(Wait("10.0.0.1", "jane"), absl::ZeroDuration());
  EXPECT_GT(Wait("10.0.0.1", "joe"), absl::ZeroDuration());
}

TEST_F(LoginLimiterTest, OldMistakesAreForgotten) {
  Fail("10.0.0.1", "jane", 100);
  now_ += absl::Minutes(15);
  Fail("10.0.0.1", "jane", 1);
  EXPECT_EQ(Wait("10.0.0.1", "jane"), absl::ZeroDuration());
}

TEST_F(LoginLimiterTest, WhatIsTooOldIsDropped) {
  Fail("10.0.0.1", "jane", 1);
  now_ += absl::Minutes(10);
  Fail("10.0.0.2", "jane", 1);
  now_ += absl::Minutes(5);
  limiter_.Expire(now_);
  EXPECT_EQ(limiter_.size(), 2u);  // of the second client, alone and with its user
}

TEST_F(LoginLimiterTest, MemoryIsBoundedAndTheNewestCount) {
  for (int i = 0; i < 20'000; ++i) Fail(absl::StrCat("10.0.", i / 256, ".", i % 256), "jane", 1);
  EXPECT_EQ(limiter_.size(), LoginLimiter::Options().max_entries);
  Fail("10.9.9.9", "jane", 10);
  EXPECT_GT(Wait("10.9.9.9", "jane"), absl::ZeroDuration());
}

TEST_F(LoginLimiterTest, LongNamesCostNoMemory) {
  Fail("10.0.0.1", std::string(1'000'000, 'x'), 10);
  EXPECT_GT(Wait("10.0.0.1", std::string(100, 'x')), absl::ZeroDuration());
}

TEST(PeerKeyTest, IsTheAddressWithoutSchemeAndPort) {
  EXPECT_EQ(PeerKey("ipv4:10.0.0.7:4711"), "10.0.0.7");
  EXPECT_EQ(PeerKey("10.0.0.7:4711"), "10.0.0.7");
  EXPECT_EQ(PeerKey("10.0.0.7"), "10.0.0.7");
  EXPECT_EQ(PeerKey("ipv6:%5B::1%5D:4711"), "::1");
  EXPECT_EQ(PeerKey("[::ffff:10.0.0.7]:4711"), "10.0.0.7");
  EXPECT_EQ(PeerKey("unix:/run/x"), "local");
  EXPECT_EQ(PeerKey(""), "");
}

TEST(PeerKeyTest, OneIpv6NetworkIsOneClient) {
  EXPECT_EQ(PeerKey("ipv6:%5B2001:db8:1:2::3%5D:4711"), "20010db800010002/64");
  EXPECT_EQ(PeerKey("[2001:db8:1:2:ffff::9]:1"), PeerKey("[2001:db8:1:2::3]:2"));
  EXPECT_NE(PeerKey("[2001:db8:1:3::3]:1"), PeerKey("[2001:db8:1:2::3]:1"));
}

TEST(PeerKeyTest, LoopbackIsLocal) {
  for (const char* peer : {"ipv4:127.0.0.1:5", "ipv6:%5B::1%5D:5", "unix:", "inproc"}) {
    EXPECT_TRUE(IsLocalPeer(PeerKey(peer))) << peer;
  }
  EXPECT_FALSE(IsLocalPeer(PeerKey("ipv4:10.0.0.7:5")));
}

}  // namespace
}  // namespace weft::access
