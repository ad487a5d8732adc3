#include "services/provisioner/sealing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "common/base/error_details.h"

namespace weft::provisioner {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kKey[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr char kOther[] = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

Seal Sealing(const char* key) { return *Seal::Create(key); }

TEST(SealTest, OpensWhatItClosed) {
  const Seal seal = Sealing(kKey);
  for (const char* secret : {"", "s3cret", "with $ and \n and \xff"}) {
    EXPECT_EQ(*seal.Open(seal.Close(secret, "os"), "os"), secret);
  }
}

TEST(SealTest, ShowsNothing) {
  EXPECT_THAT(Sealing(kKey).Close("s3cret", "os"), Not(HasSubstr("s3cret")));
}

TEST(SealTest, OnlyTheSameLooksTheSame) {
  const std::string sealed = Sealing(kKey).Close("s3cret", "os");
  EXPECT_EQ(sealed, Sealing(kKey).Close("s3cret", "os"));
  // Not so much as the beginning, which is the nonce.
  const std::string begins = sealed.substr(0, sealed.rfind('$') + 9);
  const std::pair<const char*, const char*> others[] = {
      {"s3creT", "os"}, {"s3cret", "so"}, {"3cret", "oss"}};
  for (const auto& [secret, about] : others) {
    EXPECT_THAT(Sealing(kKey).Close(secret, about), Not(StartsWith(begins))) << secret << about;
  }
}

TEST(SealTest, DoesNotOpenForAnother) {
  const Seal seal = Sealing(kKey);
  EXPECT_EQ(ErrorReason(seal.Open(seal.Close("s3cret", "os"), "docker").status()), "SEAL_BROKEN");
}

TEST(SealTest, NoticesAnyChange) {
  const Seal seal = Sealing(kKey);
  const std::string sealed = seal.Close("s3cret", "os");
  for (size_t i = sealed.rfind('$') + 1; i < sealed.size() - 1; ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(ErrorReason(seal.Open(changed, "os").status()), "SEAL_BROKEN") << i;
  }
  EXPECT_EQ(ErrorReason(seal.Open("s3cret", "os").status()), "SEAL_BROKEN");
}

TEST(SealTest, SaysThatAnotherKeyIsNeeded) {
  const std::string sealed = Sealing(kOther).Close("s3cret", "os");
  EXPECT_EQ(ErrorReason(Sealing(kKey).Open(sealed, "os").status()), "WRONG_KEY");
}

TEST(SealTest, TakesNoOtherKeysAndQuotesNone) {
  for (const char* key :
       {"", "abc", "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}) {
    const absl::Status status = Seal::Create(key).status();
    EXPECT_EQ(ErrorReason(status), "BAD_KEY");
    EXPECT_THAT(DescribeError(status), Not(HasSubstr("zz01")));
  }
}

}  // namespace
}  // namespace weft::provisioner
