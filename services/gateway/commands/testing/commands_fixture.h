#pragma once
// The executor over a whole controller in memory: what old clients read of it.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/fabric/value.h"
#include "common/rpc/metrics.h"
#include "services/controller/testing/controller_fixture.h"
#include "services/gateway/commands/command_executor.h"
#include "services/gateway/route_watch.h"
#include "services/gateway/routes.h"
#include "services/gateway/users.h"

namespace weft::gateway {

class CommandsTest : public controller::ControllerFixture {
 protected:
  CommandsTest() { StartGateway(); }

  void StartGateway();
  CommandExecutor::Options DefaultOptions();

  // Executes one command and waits for its answer.
  fabric::Answer Run(const std::string& method, const fabric::List& arguments = {},
                     const fabric::Struct& named = {});
  // Its error; "" where there was none.
  std::string Error(const std::string& method, const fabric::List& arguments = {});
  // Runs a procedure, which succeeds, and gives the names of its jobs.
  std::vector<std::string> Actions(const std::string& method, const fabric::List& arguments);
  // The rows of its first set, fields as texts with blanks between them.
  std::vector<std::string> Rows(const std::string& method, const fabric::List& arguments = {});

  static std::string Uuid(int n) { return controller::FakeFarm::UuidOf(n).text(); }
  static std::string Address(int n) { return controller::FakeFarm::AddressOf(n).ToString(); }
  // "g" with servers 1..count, the first of them the primary, as the gateway knows it.
  void MakeKnownGroup(int count);

  std::string user_;
  std::atomic<bool> stopped_ = false;
  Users users_;
  rpc::Metrics metrics_;
  std::unique_ptr<Routes> routes_;
  std::unique_ptr<RouteWatch> watch_;
  std::unique_ptr<CommandExecutor> executor_;
};

}  // namespace weft::gateway
