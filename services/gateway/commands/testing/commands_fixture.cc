#include "services/gateway/commands/testing/commands_fixture.h"

#include <optional>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/mutex.h"
#include "common/rpc/channel.h"
#include "common/rpc/controllers.h"
#include "services/gateway/commands/arguments.h"

namespace weft::gateway {

CommandExecutor::Options CommandsTest::DefaultOptions() {
  CommandExecutor::Options options;
  options.controllers.emplace_back().address = process_->address();
  options.xmlrpc_address = "db.example:32274";
  options.mysql_address = "db.example:32275";
  options.stop = [this] { stopped_ = true; };
  return options;
}

void CommandsTest::StartGateway() {
  executor_.reset();
  watch_.reset();
  Clock* const clock = RealClock::Get();
  routes_ = std::make_unique<Routes>(clock);
  watch_ = std::make_unique<RouteWatch>(
      std::vector<rpc::Controllers::Controller>{
          {process_->address(), false, rpc::Connect(DefaultOptions().controllers[0]).value()}},
      routes_.get(), &metrics_, clock);
  executor_ =
      CommandExecutor::Create(DefaultOptions(), {routes_.get(), &users_, &metrics_, clock}).value();
  Await("the groups are known", [this] { return routes_->Get() != nullptr; });
}

fabric::Answer CommandsTest::Run(const std::string& method, const fabric::List& arguments,
                                 const fabric::Struct& named) {
  struct Slot {
    Mutex mutex;
    CondVar changed;
    std::optional<fabric::Answer> answer;
  };
  const auto slot = std::make_shared<Slot>();
  executor_->Execute({user_, "127.0.0.1:4711"}, {method, arguments, named},
                     [slot](const Reply& reply) {
                       MutexLock lock(&slot->mutex);
                       EXPECT_FALSE(slot->answer.has_value()) << "answered twice";
                       slot->answer = *reply;
                       slot->changed.NotifyAll();
                     });
  MutexLock lock(&slot->mutex);
  const Deadline deadline = Deadline::After(RealClock::Get(), absl::Seconds(60));
  while (!slot->answer.has_value() && !deadline.Passed()) {
    slot->changed.WaitFor(&slot->mutex, deadline.Remaining());
  }
  EXPECT_TRUE(slot->answer.has_value()) << method << " is not answered";
  return slot->answer.value_or(fabric::Answer{"not answered", {}});
}

std::string CommandsTest::Error(const std::string& method, const fabric::List& arguments) {
  const fabric::Answer answer = Run(method, arguments);
  EXPECT_TRUE(answer.error.empty() || answer.sets.empty()) << method;
  return answer.error;
}

std::vector<std::string> CommandsTest::Actions(const std::string& method,
                                               const fabric::List& arguments) {
  const fabric::Answer answer = Run(method, arguments);
  EXPECT_EQ(answer.error, "") << method;
  std::vector<std::string> actions;
  if (answer.sets.size() != 2) {
    EXPECT_EQ(answer.sets.size(), 2u) << method;
    return actions;
  }
  EXPECT_EQ(answer.sets[0].rows.at(0).at(3), fabric::Value{true}) << method;
  const std::vector<fabric::List>& states = answer.sets[1].rows;
  EXPECT_EQ(states.size() % 3, 0u);
  for (size_t i = 2; i < states.size(); i += 3) {
    EXPECT_EQ(states[i][0], fabric::Value{int64_t{5}});
    EXPECT_EQ(states[i][1], fabric::Value{int64_t{2}});
    const std::string description = TextOf(states[i][3]);
    absl::string_view action = description;
    EXPECT_TRUE(absl::ConsumePrefix(&action, "Executed action (")) << description;
    EXPECT_TRUE(absl::ConsumeSuffix(&action, ").")) << description;
    actions.emplace_back(action);
  }
  return actions;
}

std::vector<std::string> CommandsTest::Rows(const std::string& method,
                                            const fabric::List& arguments) {
  const fabric::Answer answer = Run(method, arguments);
  EXPECT_EQ(answer.error, "") << method;
  std::vector<std::string> rows;
  if (answer.sets.empty()) {
    ADD_FAILURE() << method << " has no set";
    return rows;
  }
  for (const fabric::List& row : answer.sets.front().rows) {
    EXPECT_EQ(row.size(), answer.sets.front().columns.size()) << method;
    rows.push_back(absl::StrJoin(row, " ", [](std::string* text, const fabric::Value& value) {
      text->append(TextOf(value));
    }));
  }
  return rows;
}

void CommandsTest::MakeKnownGroup(int count) {
  MakeGroup(count);
  Await("the gateway knows the primary", [this] {
    const auto found = routes_->Get()->by_uuid.find(Uuid(1));
    return found != routes_->Get()->by_uuid.end() &&
           found->second.server->status == ServerStatus::kPrimary;
  });
}

}  // namespace weft::gateway
