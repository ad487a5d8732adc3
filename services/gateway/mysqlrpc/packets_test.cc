#include "services/gateway/mysqlrpc/packets.h"

#include <gtest/gtest.h>

namespace weft::gateway::mysqlrpc {
namespace {

using Found = PacketReader::Found;

TEST(PacketsTest, PacketsSentAByteAtATimeAreReadWhole) {
  PacketWriter writer(7);
  writer.Append("one");
  writer.Append("");
  const std::string bytes = writer.Take();
  EXPECT_EQ(bytes, std::string("\x03\x00\x00\x07one\x00\x00\x00\x08", 11));
  PacketReader reader;
  std::vector<std::pair<int, std::string>> packets;
  for (const char byte : bytes) {
    reader.Append(absl::string_view(&byte, 1));
    uint8_t sequence = 0;
    std::string payload;
    if (reader.Read(3, sequence, payload) == Found::kPacket)
      packets.emplace_back(sequence, payload);
  }
  EXPECT_EQ(packets, (std::vector<std::pair<int, std::string>>{{7, "one"}, {8, ""}}));
  EXPECT_EQ(reader.size(), 0u);
}

TEST(PacketsTest, ALengthBeyondTheLimitIsToldFromItsHeader) {
  PacketReader reader;
  reader.Append(absl::string_view("\xff\xff\xff\x05", 4));
  uint8_t sequence = 0;
  std::string payload;
  EXPECT_EQ(reader.Read(64, sequence, payload), Found::kTooLong);
  EXPECT_EQ(sequence, 5);
}

TEST(PacketsTest, PacketsThatCameTogetherAreReadOneByOne) {
  PacketReader reader;
  reader.Append(
      absl::string_view("\x01\x00\x00\x00"
                        "a"
                        "\x01\x00\x00\x00"
                        "b"
                        "\x01",
                        11));
  uint8_t sequence = 0;
  std::string payload;
  EXPECT_EQ(reader.Read(64, sequence, payload), Found::kPacket);
  EXPECT_EQ(payload, "a");
  reader.Shrink();
  EXPECT_EQ(reader.size(), 6u);
  EXPECT_EQ(reader.Read(64, sequence, payload), Found::kPacket);
  EXPECT_EQ(payload, "b");
  EXPECT_EQ(reader.Read(64, sequence, payload), Found::kPartial);
  EXPECT_EQ(reader.size(), 1u);
}

TEST(PacketsTest, WhatWasReadIsForgottenThoughAPacketIsAlwaysBegun) {
  PacketReader reader;
  // Each of these ends one packet of a byte and begins the next one.
  const absl::string_view kPiece("a\x01\x00\x00\x00", 5);
  reader.Append(kPiece.substr(1));
  uint8_t sequence = 0;
  std::string payload;
  for (int i = 0; i < 10'000; ++i) {
    reader.Append(kPiece);
    ASSERT_EQ(reader.Read(64, sequence, payload), Found::kPacket);
    ASSERT_EQ(payload, "a");
    ASSERT_EQ(reader.Read(64, sequence, payload), Found::kPartial);
  }
  EXPECT_LT(reader.held(), 1024u);
}

TEST(PacketsTest, SequencesWrapAround) {
  PacketWriter writer(255);
  writer.Append("a");
  writer.Append("b");
  EXPECT_EQ(writer.Take(), std::string("\x01\x00\x00\xff"
                                       "a"
                                       "\x01\x00\x00\x00"
                                       "b",
                                       10));
}

TEST(PacketsTest, ALongPayloadIsContinuedInTheNextPacket) {
  PacketWriter writer(1);
  writer.Append(std::string(kLongestPayload, 'x'));
  const std::string bytes = writer.Take();
  ASSERT_EQ(bytes.size(), kLongestPayload + 2 * kHeaderBytes);
  EXPECT_EQ(bytes.substr(0, 4), "\xff\xff\xff\x01");
  EXPECT_EQ(bytes.substr(bytes.size() - 4), std::string("\x00\x00\x00\x02", 4));
}

}  // namespace
}  // namespace weft::gateway::mysqlrpc
