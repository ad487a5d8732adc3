#include "tests/integration/own_network.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/mysqld/process.h"

namespace weft::testing {

OwnNetwork::OwnNetwork() : outside_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
  if (outside_ < 0 || unshare(CLONE_NEWNET) != 0) {
    status_ = absl::ErrnoToStatus(errno, "unshare");
    return;
  }
  status_ = Run({"ip", "link", "set", "lo", "up"}).status();
  if (status_.ok()) status_ = Mend();
}

OwnNetwork::~OwnNetwork() {
  if (outside_ < 0) return;
  setns(outside_, CLONE_NEWNET);
  close(outside_);
}

absl::Status OwnNetwork::Cut(int port) const {
  // The resets pass; else connections would never hear of their end.
  WEFT_RETURN_IF_ERROR(Filter(port, {"--tcp-flags", "RST", "RST", "-j", "ACCEPT"}));
  return Filter(port, {"-j", "REJECT", "--reject-with", "tcp-reset"});
}

absl::StatusOr<uint64_t> OwnNetwork::Met() const {
  WEFT_ASSIGN_OR_RETURN(const std::string rules,
                        Run({"iptables", "-w", "-n", "-v", "-x", "-L", "INPUT"}));
  const std::vector<std::string> lines = absl::StrSplit(rules, '\n', absl::SkipEmpty());
  uint64_t met = 0;
  for (size_t i = 2; i < lines.size(); ++i) {  // after two of headings
    uint64_t packets = 0;
    const std::vector<std::string> fields = absl::StrSplit(lines[i], ' ', absl::SkipEmpty());
    if (!fields.empty() && absl::SimpleAtoi(fields.front(), &packets)) met += packets;
  }
  return met;
}

absl::StatusOr<std::string> OwnNetwork::Run(const std::vector<std::string>& command) const {
  SpawnOptions options;
  options.argv = {"/usr/bin/env"};
  options.argv.insert(options.argv.end(), command.begin(), command.end());
  options.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  WEFT_ASSIGN_OR_RETURN(const CommandResult result, RunCommand(options, absl::Seconds(10)));
  if (result.exit_code == 0) return result.output;
  return absl::UnavailableError(absl::StrCat(absl::StrJoin(command, " "), ": ", result.output));
}

absl::Status OwnNetwork::Filter(int port, const std::vector<std::string>& verdict) const {
  for (const char* side : {"--sport", "--dport"}) {
    std::vector<std::string> rule = {"iptables", "-w",  "-A", "INPUT",
                                     "-p",       "tcp", side, absl::StrCat(port)};
    rule.insert(rule.end(), verdict.begin(), verdict.end());
    WEFT_RETURN_IF_ERROR(Run(rule).status());
  }
  return absl::OkStatus();
}

}  // namespace weft::testing
