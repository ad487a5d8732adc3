#include "services/cli/nouns/machines.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"

namespace weft::cli {

absl::Status AddPairs(const Arguments& arguments, const std::string& option,
                      google::protobuf::Map<std::string, std::string>* map) {
  for (absl::string_view pair :
       absl::StrSplit(arguments.Text(option), ',', absl::SkipWhitespace())) {
    const size_t equals = pair.find('=');
    if (equals == absl::string_view::npos || equals == 0) {
      return Refusal(absl::StatusCode::kInvalidArgument, "USAGE",
                     absl::StrCat("wrong value for --", option), "KEY=VALUE, separated by commas",
                     absl::StrCat("\"", pair, "\""));
    }
    (*map)[std::string(pair.substr(0, equals))] = std::string(pair.substr(equals + 1));
  }
  return absl::OkStatus();
}

std::string PairsText(const google::protobuf::Map<std::string, std::string>& map) {
  return absl::StrJoin(std::map<std::string, std::string>(map.begin(), map.end()), ", ",
                       absl::PairFormatter("="));
}

Parameter ProviderParameter() { return {"provider", "PROVIDER", "name of the provider"}; }
Parameter ProviderOption() {
  return {"provider", "PROVIDER", "only of this provider (default all)"};
}
Parameter MachineParameter() { return {"machine", "MACHINE", "its uuid, or machines/UUID"}; }

}  // namespace weft::cli
