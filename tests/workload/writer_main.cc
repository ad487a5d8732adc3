// An application that writes and remembers, for benchmarks and the demo. Speaks JSON, a line each:
// it prints {"event":"moved",...} whenever another server acknowledges; on standard input "pause",
// "resume", "status", "check" (answers {"event":"checked",...}), "quit". The end of input is
// "quit".

#include <iostream>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_split.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/mysql/session.h"
#include "common/rpc/auth.h"
#include "nlohmann/json.hpp"
#include "tests/workload/writer.h"

ABSL_FLAG(std::string, servers, "", "host:port of each server, separated by commas.");
ABSL_FLAG(std::string, user, "app", "Account.");
ABSL_FLAG(std::string, password_file, "", "File with its password.");
ABSL_FLAG(std::string, database, "app", "Database to write to.");
ABSL_FLAG(double, rate, 200, "Rows a second; 0: as fast as possible.");
ABSL_FLAG(absl::Duration, statement_timeout, absl::Seconds(1), "For one statement.");

namespace weft::testing {
namespace {

double Milliseconds(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

// One line each, also from several threads.
void Print(const nlohmann::json& line) {
  static Mutex* const mutex = new Mutex;
  MutexLock lock(mutex);
  std::cout << line.dump() << std::endl;
}

void PrintMove(const Ledger::Move& move) {
  Print({{"event", "moved"},
         {"from", move.from},
         {"to", move.to},
         {"last_before_ms", Milliseconds(move.last_before)},
         {"first_after_ms", Milliseconds(move.first_after)},
         {"gap_ms", Milliseconds(move.gap())}});
}

void Check(Writer& writer) {
  writer.Pause();
  const auto audit = writer.Check(absl::Seconds(30));
  if (audit.ok()) {
    Print({{"event", "checked"},
           {"acked", audit->acked},
           {"lost", audit->lost},
           {"duplicated", audit->duplicated},
           {"unasked", audit->unasked},
           {"lost_ids", audit->lost_ids},
           {"longest_gap_ms", Milliseconds(writer.longest_gap())},
           {"server", writer.current()}});
  } else {
    Print({{"event", "failed"}, {"error", audit.status().ToString()}});
  }
  writer.Resume();
}

absl::Status Run() {
  Writer::Options options;
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
  // One writer after another may use the table: by its clock each has ids of its own.
  options.first_id = absl::ToUnixMicros(RealClock::Get()->Now());
  options.rate = absl::GetFlag(FLAGS_rate);
  options.statement_timeout = absl::GetFlag(FLAGS_statement_timeout);

  Writer writer(options, RealClock::Get(), PrintMove);
  writer.Start();
  std::string line;
  while (std::getline(std::cin, line) && line != "quit") {
    if (line == "pause") writer.Pause();
    if (line == "resume") writer.Resume();
    if (line == "check") Check(writer);
    if (line == "status") {
      Print({{"event", "status"},
             {"acked", writer.acked()},
             {"longest_gap_ms", Milliseconds(writer.longest_gap())},
             {"server", writer.current()}});
    }
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace weft::testing

int main(int argc, char** argv) {
  weft::mysql::SkipSystemAuthorities();
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = weft::testing::Run();
  if (status.ok()) return 0;
  std::cerr << "writer: " << status.ToString() << "\n";
  return 1;
}
