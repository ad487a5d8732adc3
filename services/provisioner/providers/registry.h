#pragma once
// The types of providers that there are, by name: one table.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/mysqld/accounts_sql.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// What this process lends to its providers.
struct ProviderSurroundings {
  Clock* clock = nullptr;
  // Of the servers that a provider starts itself: the accounts that the controllers manage with.
  // Secrets.
  InitialContent content;
};

// Makes a provider from how it was registered, its password in clear. Connects to nothing.
// INVALID_ARGUMENT BAD_PROVIDER for what the type cannot use (a malformed URL, an unknown key in
// `extra`).
using ProviderFactory = absl::StatusOr<std::unique_ptr<Provider>> (*)(
    const ProviderRecord& record, const ProviderSurroundings& surroundings);

struct ProviderType {
  absl::string_view name;  // "docker"
  ProviderFactory make;
};

// Each line is one factory, of the type's own header.
const std::vector<ProviderType>& ProviderTypes();

// By the type's name in any letter case, or by the name that Fabric had for it ("NULLPROVIDER").
// INVALID_ARGUMENT UNKNOWN_PROVIDER_TYPE lists what there is.
absl::StatusOr<const ProviderType*> FindProviderType(
    absl::string_view name, const std::vector<ProviderType>& types = ProviderTypes());

}  // namespace weft::provisioner
