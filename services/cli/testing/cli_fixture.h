#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "services/cli/application.h"
#include "services/cli/exit_code.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/testing/fake_console.h"
#include "services/cli/testing/fake_controller.h"

namespace weft::cli {

// The whole client in memory, against a fake controller over real gRPC. There are two groups: g1
// with three servers (127.0.0.1:21001 to 21003), and g2, which is empty.
class CliTest : public testing::Test {
 protected:
  using Words = std::vector<std::string>;

  static constexpr char kFirst[] = "00000000-0000-4000-8000-000000000001";

  void SetUp() override {
    variables_["WEFT_CONTROLLER"] = controller_.address();
    ASSERT_EQ(Run({"group", "create", "g1"}), kExitOk) << console_->err();
    ASSERT_EQ(Run({"group", "create", "g2"}), kExitOk) << console_->err();
    for (const char* address : {"127.0.0.1:21001", "127.0.0.1:21002", "127.0.0.1:21003"}) {
      ASSERT_EQ(Run({"group", "add", "g1", address}), kExitOk) << console_->err();
    }
    console_->Clear();
  }

  // From now on somebody sits at a terminal.
  void UseTerminal() { console_ = std::make_unique<FakeConsole>(true); }

  // Runs one command line; what it prints is in out() and err().
  int Run(const Words& words) {
    console_->Clear();
    Surroundings surroundings;
    surroundings.console = console_.get();
    surroundings.interrupt = &interrupt_;
    surroundings.clock = RealClock::Get();
    surroundings.variables = variables_;
    surroundings.nouns = &nouns_;
    return Application(surroundings).Run(words);
  }
  std::string out() const { return console_->out(); }
  std::string err() const { return console_->err(); }

  const Nouns nouns_ = AllNouns();
  FakeController controller_;
  std::unique_ptr<FakeConsole> console_ = std::make_unique<FakeConsole>();
  Interrupt interrupt_;
  Variables variables_;
};

}  // namespace weft::cli
