#include "services/provisioner/dataset/row_encoder.h"

#include <limits>
#include <optional>

#include "gtest/gtest.h"

namespace weft::provisioner {
namespace {

constexpr size_t kAll = std::numeric_limits<size_t>::max();

std::string Encoded(std::vector<std::optional<std::string>> cells, std::vector<bool> plain) {
  std::vector<char*> pointers;
  std::vector<unsigned long> lengths;  // NOLINT(google-runtime-int): the library's
  for (std::optional<std::string>& cell : cells) {
    pointers.push_back(cell.has_value() ? cell->data() : nullptr);
    lengths.push_back(cell.has_value() ? cell->size() : 0);
  }
  const mysql::RawRow row = {pointers.data(), lengths.data(), static_cast<unsigned>(cells.size())};
  std::string out;
  RowEncoder::Place place;
  EXPECT_TRUE(RowEncoder(std::move(plain)).Append(row, kAll, &place, &out));
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

// Each piece of at most so many bytes before they are escaped, but one at least.
TEST(RowEncoderTest, WritesALargeRowInPieces) {
  std::string text("a\tb\0\\c", 6);
  std::string number = "12";
  std::string empty;
  char* cells[] = {text.data(), nullptr, empty.data(), number.data()};
  const unsigned long lengths[] = {6, 0, 0, 2};  // NOLINT(google-runtime-int): the library's
  const mysql::RawRow row = {cells, lengths, 4};
  const RowEncoder encoder({false, false, false, true});
  std::string whole;
  RowEncoder::Place all;
  EXPECT_TRUE(encoder.Append(row, kAll, &all, &whole));
  for (size_t enough = 1; enough < 20; ++enough) {
    std::string written;
    RowEncoder::Place place;
    bool ended = false;
    while (!ended) {
      std::string piece;
      ended = encoder.Append(row, enough, &place, &piece);
      EXPECT_LE(piece.size(), 2 * enough + 5);  // with the marks between
      written += piece;
    }
    EXPECT_EQ(written, whole) << enough;
  }
}

}  // namespace
}  // namespace weft::provisioner
