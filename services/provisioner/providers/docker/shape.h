#pragma once
// The pairs of an order's flavor and meta that shape a container. Pure.
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/provisioner/http/json.h"
#include "services/provisioner/ports/provider.h"

namespace weft::provisioner::docker {

// Sets what `flavor` says in the body of POST /containers/create. BAD_ORDER.
absl::Status ApplyFlavor(const Properties& flavor, Json& container);

// Sets what `meta` says, and returns those pairs of it that are no parameters of a container: they
// are to be kept as labels. BAD_ORDER, also for parameters that are Weft's own to choose.
absl::StatusOr<Properties> ApplyMeta(const Properties& meta, Json& container);

// Publishes `inside` of the container, as docker run --publish ADDRESS:OUTSIDE:INSIDE; address and
// outside may be empty. BAD_ORDER.
absl::Status Publish(absl::string_view address, absl::string_view outside, absl::string_view inside,
                     Json& container);

}  // namespace weft::provisioner::docker
