#pragma once
// The registered providers: their records with secrets sealed, and the objects behind them.

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/provisioner/ports/inventory.h"
#include "services/provisioner/providers/registry.h"
#include "services/provisioner/sealing.h"

namespace weft::provisioner {

// Thread-safe. Blocks as the inventory does.
class ProviderDirectory {
 public:
  // `seal` may be nullptr: no secrets can be kept then. `inventory` and `types` outlive this.
  ProviderDirectory(Inventory* inventory, std::shared_ptr<const Seal> seal,
                    ProviderSurroundings surroundings,
                    const std::vector<ProviderType>& types = ProviderTypes())
      : inventory_(inventory),
        seal_(std::move(seal)),
        surroundings_(std::move(surroundings)),
        types_(types) {}

  // What is asked of a new provider. Its password is in clear.
  struct Registration {
    ProviderRecord record;
    bool check = false;  // ask it first
    bool validate_only = false;
  };
  // The entry as it is kept. INVALID_ARGUMENT BAD_PROVIDER, UNKNOWN_PROVIDER_TYPE;
  // FAILED_PRECONDITION KEY_REQUIRED; ALREADY_EXISTS; with `check` the errors of Provider::Check.
  absl::StatusOr<ProviderEntry> Register(const Registration& registration,
                                         const Deadline& deadline);
  absl::Status Unregister(const std::string& id) { return inventory_->RemoveProvider(id); }
  // One, or all where `id` is empty. NOT_FOUND.
  absl::StatusOr<std::vector<ProviderEntry>> List(const std::string& id);

  // The provider behind a name; the same object as long as its record stays the same. NOT_FOUND;
  // WRONG_KEY, KEY_REQUIRED.
  absl::StatusOr<std::shared_ptr<Provider>> Open(const std::string& id);
  // Asks it whether it answers and lets the credentials in. What is returned is as registered.
  absl::StatusOr<ProviderEntry> Check(const std::string& id, const Deadline& deadline);

  // A secret of a request, to be kept with it, and back. KEY_REQUIRED. "" stays as it is.
  absl::StatusOr<std::string> CloseSecret(const std::string& secret,
                                          const std::string& about) const;
  absl::StatusOr<std::string> OpenSecret(const std::string& sealed, const std::string& about) const;

 private:
  struct Opened {
    ProviderRecord record;  // sealed
    std::shared_ptr<Provider> provider;
  };

  Inventory* const inventory_;
  const std::shared_ptr<const Seal> seal_;
  const ProviderSurroundings surroundings_;
  const std::vector<ProviderType>& types_;
  Mutex mutex_;
  std::map<std::string, Opened> opened_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace weft::provisioner
