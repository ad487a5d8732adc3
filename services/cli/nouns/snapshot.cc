// weft snapshot ...: copies of machines' data that providers keep.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/rpc/model.h"
#include "protos/weft/v1/machines.grpc.pb.h"
#include "services/cli/nouns/machines.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

using v1::Machines;

absl::StatusOr<Answer> Create(Context& context) {
  v1::CreateSnapshotRequest request;
  request.set_machine(ShortName(context.arguments().Text("machine")));
  request.set_keep(static_cast<int32_t>(context.arguments().Integer("keep")));
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(v1::CreateSnapshotResponse response,
                        context.CallProvisioner(&Machines::Stub::CreateSnapshot, request));
  return AnswerOperation(context, std::move(response),
                         absl::StrCat("snapshot of machine ", Printable(request.machine()),
                                      context.dry_run() ? " can be taken" : " taken"));
}

absl::StatusOr<Answer> List(Context& context) {
  v1::ListSnapshotsRequest request;
  request.set_provider(ShortName(context.arguments().Text("provider")));
  request.set_machine(ShortName(context.arguments().Text("machine")));
  WEFT_ASSIGN_OR_RETURN(const v1::ListSnapshotsResponse response,
                        context.CallProvisioner(&Machines::Stub::ListSnapshots, request));
  Table table({"SNAPSHOT", "PROVIDER", "MACHINE", "BYTES", "TAKEN"});
  table.AlignRight(3);
  for (const v1::MachineSnapshot& one : response.snapshots()) {
    table.Add({Printable(one.id()), ShortName(one.provider()), ShortName(one.machine()),
               one.bytes() == 0 ? "" : absl::StrCat(one.bytes()),
               absl::FormatTime(absl::RFC3339_sec, rpc::FromProto(one.create_time()),
                                absl::UTCTimeZone())});
  }
  return Answer{.json = ToJson(response), .text = table.Render(context.style())};
}

absl::StatusOr<Answer> Destroy(Context& context) {
  v1::DestroySnapshotsRequest request;
  const std::string name = ShortName(context.arguments().Text("snapshot"));
  const std::string machine = ShortName(context.arguments().Text("machine"));
  request.set_name(name);
  request.set_machine(machine);
  Mark(context, &request);
  const std::string what =
      Printable(name.empty() ? absl::StrCat("all snapshots of machine ", machine)
                             : absl::StrCat("snapshot ", name));
  if (!context.dry_run()) {
    WEFT_RETURN_IF_ERROR(context.Confirm(absl::StrCat("Destroy ", what, "?")));
  }
  WEFT_ASSIGN_OR_RETURN(v1::DestroySnapshotsResponse response,
                        context.CallProvisioner(&Machines::Stub::DestroySnapshots, request));
  return AnswerOperation(
      context, std::move(response),
      absl::StrCat(what, context.dry_run() ? " can be destroyed" : " destroyed"));
}

absl::StatusOr<Answer> Restore(Context& context) {
  v1::RestoreSnapshotRequest request;
  request.set_name(ShortName(context.arguments().Text("snapshot")));
  WEFT_RETURN_IF_ERROR(AddPairs(context.arguments(), "image", request.mutable_image()));
  WEFT_RETURN_IF_ERROR(AddPairs(context.arguments(), "flavor", request.mutable_flavor()));
  WEFT_RETURN_IF_ERROR(AddPairs(context.arguments(), "meta", request.mutable_meta()));
  if (const auto timeout = context.arguments().Duration("reach-timeout"); timeout.has_value()) {
    *request.mutable_reach_timeout() = rpc::ToProto(*timeout);
  }
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(v1::RestoreSnapshotResponse response,
                        context.CallProvisioner(&Machines::Stub::RestoreSnapshot, request));
  const std::string uuid = response.machine().uuid();
  return AnswerOperation(
      context, std::move(response),
      absl::StrCat("machine ", uuid, context.dry_run() ? " can be made" : " created", " from ",
                   Printable(request.name())));
}

}  // namespace

Noun SnapshotNoun() {
  const Parameter snapshot = {"snapshot", "SNAPSHOT", "its name (weft snapshot list)"};
  Noun noun = {"snapshot", "copies of machines' data that their providers keep", {}};
  noun.commands = {
      {.verb = "create",
       .summary = "take a snapshot of a machine's data",
       .examples = {"weft snapshot create 6d3c1b0e-5f3b-5a5e-9f43-0a7d0d6a1c11 --keep 3"},
       .positionals = {MachineParameter()},
       .options = {{"keep", "N", "destroy the oldest of the machine beyond N (default: keep all)",
                    Kind::kInteger}},
       .traits = kChanges | kForesees | kWaits,
       .run = Create},
      {.verb = "list",
       .aliases = {"ls"},
       .summary = "list snapshots, oldest first",
       .examples = {"weft snapshot list --provider here"},
       .options = {ProviderOption(), {"machine", "MACHINE", "only of this machine (default all)"}},
       .traits = kReads,
       .run = List},
      {.verb = "destroy",
       .aliases = {"rm"},
       .summary = "destroy a snapshot, or all of a machine",
       .examples =
           {"weft snapshot destroy snapshot-6d3c1b0e-5f3b-5a5e-9f43-0a7d0d6a1c11-1798765432 "
            "--yes",
            "weft snapshot destroy --machine 6d3c1b0e-5f3b-5a5e-9f43-0a7d0d6a1c11 --yes"},
       .positionals = {{.name = "snapshot",
                        .placeholder = "SNAPSHOT",
                        .help = "its name (weft snapshot list)",
                        .optional = true}},
       .options = {{"machine", "MACHINE", "all of this machine"}},
       .traits = kChanges | kForesees | kWaits | kDestroys,
       .run = Destroy},
      {.verb = "restore",
       .summary = "make a new machine with a snapshot's data, once its checksum was found right",
       .examples =
           {"weft snapshot restore snapshot-6d3c1b0e-5f3b-5a5e-9f43-0a7d0d6a1c11-1798765432"},
       .positionals = {snapshot},
       .options = {{"image", "PAIRS", "which image (default the snapshot's)"},
                   {"flavor", "PAIRS", "which size (default the snapshot's)"},
                   {"meta", "PAIRS", "KEY=VALUE,... kept with the machine"},
                   {"reach-timeout", "TIME", "how long it may take until it is reached",
                    Kind::kDuration}},
       .traits = kChanges | kForesees | kWaits,
       .run = Restore},
  };
  return noun;
}

}  // namespace weft::cli
