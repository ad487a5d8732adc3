#pragma once
// What the jobs of machines do. Each may be begun anew at any of its steps.

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "services/provisioner/jobs.h"
#include "services/provisioner/membership.h"
#include "services/provisioner/ports/inventory.h"
#include "services/provisioner/provider_directory.h"
#include "services/provisioner/wishes.h"

namespace weft::provisioner {

// Thread-safe.
class MachineWork {
 public:
  struct Options {
    // Of one question to a provider that takes long; those that must be given up sooner are.
    absl::Duration call = absl::Minutes(2);
    // Of a restore, which moves all data of a machine.
    absl::Duration copy = absl::Hours(24);
    // Between two looks at a machine that is not there yet.
    absl::Duration poll = absl::Milliseconds(500);
    // Whether something answers at an address as a MySQL server does; blocks for seconds at most.
    std::function<absl::Status(const MachineAddress&)> reach;
    // Lets the server at an address, which was made of another's data, follow nobody; blocks for
    // seconds.
    std::function<absl::Status(const MachineAddress&)> detach;
  };

  // All outlive this.
  MachineWork(Options options, Inventory* inventory, ProviderDirectory* directory,
              MembershipPorts members, Clock* clock);

  // Tells `runner` what to do for jobs of machines, which this outlives.
  void Serve(JobRunner* runner);

 private:
  absl::StatusOr<std::string> Create(RunningJob& job);
  absl::StatusOr<std::string> Destroy(RunningJob& job);

  // `unanswered`: the uuid of the machine of which it is not known, after an error, whether its
  // provider goes on to make it; else left as it is.
  absl::StatusOr<std::vector<Machine>> MakeAll(RunningJob& job, const CreateWish& wish,
                                               Provider* provider, std::string* unanswered);
  absl::StatusOr<Machine> MakeOne(RunningJob& job, const CreateWish& wish, MachineOrder order,
                                  Provider* provider);
  // Until it runs and was reached, and follows nobody. An error says what it waited for.
  absl::StatusOr<Machine> AwaitOne(RunningJob& job, const CreateWish& wish, Machine machine,
                                   Provider* provider);
  // A machine of a job that another took over, and may have put back, while its provider was asked.
  void ListAgain(const RunningJob& job, const CreateWish& wish, const MachineOrder& order);
  absl::Status Reach(const CreateWish& wish, const Machine& machine) const;
  // Destroys what the wish made, and takes it off the list; what cannot be destroyed, may be in a
  // group, or may yet be made (`unanswered`, as MakeAll) stays on it as an orphan. Returns `why`,
  // with how many those are.
  absl::Status PutBack(RunningJob& job, const CreateWish& wish, Provider* provider,
                       const std::string& unanswered, const absl::Status& why);
  absl::Status PutBackOne(MachineEntry entry, Provider* provider, const absl::Status& may_come);
  MachineEntry EntryOf(const RunningJob& job, Machine machine, Stage stage) const;

  const Options options_;
  Inventory* const inventory_;
  ProviderDirectory* const directory_;
  const MembershipPorts members_;
  Clock* const clock_;
};

// Removes a machine from its provider and then from the list, and sets it on the list as an orphan
// where the provider fails.
absl::Status RemoveFrom(Provider* provider, Inventory* inventory, MachineEntry entry,
                        const Deadline& deadline);

// The same for a listed machine, which `operation` works on from now on. OK where none is listed.
absl::Status DestroyListed(ProviderDirectory* directory, Inventory* inventory,
                           const std::string& machine, const std::string& operation,
                           const Deadline& deadline);

}  // namespace weft::provisioner
