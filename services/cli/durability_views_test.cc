#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/cli/testing/read_proto.h"
#include "services/cli/views.h"

namespace weft::cli {
namespace {

const View kView = {.style = {}, .now = absl::UnixEpoch()};

constexpr char kGroup[] = R"pb(
  group: "groups/g1"
  policy: LOSSLESS
  primary: "servers/a"
  primary_address: "127.0.0.1:21001"
  primary_reached: true
  epoch: 4
  acknowledgements: 1
  watermark: "a:1-10"
  goal_gtids: "a:1-100"
  witnesses {
    server: "servers/b"
    address: "127.0.0.1:21002"
    in_group: true
    may_acknowledge: true
    reached: true
    acknowledges_now: true
    counts: true
    held_gtids: "a:1-100"
  }
)pb";

TEST(DurabilityProofTextTest, ShowsTheVerdictAndWhoHoldsWhat) {
  auto proof = Read<v1::ExplainDurabilityResponse>(kGroup);
  proof.set_proven(true);
  proof.set_effective_durability("lossless");
  EXPECT_EQ(DurabilityProofText(proof, kView),
            "proven: a failover of group g1 now would lose no acknowledged commit\n"
            "durability:   lossless\n"
            "policy:       lossless, 1 acknowledgement\n"
            "primary:      127.0.0.1:21001\n"
            "epoch:        4\n"
            "watermark:    a:1-10\n"
            "primary has:  a:1-100\n"
            "\n"
            "SERVER           MAY ACKNOWLEDGE  REACHED  COUNTS  ACKNOWLEDGES  LACKS  HOLDS\n"
            "127.0.0.1:21002  yes              yes      yes     yes               0  a:1-100\n");
}

TEST(DurabilityProofTextTest, NamesWhoIsMissing) {
  auto proof = Read<v1::ExplainDurabilityResponse>(absl::StrCat(kGroup, R"pb(
    reason: "UNKNOWN_ACKNOWLEDGER"
    message: "2 are connected, 1 is known"
    next_step: "stop it"
    effective_durability: "async: 2 are connected, 1 is known"
    missing: "servers/f"
    missing: "servers/a"
    witnesses {
      server: "servers/c"
      address: "127.0.0.1:21003"
      in_group: true
      may_acknowledge: true
      unproven: "does not answer: timed out"
    }
    witnesses {
      server: "servers/d"
      address: "127.0.0.1:21004"
      in_group: true
      reached: true
      held_gtids: "a:1-97"
      lacks: 3
    }
    witnesses {
      server: "servers/f"
      may_acknowledge: true
      acknowledges_now: true
      unproven: "is not in the group"
    }
  )pb"));
  EXPECT_EQ(DurabilityProofText(proof, kView),
            "not proven: 2 are connected, 1 is known (UNKNOWN_ACKNOWLEDGER)\n"
            "durability:   async: 2 are connected, 1 is known\n"
            "policy:       lossless, 1 acknowledgement\n"
            "primary:      127.0.0.1:21001\n"
            "epoch:        4\n"
            "watermark:    a:1-10\n"
            "primary has:  a:1-100\n"
            "\n"
            "SERVER           MAY ACKNOWLEDGE  REACHED  COUNTS  ACKNOWLEDGES  LACKS  HOLDS\n"
            "127.0.0.1:21002  yes              yes      yes     yes               0  a:1-100\n"
            "127.0.0.1:21003  yes              no       no      no                -  -\n"
            "127.0.0.1:21004  no               yes      -       no                3  a:1-97\n"
            "f                yes              no       no      yes               -  -\n"
            "missing: 127.0.0.1:21003 does not answer: timed out\n"
            "missing: f is not in the group\n"
            "missing: 127.0.0.1:21001\n"
            "to do: stop it\n");
}

TEST(DurabilityProofTextTest, ShowsTheBeginningOfALongSet) {
  auto proof = Read<v1::ExplainDurabilityResponse>(kGroup);
  proof.mutable_witnesses(0)->set_held_gtids(std::string(500, 'x'));
  EXPECT_EQ(DurabilityProofText(proof, kView).find(std::string(61, 'x')), std::string::npos);
}

}  // namespace
}  // namespace weft::cli
