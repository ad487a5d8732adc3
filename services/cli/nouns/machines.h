#pragma once
// What the nouns of provisioners share.
#include <google/protobuf/map.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"
#include "common/rpc/model.h"
#include "services/cli/context.h"

namespace weft::cli {

// "KEY=VALUE,KEY=VALUE" into `map`. INVALID_ARGUMENT names the option.
absl::Status AddPairs(const Arguments& arguments, const std::string& option,
                      google::protobuf::Map<std::string, std::string>* map);

// Names separated by commas.
std::vector<std::string> ListOf(const Arguments& arguments, const std::string& option);

// The content of --user-data-file; "" where none is named. NOT_FOUND NO_FILE.
absl::StatusOr<std::string> UserDataOf(const Arguments& arguments);

// The options of what machines are made like, alike for all commands that make some. `zone` is the
// name of that of the availability zone.
std::vector<Parameter> MachineOrderOptions(std::string zone);

// What those options say into a message that orders machines.
template <typename Order>
absl::Status FillMachineOrder(const Arguments& arguments, const std::string& zone, Order* order) {
  WEFT_RETURN_IF_ERROR(AddPairs(arguments, "image", order->mutable_image()));
  WEFT_RETURN_IF_ERROR(AddPairs(arguments, "flavor", order->mutable_flavor()));
  WEFT_RETURN_IF_ERROR(AddPairs(arguments, "meta", order->mutable_meta()));
  WEFT_RETURN_IF_ERROR(AddPairs(arguments, "hints", order->mutable_scheduler_hints()));
  order->set_availability_zone(arguments.Text(zone));
  order->set_key_name(arguments.Text("key-name"));
  order->set_public_network(arguments.Text("public-network"));
  order->set_swap(arguments.Text("swap"));
  for (std::string& group : ListOf(arguments, "security-groups")) {
    order->add_security_groups(std::move(group));
  }
  for (std::string& network : ListOf(arguments, "private-networks")) {
    order->add_private_networks(std::move(network));
  }
  WEFT_ASSIGN_OR_RETURN(*order->mutable_user_data(), UserDataOf(arguments));
  if (const auto timeout = arguments.Duration("reach-timeout"); timeout.has_value()) {
    *order->mutable_reach_timeout() = rpc::ToProto(*timeout);
  }
  return absl::OkStatus();
}

// "a=1, b=2", ordered.
std::string PairsText(const google::protobuf::Map<std::string, std::string>& map);

Parameter ProviderParameter();
Parameter ProviderOption();  // --provider
Parameter MachineParameter();

}  // namespace weft::cli
