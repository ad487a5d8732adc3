#include "services/provisioner/dataset/row_encoder.h"

#include <optional>

#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

std::string Encoded(std::vector<std::optional<std::string>> cells, std::vector<bool> plain) {
  std::vector<char*> pointers;
  std::vector<unsigned long> lengths;  // NOLINT(google-runtime-int): the library's
  for (std::optional<std::string>& cell : cells) {
    pointers.push_back(cell.has_value() ? cell->data() : nullptr);
    lengths.push_back(cell.has_value() ? cell->size() : 0);
  }
  std::string out;
  RowEncoder(std::move(plain))
      .Append({pointers.data(), lengths.data(), static_cast<unsigned>(cells.size())}, &out);
  return out;
}

TEST(RowEncoderTest, SeparatesColumnsAndEndsRows) {
  EXPECT_EQ(Encoded({"1", "two"}, {true, false}), "1\ttwo\n");
}

TEST(RowEncoderTest, TellsNullFromEmptyAndFromItsOwnMark) {
  EXPECT_EQ(Encoded({std::nullopt, "", "\\N"}, {false, false, false}), "\\N\t\t\\\\N\n");
}

TEST(RowEncoderTest, EscapesWhatWouldBeTakenForAMarkAndNothingElse) {
  EXPECT_EQ(Encoded({std::string("a\tb\nc\\d\0e", 9)}, {false}), "a\\tb\\nc\\\\d\\0e\n");
  EXPECT_EQ(Encoded({"\r\"'\x80\xff"}, {false}), "\r\"'\x80\xff\n");
}

}  // namespace
}  // namespace weft::provisioner
