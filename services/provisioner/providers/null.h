#pragma once
// A provider of machines that do not exist: for trials and tests, as Fabric's NULLPROVIDER was.
#include <memory>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner {

// Every order is taken, whatever image and flavor it names, and its machine stands at once, at
// 127.0.0.1 without a port. It remembers while it lives. Search knows "name" ("machine-<uuid>").
// `clock` must outlive it.
absl::StatusOr<std::unique_ptr<Provider>> NewNullProvider(const ProviderRecord& record,
                                                          Clock* clock);

}  // namespace weft::provisioner
