// Calls over MySQL-RPC from many connections at once, and says how fast they were answered.
//
//   load_main --port=32275 --clients=64 --seconds=5 --server_pid=PID --password_file=FILE
//
// Prints one line of JSON. Each connection sends its next call when the last is answered. CPU and
// memory are the server's, the load's own CPU beside it.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/clock.h"
#include "services/gateway/mysqlrpc/testing/client.h"
#include "services/gateway/testing/raw_client.h"

ABSL_FLAG(int, port, 32275, "Of MySQL-RPC on 127.0.0.1.");
ABSL_FLAG(int, clients, 64, "Connections that call.");
ABSL_FLAG(int, idle, 0, "Further connections that log in and do nothing.");
ABSL_FLAG(double, seconds, 5, "How long.");
ABSL_FLAG(int, server_pid, 0, "Whose CPU and memory to tell; 0: nobody's.");
ABSL_FLAG(std::string, user, "fabric", "Who logs in.");
ABSL_FLAG(std::string, password_file, "", "File with the password; empty: \"secret\".");
ABSL_FLAG(std::string, statement, "CALL dump.servers()", "What is called.");

namespace weft::gateway {
namespace {

using testing::RawClient;

constexpr size_t kGreetingBytes = 4 + 58;
constexpr size_t kOkBytes = 4 + 7;

std::string Password() {
  std::string password = "secret";
  const std::string file = absl::GetFlag(FLAGS_password_file);
  if (!file.empty()) std::getline(std::ifstream(file), password);
  return password;
}

// nullptr where the login fails.
std::unique_ptr<RawClient> LoggedIn() {
  auto client = std::make_unique<RawClient>(absl::GetFlag(FLAGS_port));
  const std::string greeting = client->Receive(kGreetingBytes);
  if (greeting.size() != kGreetingBytes) return nullptr;
  const std::string scramble = greeting.substr(4 + 18, 8) + greeting.substr(4 + 45, 12);
  client->Send(mysqlrpc::testing::Packet(
      1, mysqlrpc::testing::LoginPayload(absl::GetFlag(FLAGS_user),
                                         mysqlrpc::testing::ProofOf(Password(), scramble),
                                         mysqlrpc::testing::kUsualCapabilities)));
  const std::string answer = client->Receive(kOkBytes);
  return answer.size() == kOkBytes && answer[4] == '\0' ? std::move(client) : nullptr;
}

// Bytes of one answer: all that comes before that of a ping sent behind.
size_t AnswerBytes(RawClient& client) {
  const std::string pong_info = "MySQL Fabric";
  client.Send(mysqlrpc::testing::Query(absl::GetFlag(FLAGS_statement)) +
              mysqlrpc::testing::Command(0x0e));
  std::string all;
  while (!absl::EndsWith(all, pong_info)) {
    const std::string more = client.Receive();
    if (more.empty()) return 0;
    all += more;
  }
  return all.size() - kOkBytes - pong_info.size();
}

struct Usage {
  double cpu_seconds = 0;
  double memory_mib = 0;
};

Usage UsageOf(int pid) {
  Usage usage;
  if (pid == 0) return usage;
  std::ifstream stat(absl::StrCat("/proc/", pid, "/stat"));
  std::string line;
  std::getline(stat, line);
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string word;
  for (int field = 3; fields >> word; ++field) {
    if (field == 14 || field == 15) usage.cpu_seconds += std::stod(word) / sysconf(_SC_CLK_TCK);
    if (field == 24) usage.memory_mib = std::stod(word) * sysconf(_SC_PAGESIZE) / (1 << 20);
  }
  return usage;
}

double OwnCpuSeconds() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return time.tv_sec + time.tv_usec / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Caller {
  std::unique_ptr<RawClient> client;
  size_t awaited = 0;
  absl::Duration sent;
};

// Latencies of all calls in milliseconds; empty if a connection ended.
std::vector<double> Call(std::vector<Caller>& callers, size_t answer_bytes) {
  Clock* const clock = RealClock::Get();
  const std::string query = mysqlrpc::testing::Query(absl::GetFlag(FLAGS_statement));
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  for (Caller& caller : callers) {
    epoll_event event = {.events = EPOLLIN, .data = {.ptr = &caller}};
    epoll_ctl(poll, EPOLL_CTL_ADD, caller.client->socket(), &event);
    caller.awaited = answer_bytes;
    caller.sent = clock->MonotonicNow();
    caller.client->Send(query);
  }
  std::vector<double> latencies;
  const Deadline end = Deadline::After(clock, absl::Seconds(absl::GetFlag(FLAGS_seconds)));
  std::vector<epoll_event> events(callers.size());
  std::vector<char> buffer(1 << 20);
  while (!end.Passed()) {
    const int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < ready; ++i) {
      Caller& caller = *static_cast<Caller*>(events[i].data.ptr);
      const ssize_t received = read(caller.client->socket(), buffer.data(), buffer.size());
      if (received <= 0 || static_cast<size_t>(received) > caller.awaited) {
        close(poll);
        return {};
      }
      caller.awaited -= static_cast<size_t>(received);
      if (caller.awaited > 0) continue;
      const absl::Duration now = clock->MonotonicNow();
      latencies.push_back(absl::ToDoubleMilliseconds(now - caller.sent));
      caller.awaited = answer_bytes;
      caller.sent = now;
      if (write(caller.client->socket(), query.data(), query.size()) < 0) break;
    }
  }
  close(poll);
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

int Run() {
  std::vector<Caller> callers(absl::GetFlag(FLAGS_clients));
  std::vector<std::unique_ptr<RawClient>> idle(absl::GetFlag(FLAGS_idle));
  for (Caller& caller : callers) caller.client = LoggedIn();
  for (auto& client : idle) client = LoggedIn();
  const bool all =
      std::all_of(callers.begin(), callers.end(),
                  [](const Caller& caller) { return caller.client != nullptr; }) &&
      std::none_of(idle.begin(), idle.end(), [](const auto& client) { return client == nullptr; });
  const size_t answer_bytes = all && !callers.empty() ? AnswerBytes(*callers[0].client) : 0;
  if (!all || answer_bytes == 0) {
    std::cerr << "a connection could not log in and call\n";
    return 1;
  }
  const int pid = absl::GetFlag(FLAGS_server_pid);
  const Usage before = UsageOf(pid);
  const double own_before = OwnCpuSeconds();
  const absl::Duration begin = RealClock::Get()->MonotonicNow();
  const std::vector<double> latencies = Call(callers, answer_bytes);
  const double seconds = absl::ToDoubleSeconds(RealClock::Get()->MonotonicNow() - begin);
  if (latencies.empty()) {
    std::cerr << "a connection ended, or was answered otherwise than before\n";
    return 1;
  }
  const Usage after = UsageOf(pid);
  std::cout << absl::StrFormat(
      "{\"wire\": \"mysql\", \"clients\": %d, \"idle\": %d, \"answer_bytes\": %d, "
      "\"calls_per_second\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
      "\"server_cpus\": %.2f, \"load_cpus\": %.2f, \"server_mib\": %.1f}\n",
      callers.size(), idle.size(), answer_bytes, latencies.size() / seconds,
      latencies[latencies.size() / 2], latencies[latencies.size() * 99 / 100],
      (after.cpu_seconds - before.cpu_seconds) / seconds, (OwnCpuSeconds() - own_before) / seconds,
      after.memory_mib);
  return 0;
}

}  // namespace
}  // namespace weft::gateway

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return weft::gateway::Run();
}
