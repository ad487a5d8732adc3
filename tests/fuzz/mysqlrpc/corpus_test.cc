// Plays the seed corpus, and what a plain mutation makes of it, where there is no libFuzzer.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace weft {
namespace {

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator("tests/fuzz/mysqlrpc/corpus")) {
    std::ifstream file(entry.path(), std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

void Play(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

TEST(MysqlRpcCorpusTest, EverySeedIsSurvivedInPiecesOfEverySize) {
  const std::vector<std::string> seeds = Seeds();
  ASSERT_GE(seeds.size(), 8u);
  for (std::string seed : seeds) {
    for (int choice = 0; choice < 256; ++choice) {
      seed[0] = static_cast<char>(choice);
      Play(seed);
    }
  }
}

TEST(MysqlRpcCorpusTest, EverySeedIsSurvivedWithBytesChangedAndCut) {
  const std::vector<std::string> seeds = Seeds();
  std::minstd_rand random(1);  // The same inputs in every run.
  for (int round = 0; round < 20'000; ++round) {
    std::string input = seeds[random() % seeds.size()];
    for (int changes = static_cast<int>(random() % 8); changes > 0; --changes) {
      input[random() % input.size()] = static_cast<char>(random());
    }
    input.resize(1 + random() % input.size());
    Play(input);
  }
}

}  // namespace
}  // namespace weft
