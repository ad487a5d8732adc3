#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/interrupt.h"
#include "services/cli/client.h"
#include "services/cli/command.h"
#include "services/cli/console.h"
#include "services/cli/login.h"
#include "services/cli/options.h"
#include "services/cli/render.h"

namespace weft::cli {

// What the process lends to its commands. Everything outlives them.
struct Surroundings {
  Console* console = nullptr;
  Interrupt* interrupt = nullptr;
  Clock* clock = nullptr;
  Variables variables;
  // Lines may be drawn with Unicode characters (the locale is UTF-8).
  bool unicode = true;
  const Nouns* nouns = nullptr;
  // Runs another command line on the same connection, with these options where it says nothing;
  // returns its exit code. For the shell.
  std::function<int(const std::vector<std::string>& line, const Options& defaults)> run_line;
};

// Connects when first asked, and keeps the connection as long as the login options stay the same:
// a shell asks for a password once. Not thread-safe.
class Connector {
 public:
  explicit Connector(const Surroundings* surroundings) : surroundings_(surroundings) {}

  absl::StatusOr<Client*> Get(const Options& options, Service service);

 private:
  const Surroundings* const surroundings_;
  Options options_;
  std::map<Service, std::unique_ptr<Client>> clients_;
};

// One run of one command.
class Context {
 public:
  Context(const Surroundings& surroundings, Connector* connector, const Arguments& arguments,
          const Options& options);

  const Arguments& arguments() const { return arguments_; }
  const Options& options() const { return options_; }
  const Surroundings& surroundings() const { return surroundings_; }
  Console& console() const { return *surroundings_.console; }
  Interrupt& interrupt() const { return *surroundings_.interrupt; }
  Clock& clock() const { return *surroundings_.clock; }
  Style style() const;
  absl::Time Now() const { return surroundings_.clock->Now(); }

  bool dry_run() const { return arguments_.Has("dry-run"); }
  bool waits() const { return !arguments_.Has("no-wait"); }
  // The same in each call of this run, so that a repetition acts once.
  const std::string& request_id() const { return request_id_; }

  absl::StatusOr<Client*> Connect() { return connector_->Get(options_, Service::kController); }

  // One unary call within the time that is left (at most 30 s).
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    absl::StatusOr<Client*> client = Connect();
    if (!client.ok()) return client.status();
    return (*client)->Call(method, request, CallTimeout());
  }
  // The same to a provisioner.
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> CallProvisioner(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                        const Request&, Response*),
                                           const Request& request) {
    absl::StatusOr<Client*> client = connector_->Get(options_, Service::kProvisioner);
    if (!client.ok()) return client.status();
    return (*client)->Call(method, request, CallTimeout());
  }
  absl::Duration CallTimeout() const;
  // Until --timeout; infinite without.
  absl::Duration Remaining() const { return deadline_.Remaining(); }

  // OK when the user agrees to what `question` describes: --yes, or "y" on a terminal.
  // FAILED_PRECONDITION: there is nobody to ask. CANCELLED: the answer was no.
  absl::Status Confirm(absl::string_view question);

 private:
  const Surroundings& surroundings_;
  Connector* const connector_;
  const Arguments arguments_;
  const Options options_;
  const Deadline deadline_;
  const std::string request_id_;
};

}  // namespace weft::cli
