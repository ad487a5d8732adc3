#pragma once
// What every Store promises (services/controller/ports/store.h), as one suite for all of them.
#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "common/model/group.h"
#include "gtest/gtest.h"
#include "services/controller/ports/store.h"
#include "tests/contract/store_values.h"

namespace weft::controller {

struct StoreLimits {
  size_t keep_operations = 10'000;
  size_t keep_events = 100'000;
};

// Somewhere to keep things, empty and set up.
class StoreHarness {
 public:
  virtual ~StoreHarness() = default;
  // Another controller's way to it.
  virtual std::unique_ptr<Store> Open() = 0;
};

struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<StoreHarness>(const StoreLimits&)> make;
};
inline void PrintTo(const StoreKind& kind, std::ostream* out) { *out << kind.name; }

// Instantiate it with INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, Values(StoreKind{...})).
class StoreContract : public ::testing::TestWithParam<StoreKind> {
 protected:
  // Opens an empty store under term 1.
  void SetUp() override { Begin({}); }
  void Begin(const StoreLimits& limits);

  // Another controller, under `term`.
  std::unique_ptr<Store> Another(uint64_t term = 1);

  Store& store() { return *store_; }
  // Makes the group "g" of servers a (primary, epoch 1), b and c, and loads it.
  Group MakeGroup();
  // MakeGroup, with a pending promotion of b by operation "op".
  Group MakePromotion();
  Group Loaded(const std::string& id = "g");

 private:
  std::unique_ptr<StoreHarness> harness_;
  std::unique_ptr<Store> store_;
};

}  // namespace weft::controller
