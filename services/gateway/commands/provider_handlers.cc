// The commands of providers and machines of a node that has no provider: none can be registered,
// so none is ever found.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/gateway/commands/arguments.h"
#include "services/gateway/commands/handlers.h"

namespace weft::gateway {
namespace {

using fabric::List;
using fabric::ResultSet;
using fabric::Type;
using Sets = absl::StatusOr<std::vector<ResultSet>>;

absl::Status NoProvider(const fabric::Value& id) {
  return FabricError(kProviderError, absl::StrCat("Provider (", TextOf(id), ") does not exist."));
}

absl::StatusOr<Deed> Register(Session&, const List& arguments) {
  const std::vector<std::string> extra = TextsOf(arguments[8]);
  if (!std::all_of(extra.begin(), extra.end(),
                   [](const std::string& pair) { return absl::StrContains(pair, '='); })) {
    return FabricError(kConfigurationError,
                       absl::StrCat("Invalid parameter (", TextOf(arguments[8]), ")."));
  }
  return FabricError(kProviderError, absl::StrCat("Provider type (", TextOf(arguments[5]),
                                                  ") is not supported yet."));
}

absl::StatusOr<Deed> OfProvider(Session&, const List& arguments) {
  return NoProvider(arguments[0]);
}

// Found out before the procedure begins, so that the error has no class.
Sets BeforeProcedure(Session&, const List& arguments) { return NoProvider(arguments[0]); }

Sets ListProviders(Session&, const List& arguments) {
  if (!arguments[0].is_nil()) return NoProvider(arguments[0]);
  ResultSet set;
  for (const char* name : {"provider_id", "type", "username", "url", "tenant", "default_image",
                           "default_flavor", "extra"}) {
    set.columns.push_back({name, Type::kString});
  }
  return std::vector<ResultSet>{std::move(set)};
}

constexpr Handler kHandlers[] = {
    {"provider.register", Lane::kHere, kProviderError, nullptr, &Register},
    {"provider.unregister", Lane::kHere, kProviderError, nullptr, &OfProvider},
    {"provider.list", Lane::kHere, kProviderError, &ListProviders, nullptr},
    {"snapshot.create", Lane::kHere, kProviderError, nullptr, &OfProvider},
    {"snapshot.destroy", Lane::kHere, kProviderError, nullptr, &OfProvider},
    {"server.create", Lane::kHere, kProviderError, &BeforeProcedure, nullptr},
    {"server.destroy", Lane::kHere, kProviderError, &BeforeProcedure, nullptr},
    {"server.list", Lane::kHere, kProviderError, &BeforeProcedure, nullptr},
};

}  // namespace

absl::Span<const Handler> ProviderHandlers() { return kHandlers; }

}  // namespace weft::gateway
