// weft machine ...: machines that providers made.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/machines.grpc.pb.h"
#include "services/cli/nouns/machines.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

using v1::Machines;

constexpr char kZoneOption[] = "zone";

std::string AddressesText(const v1::Machine& machine) {
  return absl::StrJoin(machine.addresses(), ", ", [](std::string* text, const auto& address) {
    const bool is_v6 = absl::StrContains(address.host(), ':');
    absl::StrAppend(text, is_v6 ? "[" : "", address.host(), is_v6 ? "]" : "");
    if (address.port() != 0) absl::StrAppend(text, ":", address.port());
  });
}

Cell StateOf(const v1::Machine& machine) {
  const std::string word = v1::Machine::State_Name(machine.state());
  switch (machine.state()) {
    case v1::Machine::READY:
      return Cell(word, Tone::kGood);
    case v1::Machine::ORPHAN:
      return Cell(word, Tone::kBad);
    default:
      return Cell(word, Tone::kWarning);
  }
}

std::string MachineText(const v1::Machine& machine, const Context& context) {
  Fields fields;
  fields.Add("machine", Cell(machine.uuid(), Tone::kStrong));
  fields.Add("provider", ShortName(machine.provider()));
  fields.Add("state", StateOf(machine));
  fields.Add("detail", Printable(machine.detail()));
  fields.Add("addresses", AddressesText(machine));
  fields.Add("zone", Printable(machine.zone()));
  fields.Add("host", Printable(machine.host()));
  fields.Add("there", Printable(machine.native_id()));
  fields.Add("meta", Printable(PairsText(machine.meta())));
  fields.Add("operation", ShortName(machine.operation()));
  return fields.Render(context.style());
}

absl::StatusOr<Answer> Create(Context& context) {
  v1::CreateMachinesRequest request;
  request.set_provider(ShortName(context.arguments().Text("provider")));
  request.set_count(static_cast<int32_t>(context.arguments().Integer("count", 1)));
  WEFT_RETURN_IF_ERROR(FillMachineOrder(context.arguments(), kZoneOption, &request));
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(v1::CreateMachinesResponse response,
                        context.CallProvisioner(&Machines::Stub::CreateMachines, request));
  std::string uuids;
  for (const v1::Machine& machine : response.machines()) {
    absl::StrAppend(&uuids, uuids.empty() ? "" : ", ", machine.uuid());
  }
  const bool one = response.machines_size() == 1;
  return AnswerOperation(context, std::move(response),
                         absl::StrCat(one ? "machine " : "machines ", uuids,
                                      context.dry_run() ? " can be asked for" : " created"));
}

absl::StatusOr<Answer> List(Context& context) {
  v1::ListMachinesRequest request;
  request.set_provider(ShortName(context.arguments().Text("provider")));
  request.set_live(context.arguments().Has("live"));
  WEFT_RETURN_IF_ERROR(AddPairs(context.arguments(), "filter", request.mutable_filters()));
  WEFT_RETURN_IF_ERROR(AddPairs(context.arguments(), "meta", request.mutable_meta()));
  WEFT_ASSIGN_OR_RETURN(const v1::ListMachinesResponse response,
                        context.CallProvisioner(&Machines::Stub::ListMachines, request));
  Table table({"MACHINE", "PROVIDER", "STATE", "ADDRESSES", "ZONE", "DETAIL"});
  table.DropEmpty(4);
  table.DropEmpty(5);
  for (const v1::Machine& machine : response.machines()) {
    table.Add({machine.uuid(), ShortName(machine.provider()), StateOf(machine),
               AddressesText(machine), Printable(machine.zone()), Printable(machine.detail())});
  }
  return Answer{.json = ToJson(response), .text = table.Render(context.style())};
}

absl::StatusOr<Answer> Show(Context& context) {
  v1::GetMachineRequest request;
  request.set_name(ShortName(context.arguments().Text("machine")));
  WEFT_ASSIGN_OR_RETURN(const v1::Machine machine,
                        context.CallProvisioner(&Machines::Stub::GetMachine, request));
  return Answer{.json = ToJson(machine), .text = MachineText(machine, context)};
}

absl::StatusOr<Answer> Destroy(Context& context) {
  v1::DestroyMachineRequest request;
  request.set_name(ShortName(context.arguments().Text("machine")));
  request.set_provider(ShortName(context.arguments().Text("provider")));
  request.set_force(context.arguments().Has("force"));
  request.set_unlisted(context.arguments().Has("unlisted"));
  Mark(context, &request);
  const std::string uuid = Printable(request.name());
  if (!context.dry_run()) {
    WEFT_RETURN_IF_ERROR(
        context.Confirm(absl::StrCat("Destroy machine ", uuid, " with all its data?")));
  }
  WEFT_ASSIGN_OR_RETURN(v1::DestroyMachineResponse response,
                        context.CallProvisioner(&Machines::Stub::DestroyMachine, request));
  return AnswerOperation(
      context, std::move(response),
      absl::StrCat("machine ", uuid, context.dry_run() ? " can be destroyed" : " destroyed"));
}

std::vector<Parameter> CreateOptions() {
  std::vector<Parameter> options = MachineOrderOptions(kZoneOption);
  options.insert(options.begin(), {"count", "N", "how many (default 1)", Kind::kInteger});
  return options;
}

}  // namespace

Noun MachineNoun() {
  Noun noun = {"machine", "machines that providers made", {}};
  noun.commands = {
      {.verb = "create",
       .summary = "make machines: all, or none",
       .details = "Each is listed before its provider is asked for it. One that is never reached "
                  "is destroyed again, or stays listed as an ORPHAN.",
       .examples = {"weft machine create here --count 2",
                    "weft machine create docker --image name=mysql-9.7 --flavor memory=1g"},
       .positionals = {ProviderParameter()},
       .options = CreateOptions(),
       .traits = kChanges | kForesees | kWaits,
       .run = Create},
      {.verb = "list",
       .aliases = {"ls"},
       .summary = "list machines, or what a provider says it has",
       .examples = {"weft machine list", "weft machine list --provider docker --live"},
       .options = {ProviderOption(),
                   {"live", "", "ask the provider in place of the list"},
                   {"filter", "PAIRS", "with --live: properties, as the provider has them"},
                   {"meta", "PAIRS", "with --live: meta of the machines"}},
       .traits = kReads,
       .run = List},
      {.verb = "show",
       .aliases = {"describe"},
       .summary = "show a machine",
       .examples = {"weft machine show 6d3c1b0e-5f3b-5a5e-9f43-0a7d0d6a1c11"},
       .positionals = {MachineParameter()},
       .traits = kReads,
       .run = Show},
      {.verb = "destroy",
       .aliases = {"rm"},
       .summary = "destroy a machine with its data",
       .details = "Refused while a group has a server on it, and while no controller tells whether "
                  "one has: remove the server first (weft group remove).",
       .examples = {"weft machine destroy 6d3c1b0e-5f3b-5a5e-9f43-0a7d0d6a1c11 --yes"},
       .positionals = {MachineParameter()},
       .options = {{"provider", "PROVIDER", "that it must be of"},
                   {"force", "",
                    "though its server is in a group; off the list even where its provider fails"},
                   {"unlisted", "", "it need not be listed; --provider says whom to ask"}},
       .traits = kChanges | kForesees | kWaits | kDestroys,
       .run = Destroy},
  };
  return noun;
}

}  // namespace weft::cli
