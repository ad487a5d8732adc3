#pragma once
// What every Inventory promises (services/provisioner/ports/inventory.h), as one suite for all.
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "services/provisioner/ports/inventory.h"

namespace weft::provisioner {

// An inventory with what stands behind it, empty.
class InventoryUnderTest {
 public:
  virtual ~InventoryUnderTest() = default;
  virtual Inventory& inventory() = 0;
  // Another provisioner's way to the same.
  virtual Inventory& another() = 0;
  // All claims are gone, as in a store that was restored from a backup; the operations stay.
  virtual void LoseClaims() = 0;
};

struct InventoryMaker {
  std::string name;
  std::function<std::unique_ptr<InventoryUnderTest>()> make;
};

class InventoryContract : public ::testing::TestWithParam<InventoryMaker> {
 protected:
  void SetUp() override { under_test_ = GetParam().make(); }

  InventoryUnderTest& under_test() { return *under_test_; }
  Inventory& inventory() { return under_test_->inventory(); }
  Inventory& another() { return under_test_->another(); }
  // Registers the provider "here".
  void AddProvider(const std::string& id = "here");
  // Begins a job of holder "one".
  Job Begun(const std::string& id = "job", const std::string& request_id = "request");

 private:
  std::unique_ptr<InventoryUnderTest> under_test_;
};

}  // namespace weft::provisioner
