#pragma once
// What the nouns of provisioners share.
#include <google/protobuf/map.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/cli/context.h"

namespace weft::cli {

// "KEY=VALUE,KEY=VALUE" into `map`. INVALID_ARGUMENT names the option.
absl::Status AddPairs(const Arguments& arguments, const std::string& option,
                      google::protobuf::Map<std::string, std::string>* map);

// "a=1, b=2", ordered.
std::string PairsText(const google::protobuf::Map<std::string, std::string>& map);

Parameter ProviderParameter();
Parameter ProviderOption();  // --provider
Parameter MachineParameter();

}  // namespace weft::cli
