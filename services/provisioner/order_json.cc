#include "services/provisioner/order_json.h"

namespace weft::provisioner {

nlohmann::json OrderToJson(const MachineOrder& order) {
  return {{"uuid", order.uuid},
          {"image", order.image},
          {"flavor", order.flavor},
          {"availability_zone", order.availability_zone},
          {"key_name", order.key_name},
          {"security_groups", order.security_groups},
          {"private_networks", order.private_networks},
          {"public_network", order.public_network},
          {"user_data", order.user_data},
          {"swap", order.swap},
          {"scheduler_hints", order.scheduler_hints},
          {"meta", order.meta}};
}

MachineOrder OrderFromJson(const nlohmann::json& value) {
  MachineOrder order;
  value.at("uuid").get_to(order.uuid);
  value.at("image").get_to(order.image);
  value.at("flavor").get_to(order.flavor);
  value.at("availability_zone").get_to(order.availability_zone);
  value.at("key_name").get_to(order.key_name);
  value.at("security_groups").get_to(order.security_groups);
  value.at("private_networks").get_to(order.private_networks);
  value.at("public_network").get_to(order.public_network);
  value.at("user_data").get_to(order.user_data);
  value.at("swap").get_to(order.swap);
  value.at("scheduler_hints").get_to(order.scheduler_hints);
  value.at("meta").get_to(order.meta);
  return order;
}

}  // namespace weft::provisioner
