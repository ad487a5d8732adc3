#include "services/provisioner/providers/docker/shape.h"

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "services/provisioner/ports/provider_errors.h"
#include "services/provisioner/providers/order.h"
#include "services/provisioner/providers/words.h"

namespace weft::provisioner::docker {
namespace {

constexpr double kNanoCpus = 1e9;
constexpr uint32_t kMaxPort = 65535;

// Reads a value into its place; `field` names it in errors.
using Reader = absl::StatusOr<Json> (*)(const std::string& field, const std::string& value);

absl::StatusOr<Json> ReadText(const std::string&, const std::string& value) { return Json(value); }

absl::StatusOr<Json> ReadWords(const std::string& field, const std::string& value) {
  WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> words, ShellWords(field, value));
  return Json(words);
}

// Lists without quotes: "a,b c".
absl::StatusOr<Json> ReadList(const std::string&, const std::string& value) {
  const std::vector<std::string> items =
      absl::StrSplit(value, absl::ByAnyChar(", "), absl::SkipEmpty());
  return Json(items);
}

absl::StatusOr<Json> ReadBytes(const std::string& field, const std::string& value) {
  WEFT_ASSIGN_OR_RETURN(const int64_t bytes, Bytes(field, value));
  return Json(bytes);
}

absl::StatusOr<Json> ReadNumber(const std::string& field, const std::string& value) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(value, &number)) return BadOrder(field, "a whole number", value);
  return Json(number);
}

absl::StatusOr<Json> ReadFlag(const std::string& field, const std::string& value) {
  bool flag = false;
  if (!absl::SimpleAtob(value, &flag)) return BadOrder(field, "true or false", value);
  return Json(flag);
}

absl::StatusOr<Json> ReadCpus(const std::string& field, const std::string& value) {
  double cpus = 0;
  if (!absl::SimpleAtod(value, &cpus) || !(cpus > 0 && cpus < 1e6)) {
    return BadOrder(field, "a number of CPUs, as 1.5", value);
  }
  return Json(static_cast<int64_t>(cpus * kNanoCpus));
}

struct Parameter {
  bool of_host;      // a member of HostConfig
  const char* name;  // in the engine's JSON; nullptr: known, and without effect
  Reader read;
};
using Parameters = std::map<std::string, Parameter>;

const Parameters& OfFlavor() {
  static const auto& parameters = *new Parameters{
      {"name", {false, nullptr, &ReadText}},
      {"memory", {true, "Memory", &ReadBytes}},
      {"cpus", {true, "NanoCpus", &ReadCpus}},
  };
  return parameters;
}

// The keys of Fabric's Docker branch.
const Parameters& OfMeta() {
  static const auto& parameters = *new Parameters{
      {"command", {false, "Cmd", &ReadWords}},
      {"cpu_shares", {true, "CpuShares", &ReadNumber}},
      {"cpuset", {true, "CpusetCpus", &ReadText}},
      {"detach", {false, nullptr, &ReadText}},
      {"dns", {true, "Dns", &ReadList}},
      {"domainname", {false, "Domainname", &ReadText}},
      {"entrypoint", {false, "Entrypoint", &ReadWords}},
      {"environment", {false, "Env", &ReadWords}},
      {"hostname", {false, "Hostname", &ReadText}},
      {"mac_address", {false, "MacAddress", &ReadText}},
      {"mem_limit", {true, "Memory", &ReadBytes}},
      {"memswap_limit", {true, "MemorySwap", &ReadBytes}},
      {"stdin_open", {false, "OpenStdin", &ReadFlag}},
      {"tty", {false, "Tty", &ReadFlag}},
      {"user", {false, "User", &ReadText}},
      {"volumes", {true, "Binds", &ReadList}},
      {"working_dir", {false, "WorkingDir", &ReadText}},
  };
  return parameters;
}

absl::Status Apply(const Parameter& parameter, const std::string& field, const std::string& value,
                   Json& container) {
  WEFT_ASSIGN_OR_RETURN(const Json read, parameter.read(field, value));
  if (parameter.name == nullptr) return absl::OkStatus();
  Json& place = parameter.of_host ? container["HostConfig"] : container;
  place[parameter.name] = read;
  return absl::OkStatus();
}

// "[[ADDRESS:]PORT:]PORT"; an IPv6 address stands in brackets.
absl::Status PublishText(const std::string& text, Json& container) {
  absl::string_view address, outside, inside = text;
  if (const size_t last = text.rfind(':'); last != std::string::npos) {
    outside = inside.substr(0, last);
    inside.remove_prefix(last + 1);
    if (const size_t first = outside.rfind(':'); first != absl::string_view::npos) {
      address = outside.substr(0, first);
      outside.remove_prefix(first + 1);
      if (absl::ConsumePrefix(&address, "[")) absl::ConsumeSuffix(&address, "]");
    }
  }
  return Publish(address, outside, inside, container);
}

bool IsPort(absl::string_view text) {
  uint32_t port = 0;
  return absl::SimpleAtoi(text, &port) && port >= 1 && port <= kMaxPort;
}

}  // namespace

absl::Status ApplyFlavor(const Properties& flavor, Json& container) {
  for (const auto& [key, value] : flavor) {
    const auto known = OfFlavor().find(key);
    if (known == OfFlavor().end()) return BadOrder("flavor", "keys of name, memory, cpus", key);
    WEFT_RETURN_IF_ERROR(Apply(known->second, absl::StrCat("flavor ", key), value, container));
  }
  return absl::OkStatus();
}

absl::StatusOr<Properties> ApplyMeta(const Properties& meta, Json& container) {
  static const auto& refused = *new std::set<std::string>{"host_config", "image", "name",
                                                          "network_disabled", "volumes_from"};
  Properties labels;
  for (const auto& [key, value] : meta) {
    const std::string field = absl::StrCat("meta ", key);
    if (refused.contains(key)) return BadOrder(field, "none: it is Weft's to choose", value);
    if (const auto known = OfMeta().find(key); known != OfMeta().end()) {
      WEFT_RETURN_IF_ERROR(Apply(known->second, field, value, container));
    } else if (key == "ports") {
      for (const absl::string_view port :
           absl::StrSplit(value, absl::ByAnyChar(", "), absl::SkipEmpty())) {
        WEFT_RETURN_IF_ERROR(PublishText(std::string(port), container));
      }
    } else {
      labels.emplace(key, value);
    }
  }
  return labels;
}

absl::Status Publish(absl::string_view address, absl::string_view outside, absl::string_view inside,
                     Json& container) {
  if (!IsPort(inside) || !(outside.empty() || IsPort(outside))) {
    return BadOrder("meta ports", "[[ADDRESS:]PORT:]PORT", absl::StrCat(outside, ":", inside));
  }
  const std::string port = absl::StrCat(inside, "/tcp");
  container["ExposedPorts"][port] = Json::object();
  Json& bindings = container["HostConfig"]["PortBindings"][port];
  bindings.push_back({{"HostIp", std::string(address)}, {"HostPort", std::string(outside)}});
  return absl::OkStatus();
}

}  // namespace weft::provisioner::docker
