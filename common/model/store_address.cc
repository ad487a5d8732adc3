#include "common/model/store_address.h"

#include <algorithm>
#include <utility>

#include "common/base/error_details.h"
#include "common/base/status_macros.h"

namespace weft {

absl::StatusOr<std::vector<HostPort>> ParseStoreAddress(const std::vector<std::string>& members) {
  std::vector<HostPort> parsed;
  for (const std::string& text : members) {
    WEFT_ASSIGN_OR_RETURN(HostPort member, HostPort::Parse(text));
    if (std::find(parsed.begin(), parsed.end(), member) != parsed.end()) {
      return Refusal(absl::StatusCode::kInvalidArgument, "BAD_FLAG", "--store names a member twice",
                     "each member once", text, "leave it out once");
    }
    parsed.push_back(std::move(member));
  }
  if (!parsed.empty()) return parsed;
  return Refusal(absl::StatusCode::kInvalidArgument, "BAD_FLAG", "--store names nothing",
                 "host:port, or several with commas between", "nothing",
                 "name the state store: --store=db:3306");
}

}  // namespace weft
