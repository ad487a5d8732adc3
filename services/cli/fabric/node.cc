#include "services/cli/fabric/node.h"

#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/clock.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/mysqld/files.h"
#include "common/mysqld/locate.h"
#include "common/mysqld/process.h"
#include "services/cli/sandbox/serving.h"

namespace weft::cli::mysqlfabric {
namespace {

using nlohmann::json;

constexpr absl::Duration kStartDeadline = absl::Seconds(60);
constexpr absl::Duration kGrace = absl::Seconds(20);
constexpr absl::Duration kPoll = absl::Milliseconds(50);

// One child. Ended when it is destroyed.
class Child {
 public:
  Child(NodeProcess process, ProcessId id) : process_(std::move(process)), id_(id) {}

  const NodeProcess& process() const { return process_; }

  // How it ended; nullopt while it runs.
  std::optional<int> Exit() {
    if (!exit_.has_value()) exit_ = ReapChild(id_);
    return exit_;
  }

  void Stop() {
    if (Exit().has_value()) return;
    SignalProcess(id_, SIGTERM).IgnoreError();
    SignalProcess(id_, SIGCONT).IgnoreError();
    Deadline deadline = Deadline::After(RealClock::Get(), kGrace);
    while (!Exit().has_value()) {
      if (deadline.Passed()) SignalProcess(id_, SIGKILL).IgnoreError();
      RealClock::Get()->Sleep(kPoll);
    }
  }

 private:
  const NodeProcess process_;
  const ProcessId id_;
  std::optional<int> exit_;
};

absl::Status Failed(Child& child) {
  const int code = *child.Exit();
  return Refusal(absl::StatusCode::kInternal, "NODE_PROCESS_ENDED",
                 absl::StrCat(child.process().name, " ended by itself"), "a running process",
                 code > 128 ? absl::StrCat("signal ", code - 128) : absl::StrCat("exit ", code),
                 "read what it wrote before");
}

class Node {
 public:
  Node(const std::string& output, Interrupt* interrupt) : output_(output), interrupt_(interrupt) {}

  absl::Status Run(const std::vector<NodeProcess>& processes) {
    absl::Status status = Start(processes);
    while (status.ok() && !ended_) status = Watch();
    for (auto child = children_.rbegin(); child != children_.rend(); ++child) child->Stop();
    return status;
  }

 private:
  absl::Status Start(const std::vector<NodeProcess>& processes) {
    children_.reserve(processes.size());
    for (const NodeProcess& process : processes) {
      SpawnOptions options;
      options.argv = process.argv;
      options.environment = CleanEnvironment();
      options.output = output_;
      WEFT_ASSIGN_OR_RETURN(const ProcessId id, SpawnChild(options));
      children_.emplace_back(process, id);
      WEFT_RETURN_IF_ERROR(AwaitServing(process));
      if (ended_) break;
    }
    return absl::OkStatus();
  }

  absl::Status AwaitServing(const NodeProcess& process) {
    const Deadline deadline = Deadline::After(RealClock::Get(), kStartDeadline);
    while (!ended_) {
      if (sandbox::AskServing(process.health, absl::Milliseconds(500)).ok()) break;
      WEFT_RETURN_IF_ERROR(Watch());
      if (deadline.Passed()) {
        return Refusal(absl::StatusCode::kDeadlineExceeded, "NODE_PROCESS_NOT_READY",
                       absl::StrCat(process.name, " runs, but does not serve"),
                       absl::StrCat("health SERVING at ", process.health), "nothing of the kind",
                       "read what it wrote");
      }
    }
    return absl::OkStatus();
  }

  // Waits a moment; sets ended_ when the node is to end well.
  absl::Status Watch() {
    if (interrupt_->AwaitBeyond(0, kPoll)) {
      ended_ = true;
      return absl::OkStatus();
    }
    for (Child& child : children_) {
      const std::optional<int> code = child.Exit();
      if (!code.has_value()) continue;
      if (*code != 0 || &child != &children_.back()) return Failed(child);
      ended_ = true;
    }
    return absl::OkStatus();
  }

  const std::string output_;
  Interrupt* const interrupt_;
  std::vector<Child> children_;
  bool ended_ = false;
};

}  // namespace

absl::StatusOr<PrivateFolder> PrivateFolder::Make() {
  std::error_code code;
  std::string path = std::filesystem::temp_directory_path(code).string() + "/weft-node-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) return FileError(errno, "make a folder", path);
  return PrivateFolder(path);
}

PrivateFolder::~PrivateFolder() {
  if (!path_.empty()) RemoveTree(path_).IgnoreError();
}

absl::StatusOr<std::string> FindProgram(const std::string& programs, const std::string& name) {
  const std::string service =
      absl::StrCat("services/", absl::StripPrefix(absl::string_view(name), "weft-"));
  const std::string path =
      programs.empty() ? LocateCompanion(service, name) : absl::StrCat(programs, "/", name);
  if (!path.empty() && Exists(path)) return path;
  return Refusal(absl::StatusCode::kFailedPrecondition, "BINARY_NOT_FOUND",
                 absl::StrCat(name, " is not installed"),
                 programs.empty() ? absl::StrCat(name, " beside this program") : path, "none",
                 "install it there, or say where it is: [weft] programs in fabric.cfg");
}

absl::Status LocatePrograms(const std::string& programs, std::vector<NodeProcess>* processes) {
  for (NodeProcess& process : *processes) {
    WEFT_ASSIGN_OR_RETURN(process.argv[0], FindProgram(programs, process.name));
  }
  return absl::OkStatus();
}

absl::Status RunNode(const std::vector<NodeProcess>& processes, const std::string& output,
                     Interrupt* interrupt) {
  return Node(output, interrupt).Run(processes);
}

std::string PlanToJson(const std::vector<NodeProcess>& processes) {
  json plan = json::array();
  for (const NodeProcess& process : processes) {
    plan.push_back({{"name", process.name}, {"argv", process.argv}, {"health", process.health}});
  }
  return plan.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

absl::StatusOr<std::vector<NodeProcess>> PlanFromJson(const std::string& text) {
  std::vector<NodeProcess> processes;
  try {
    for (const json& entry : json::parse(text)) {
      NodeProcess& process = processes.emplace_back();
      entry.at("name").get_to(process.name);
      entry.at("argv").get_to(process.argv);
      entry.at("health").get_to(process.health);
    }
  } catch (const json::exception& error) {
    return absl::DataLossError(absl::StrCat("the plan of the node is damaged: ", error.what()));
  }
  return processes;
}

}  // namespace weft::cli::mysqlfabric
