// Clients that never follow a change of primary (stubborn.h). Prints, a line of JSON each,
// {"event":"ok","id":...,"server_uuid":...,"sent_ns":...,"ok_ns":...} for every OK, with instants
// of the machine's monotonic clock; on standard input "mark" (answers {"event":"marked"} after
// every OK that was told before it), "quit". The end of input is "quit".

#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/rpc/auth.h"
#include "nlohmann/json.hpp"
#include "tests/workload/stubborn.h"

ABSL_FLAG(std::string, servers, "", "host:port of each server, separated by commas.");
ABSL_FLAG(std::string, user, "app", "Account.");
ABSL_FLAG(std::string, password_file, "", "File with its password.");
ABSL_FLAG(std::string, database, "app", "Database to write to.");
ABSL_FLAG(absl::Duration, period, absl::Milliseconds(20), "Between two tries of one client.");

namespace weft::testing {
namespace {

// One line each, also from several threads.
void Print(const nlohmann::json& line) {
  static Mutex* const mutex = new Mutex;
  MutexLock lock(mutex);
  std::cout << line.dump() << std::endl;
}

void PrintOk(const Stubborn::Ok& ok) {
  Print({{"event", "ok"},
         {"id", ok.id},
         {"server_uuid", ok.server_uuid},
         {"sent_ns", absl::ToInt64Nanoseconds(ok.sent)},
         {"ok_ns", absl::ToInt64Nanoseconds(ok.acknowledged)}});
}

absl::Status Run() {
  Stubborn::Options options;
  for (absl::string_view text :
       absl::StrSplit(absl::GetFlag(FLAGS_servers), ',', absl::SkipWhitespace())) {
    WEFT_ASSIGN_OR_RETURN(const HostPort server, HostPort::Parse(text));
    options.servers.push_back(server);
  }
  if (options.servers.empty()) {
    return absl::InvalidArgumentError("--servers names no server; expected host:port,...");
  }
  options.user = absl::GetFlag(FLAGS_user);
  WEFT_ASSIGN_OR_RETURN(options.password, rpc::ReadSecretFile(absl::GetFlag(FLAGS_password_file)));
  options.database = absl::GetFlag(FLAGS_database);
  options.first_id = absl::ToUnixMicros(RealClock::Get()->Now());
  options.period = absl::GetFlag(FLAGS_period);

  Stubborn stubborn(options, RealClock::Get(), PrintOk);
  stubborn.Start();
  std::string line;
  while (std::getline(std::cin, line) && line != "quit") {
    if (line == "mark") Print({{"event", "marked"}});
  }
  // Statements under way may take long to end, and nobody listens to them any more.
  std::quick_exit(0);
}

}  // namespace
}  // namespace weft::testing

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = weft::testing::Run();
  if (status.ok()) return 0;
  std::cerr << "stubborn: " << status.ToString() << "\n";
  return 1;
}
