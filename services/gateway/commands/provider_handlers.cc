// The commands of providers and machines, done by the provisioners. Where there is none no provider
// can be registered, so none is ever found.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/machines.grpc.pb.h"
#include "services/gateway/commands/arguments.h"
#include "services/gateway/commands/handlers.h"
#include "services/gateway/commands/machine_text.h"

namespace weft::gateway {
namespace {

using fabric::List;
using fabric::ResultSet;
using fabric::Struct;
using fabric::Type;
using fabric::Value;
using v1::Machines;
using Pairs = google::protobuf::Map<std::string, std::string>;
using Sets = absl::StatusOr<std::vector<ResultSet>>;

// What Fabric called the type that has another name here.
constexpr char kFabricNull[] = "NULLPROVIDER";
constexpr char kReserved[] = "mysql-fabric";

absl::Status NoProvider(const std::string& id) {
  return FabricError(kProviderError, absl::StrCat("Provider (", id, ") does not exist."));
}
absl::Status NoMachine(const std::string& uuid) {
  return FabricError(kMachineError, absl::StrCat("Machine (", uuid, ") does not exist."));
}

// An error of a provisioner in Fabric's words, where Fabric has any.
absl::Status InWords(const absl::Status& error, const std::string& provider,
                     const std::string& machine = "") {
  const std::string reason = ErrorReason(error);
  if (reason == "UNKNOWN_PROVIDER") return NoProvider(provider);
  if (reason == "PROVIDER_EXISTS") {
    return FabricError(kProviderError, absl::StrCat("Provider (", provider, ") already exists."));
  }
  if (reason == "PROVIDER_IN_USE") {
    return FabricError(
        kProviderError,
        absl::StrCat("There are machines associated to the provider (", provider, ")."));
  }
  if (reason == "UNKNOWN_MACHINE") return NoMachine(machine);
  if (reason == "OTHER_PROVIDER") {
    return FabricError(
        kMachineError,
        absl::StrCat("Machine (", machine, ") does not belong to provider (", provider, ")."));
  }
  return error;
}

absl::Status BadPairs(const Value& list) {
  return FabricError(kConfigurationError, absl::StrCat("Invalid parameter (", TextOf(list), ")."));
}

// "k=v" items, each split at its first '='.
absl::Status AddPairs(const Value& list, Pairs* pairs) {
  for (const std::string& item : TextsOf(list)) {
    const size_t equals = item.find('=');
    if (equals == std::string::npos) return BadPairs(list);
    (*pairs)[item.substr(0, equals)] = item.substr(equals + 1);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> TypeOf(Session& session, const std::string& provider) {
  if (!session.here().provisioners.has_value()) return NoProvider(provider);
  v1::ListProvidersRequest request;
  request.set_name(provider);
  const auto response = session.CallProvisioner(&Machines::Stub::ListProviders, request);
  WEFT_RETURN_IF_ERROR(InWords(response.status(), provider));
  return response->providers().empty() ? "" : response->providers(0).type();
}

absl::Status BeforeProvider(Session& session, const List& arguments) {
  return TypeOf(session, TextOf(arguments[0])).status();
}

// --- providers

absl::StatusOr<Deed> Register(Session& session, const List& arguments) {
  v1::RegisterProviderRequest request;
  request.set_provider_id(TextOf(arguments[0]));
  request.set_user(TextOrEmpty(arguments[1]));
  request.set_password(TextOrEmpty(arguments[2]));
  request.set_url(TextOrEmpty(arguments[3]));
  request.set_tenant(TextOrEmpty(arguments[4]));
  request.set_type(TextOf(arguments[5]));
  request.set_default_image(TextOrEmpty(arguments[6]));
  request.set_default_flavor(TextOrEmpty(arguments[7]));
  WEFT_RETURN_IF_ERROR(AddPairs(arguments[8], request.mutable_extra()));
  const absl::Status unsupported = FabricError(
      kProviderError, absl::StrCat("Provider type (", request.type(), ") is not supported yet."));
  if (!session.here().provisioners.has_value()) return unsupported;
  const absl::Status registered =
      session.CallProvisioner(&Machines::Stub::RegisterProvider, request).status();
  if (ErrorReason(registered) == "UNKNOWN_PROVIDER_TYPE") return unsupported;
  WEFT_RETURN_IF_ERROR(InWords(registered, request.provider_id()));
  return Deed{{true}, {"_register_provider"}};
}

absl::StatusOr<Deed> Unregister(Session& session, const List& arguments) {
  v1::UnregisterProviderRequest request;
  request.set_name(TextOf(arguments[0]));
  if (!session.here().provisioners.has_value()) return NoProvider(request.name());
  WEFT_RETURN_IF_ERROR(
      InWords(session.CallProvisioner(&Machines::Stub::UnregisterProvider, request).status(),
              request.name()));
  return Deed{{true}, {"_unregister_provider"}};
}

// As Python shows what may be missing.
Value TextOrNone(const std::string& text) { return {text.empty() ? "None" : text}; }

Value ExtraText(const Pairs& extra) {
  if (extra.empty()) return TextOrNone("");
  std::vector<std::string> items;
  for (const auto& [key, value] : extra) items.push_back(absl::StrCat("'", key, "=", value, "'"));
  std::sort(items.begin(), items.end());
  return {absl::StrCat("[", absl::StrJoin(items, ", "), "]")};
}

Sets ListProviders(Session& session, const List& arguments) {
  ResultSet set;
  for (const char* name : {"provider_id", "type", "username", "url", "tenant", "default_image",
                           "default_flavor", "extra"}) {
    set.columns.push_back({name, Type::kString});
  }
  v1::ListProvidersRequest request;
  request.set_name(TextOrEmpty(arguments[0]));
  if (!session.here().provisioners.has_value()) {
    if (!arguments[0].is_nil()) return NoProvider(request.name());
    return std::vector<ResultSet>{std::move(set)};
  }
  const auto response = session.CallProvisioner(&Machines::Stub::ListProviders, request);
  WEFT_RETURN_IF_ERROR(InWords(response.status(), request.name()));
  for (const v1::Provider& one : response->providers()) {
    const std::string type = one.type() == "null" ? kFabricNull : absl::AsciiStrToUpper(one.type());
    set.rows.push_back({{one.id()},
                        {type},
                        TextOrNone(one.user()),
                        TextOrNone(one.url()),
                        TextOrNone(one.tenant()),
                        TextOrNone(one.default_image()),
                        TextOrNone(one.default_flavor()),
                        ExtraText(one.extra())});
  }
  return std::vector<ResultSet>{std::move(set)};
}

// --- machines

// The parameters of a kind of manager that was never shipped.
absl::Status CheckNoDatastore(const List& arguments) {
  constexpr size_t kFirst = 13;
  constexpr const char* kNames[] = {"datastore", "datastore_version", "size",    "databases",
                                    "users",     "configuration",     "security"};
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (!IsTruthy(arguments[kFirst + i])) continue;
    return FabricError(kMachineError, absl::StrCat("Parameter (", kNames[i],
                                                   ") is not in the set of possible parameters."));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::CreateMachinesRequest> OrderOf(const List& arguments) {
  WEFT_RETURN_IF_ERROR(CheckNoDatastore(arguments));
  v1::CreateMachinesRequest request;
  request.set_provider(TextOf(arguments[0]));
  WEFT_RETURN_IF_ERROR(AddPairs(arguments[1], request.mutable_image()));
  WEFT_RETURN_IF_ERROR(AddPairs(arguments[2], request.mutable_flavor()));
  const std::optional<int64_t> number = IntegerOf(arguments[3]);
  if (!number.has_value() || *number < 1 || *number > INT32_MAX) {
    return FabricError(kMachineError, absl::StrCat("Number of machines must be greater than zero (",
                                                   TextOf(arguments[3]), ")."));
  }
  request.set_count(static_cast<int32_t>(*number));
  request.set_availability_zone(TextOrEmpty(arguments[4]));
  request.set_key_name(TextOrEmpty(arguments[5]));
  for (const absl::string_view group :
       absl::StrSplit(TextOrEmpty(arguments[6]), ',', absl::SkipWhitespace())) {
    request.add_security_groups(std::string(absl::StripAsciiWhitespace(group)));
  }
  for (const std::string& network : TextsOf(arguments[7])) request.add_private_networks(network);
  request.set_public_network(TextOrEmpty(arguments[8]));
  // Fabric opened a file of the node's host for whoever could call it.
  if (!arguments[9].is_nil()) {
    return FabricError(kMachineError, absl::StrCat("Can't open '", TextOf(arguments[9]),
                                                   "': no file of the node is read. Please, use: "
                                                   "weft machine create --user-data-file"));
  }
  request.set_swap(TextOrEmpty(arguments[10]));
  WEFT_RETURN_IF_ERROR(AddPairs(arguments[11], request.mutable_scheduler_hints()));
  WEFT_RETURN_IF_ERROR(AddPairs(arguments[12], request.mutable_meta()));
  for (const auto& [key, value] : request.meta()) {
    if (!absl::StartsWith(key, kReserved)) continue;
    return FabricError(
        kMachineError,
        absl::StrCat("The meta parameter cannot have keywords in the following list: "
                     "['mysql-fabric', 'mysql-fabric-version', 'mysql-fabric-uuid', "
                     "'mysql-fabric-group', 'mysql-fabric-machine-group-uuid']. They are reserved "
                     "for internal use."));
  }
  request.set_unlisted(IsTruthy(arguments[20]));
  request.set_do_not_wait(!IsTruthy(arguments[21]));
  return request;
}

Struct MachineStruct(const std::string& provider, const std::string& type,
                     const v1::Machine& machine) {
  return {{"provider_id", {provider}},
          {"addresses", {AddressesText(type, machine)}},
          {"uuid", {machine.uuid()}},
          {"av_zone", {ZoneText(machine)}}};
}

absl::StatusOr<Deed> CreateMachines(Session& session, const List& arguments) {
  WEFT_ASSIGN_OR_RETURN(v1::CreateMachinesRequest request, OrderOf(arguments));
  const bool unlisted = request.unlisted();
  request.set_request_id(session.request_id());
  const auto begun = session.CallProvisioner(&Machines::Stub::CreateMachines, request);
  WEFT_RETURN_IF_ERROR(InWords(begun.status(), request.provider()));
  WEFT_RETURN_IF_ERROR(session.Await(begun->operation()).status());
  v1::ListMachinesRequest list;
  list.set_provider(request.provider());
  list.set_live(unlisted);
  WEFT_ASSIGN_OR_RETURN(const v1::ListMachinesResponse all,
                        session.CallProvisioner(&Machines::Stub::ListMachines, list));
  WEFT_ASSIGN_OR_RETURN(const std::string type, TypeOf(session, request.provider()));
  List made;
  for (const v1::Machine& asked : begun->machines()) {
    for (const v1::Machine& machine : all.machines()) {
      if (machine.uuid() == asked.uuid()) {
        made.push_back({MachineStruct(request.provider(), type, machine)});
      }
    }
  }
  return Deed{{made}, {"_create_machine"}};
}

absl::StatusOr<Deed> DestroyMachine(Session& session, const List& arguments) {
  v1::DestroyMachineRequest request;
  request.set_provider(TextOf(arguments[0]));
  request.set_name(TextOf(arguments[1]));
  request.set_force(IsTruthy(arguments[2]));
  request.set_unlisted(IsTruthy(arguments[3]));
  request.set_request_id(session.request_id());
  const auto begun = session.CallProvisioner(&Machines::Stub::DestroyMachine, request);
  WEFT_RETURN_IF_ERROR(InWords(begun.status(), request.provider(), request.name()));
  WEFT_RETURN_IF_ERROR(session.Await(begun->operation()).status());
  return Deed{{true}, {"_destroy_machine"}};
}

absl::Status CheckFilters(const List& arguments, const v1::ListMachinesRequest& request) {
  const bool filtered = !request.filters().empty() || !request.meta().empty();
  if (filtered && !request.live()) {
    return FabricError(kMachineError,
                       "Filters are only supported when the 'skip_store' option is set.");
  }
  for (const auto& [key, value] : request.filters()) {
    if (absl::StartsWith(key, kReserved)) return BadPairs(arguments[1]);
  }
  return absl::OkStatus();
}

Sets ListMachines(Session& session, const List& arguments) {
  WEFT_ASSIGN_OR_RETURN(const std::string type, TypeOf(session, TextOf(arguments[0])));
  v1::ListMachinesRequest request;
  request.set_provider(TextOf(arguments[0]));
  WEFT_RETURN_IF_ERROR(AddPairs(arguments[1], request.mutable_filters()));
  WEFT_RETURN_IF_ERROR(AddPairs(arguments[2], request.mutable_meta()));
  request.set_live(IsTruthy(arguments[3]));
  WEFT_RETURN_IF_ERROR(CheckFilters(arguments, request));
  if (request.live()) (*request.mutable_meta())[kReserved] = "True";
  WEFT_ASSIGN_OR_RETURN(const v1::ListMachinesResponse response,
                        session.CallProvisioner(&Machines::Stub::ListMachines, request));
  ResultSet set;
  for (const char* name : {"uuid", "provider_id", "av_zone", "addresses"}) {
    set.columns.push_back({name, Type::kString});
  }
  for (const v1::Machine& machine : response.machines()) {
    set.rows.push_back({{machine.uuid()},
                        {request.provider()},
                        {ZoneText(machine)},
                        {AddressesText(type, machine)}});
  }
  return std::vector<ResultSet>{std::move(set)};
}

// --- snapshots

absl::StatusOr<Deed> CreateSnapshot(Session& session, const List& arguments) {
  v1::CreateSnapshotRequest request;
  request.set_provider(TextOf(arguments[0]));
  request.set_machine(TextOf(arguments[1]));
  request.set_unlisted(IsTruthy(arguments[2]));
  request.set_request_id(session.request_id());
  if (!session.here().provisioners.has_value()) return NoProvider(request.provider());
  const auto begun = session.CallProvisioner(&Machines::Stub::CreateSnapshot, request);
  WEFT_RETURN_IF_ERROR(InWords(begun.status(), request.provider(), request.machine()));
  WEFT_ASSIGN_OR_RETURN(const v1::Operation ended, session.Await(begun->operation()));
  const auto result = nlohmann::json::parse(ended.result_json(), nullptr, false);
  return Deed{{result.is_object() ? result.value("snapshot", "") : ""}, {"_create_snapshot"}};
}

absl::StatusOr<Deed> DestroySnapshots(Session& session, const List& arguments) {
  v1::DestroySnapshotsRequest request;
  request.set_provider(TextOf(arguments[0]));
  request.set_machine(TextOf(arguments[1]));
  request.set_unlisted(IsTruthy(arguments[2]));
  request.set_request_id(session.request_id());
  if (!session.here().provisioners.has_value()) return NoProvider(request.provider());
  const auto begun = session.CallProvisioner(&Machines::Stub::DestroySnapshots, request);
  WEFT_RETURN_IF_ERROR(InWords(begun.status(), request.provider(), request.machine()));
  WEFT_RETURN_IF_ERROR(session.Await(begun->operation()).status());
  return Deed{{true}, {"_destroy_snapshot"}};
}

constexpr Handler kHandlers[] = {
    {"provider.register", Lane::kChanges, kProviderError, nullptr, &Register},
    {"provider.unregister", Lane::kChanges, kProviderError, nullptr, &Unregister},
    {"provider.list", Lane::kChanges, kProviderError, &ListProviders, nullptr},
    {"snapshot.create", Lane::kChanges, kMachineError, nullptr, &CreateSnapshot},
    {"snapshot.destroy", Lane::kChanges, kMachineError, nullptr, &DestroySnapshots},
    {"server.create", Lane::kChanges, kMachineError, nullptr, &CreateMachines, &BeforeProvider},
    {"server.destroy", Lane::kChanges, kMachineError, nullptr, &DestroyMachine, &BeforeProvider},
    {"server.list", Lane::kChanges, kMachineError, &ListMachines, nullptr},
};

}  // namespace

absl::Span<const Handler> ProviderHandlers() { return kHandlers; }

}  // namespace weft::gateway
