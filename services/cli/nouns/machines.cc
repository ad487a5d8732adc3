#include "services/cli/nouns/machines.h"

#include <fstream>
#include <map>
#include <sstream>

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

std::vector<std::string> ListOf(const Arguments& arguments, const std::string& option) {
  return absl::StrSplit(arguments.Text(option), ',', absl::SkipWhitespace());
}

absl::StatusOr<std::string> UserDataOf(const Arguments& arguments) {
  const std::string path = arguments.Text("user-data-file");
  if (path.empty()) return "";
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (file && text) return text.str();
  return Refusal(absl::StatusCode::kNotFound, "NO_FILE", absl::StrCat("cannot read ", path),
                 "a file for --user-data-file", "none that can be read", "name another one");
}

std::vector<Parameter> MachineOrderOptions(std::string zone) {
  return {{"image", "PAIRS", "which image: name=IMAGE (default the provider's)"},
          {"flavor", "PAIRS", "which size: name=FLAVOR (default the provider's)"},
          {"meta", "PAIRS", "KEY=VALUE,... kept with the machine"},
          {std::move(zone), "ZONE", "availability zone of the machine"},
          {"key-name", "NAME", "of the key that is put into it"},
          {"security-groups", "NAMES", "separated by commas"},
          {"private-networks", "LABELS", "separated by commas"},
          {"public-network", "POOL", "of addresses reached from outside"},
          {"user-data-file", "FILE", "handed to the machine at its first start", Kind::kFile},
          {"swap", "SIZE", "of its swap space, in the words of the provider"},
          {"hints", "PAIRS", "what the provider's scheduler knows"},
          {"reach-timeout", "TIME", "how long a machine may take until it is reached (default 10m)",
           Kind::kDuration}};
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
