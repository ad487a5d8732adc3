#include "tests/integration/clone_farm.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "services/provisioner/dataset/copy_run.h"
#include "tests/integration/clone_engines_sql.h"

namespace weft::provisioner {

void CloneFarm::Start(const std::string& version, int servers) {
  auto farm = testing::TestFarm::Start(
      {.servers = servers, .version = version, .role = InstanceRole::kStandalone});
  ASSERT_TRUE(farm.ok()) << farm.status();
  farm_ = *std::move(farm);
  access_ = AccessTo(*farm_);
}

void CloneFarm::StartFilled(const std::string& version) {
  ASSERT_NO_FATAL_FAILURE(Start(version));
  Root(0, sql::kFill);
  Root(0, sql::kFillMany);
}

uint64_t CloneFarm::Slow(CopyMethod method) {
  return method == CopyMethod::kLogical ? 1 << 20 : 20 << 20;
}

std::unique_ptr<FarmAccess> CloneFarm::AccessTo(const testing::TestFarm& farm) {
  AccessOptions options;
  for (const Duty duty : {Duty::kManage, Duty::kBackup, Duty::kRestore}) {
    const testing::TestAccount& account = farm.account(duty);
    options.logins[duty] = {
        account.user,
        [password = account.password]() -> absl::StatusOr<std::string> { return password; }};
  }
  return std::make_unique<FarmAccess>(options);
}

HostPort CloneFarm::address(int index) const {
  return {farm_->server(index).host, static_cast<uint16_t>(farm_->server(index).port)};
}

std::string CloneFarm::Root(int index, absl::string_view sql) {
  const auto output = farm_->Sql(index, sql);
  EXPECT_TRUE(output.ok()) << output.status();
  return output.ok() ? std::string(absl::StripAsciiWhitespace(*output)) : "";
}

std::string CloneFarm::Peek(int index, absl::string_view sql) {
  return std::string(absl::StripAsciiWhitespace(farm_->Sql(index, sql).value_or("")));
}

CopyOrder CloneFarm::Order() const {
  CopyOrder order;
  order.source = address(0);
  order.target = address(1);
  order.job = "the-job";
  order.resumed = resumed_;
  order.bytes_per_second = bytes_per_second_;
  order.patience = patience_;
  return order;
}

absl::StatusOr<CopyFigures> CloneFarm::Copy(CopyMethod method,
                                            const std::function<bool()>& cancelled) {
  last_ = {};
  CopyWatch watch;
  watch.report = [this](const CopyProgress& progress) { last_ = progress; };
  watch.cancelled = cancelled;
  return RunCopy(*access_, method, Order(), watch, {}, RealClock::Get());
}

bool CloneFarm::UnderWay() const {
  return absl::StrContains(last_.phase, "copy ") && last_.bytes > 0;
}

absl::StatusOr<CopyFigures> CloneFarm::CopyAndHit(CopyMethod method, uint64_t rate,
                                                  const std::function<void()>& fault) {
  bytes_per_second_ = rate;
  bool hit = false;
  auto copied = Copy(method, [&] {
    if (!hit && UnderWay()) {
      hit = true;
      fault();
    }
    return false;
  });
  EXPECT_TRUE(hit) << "the copy ended before the fault";
  return copied;
}

absl::StatusOr<CopyFigures> CloneFarm::CopyThrough(CopyMethod method, uint64_t rate,
                                                   absl::Duration lasts,
                                                   const std::function<void()>& fault,
                                                   const std::function<void()>& mend) {
  std::thread mender;
  auto copied = CopyAndHit(method, rate, [&] {
    fault();
    mender = std::thread([&] {
      RealClock::Get()->Sleep(lasts);
      mend();
    });
  });
  if (mender.joinable()) mender.join();
  return copied;
}

void CloneFarm::CopyAndDie(CopyMethod method, const std::function<bool()>& when) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto copied = Copy(method);
    if (!copied.ok()) absl::FPrintF(stderr, "%s\n", copied.status().ToString());
    _exit(0);
  }
  const Deadline deadline = Deadline::After(RealClock::Get(), absl::Minutes(1));
  int status = 0;
  bool ended = false;
  while (!ended && !deadline.Passed() && !when()) {
    ended = waitpid(child, &status, WNOHANG) == child;
  }
  EXPECT_FALSE(ended) << "the copy ended before it could be killed";
  EXPECT_FALSE(deadline.Passed());
  if (ended) return;
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
}

void CloneFarm::ExpectAlike() {
  for (const absl::string_view sql : sql::kWhatMustBeAlike) {
    EXPECT_EQ(Root(1, sql), Root(0, sql)) << sql;
  }
  EXPECT_NE(Root(0, sql::kUuid), Root(1, sql::kUuid));
  EXPECT_EQ(Root(1, sql::kReadOnly), "1");
  EXPECT_EQ(Root(1, sql::kMarks), "0");
}

void CloneFarm::ExpectEmpty() {
  EXPECT_EQ(Root(1, sql::kUserSchemas), "0");
  EXPECT_EQ(Root(1, sql::kExecutedNow), "");
  EXPECT_EQ(Root(1, sql::kMarks), "0");
  EXPECT_EQ(Root(1, sql::kReadOnly), "1");
}

}  // namespace weft::provisioner
