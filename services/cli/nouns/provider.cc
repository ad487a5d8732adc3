// weft provider ...: where machines come from.
#include "absl/strings/str_cat.h"
#include "common/base/secret_file.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/machines.grpc.pb.h"
#include "services/cli/nouns/machines.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

using v1::Machines;

Answer AnswerProvider(const v1::Provider& provider, absl::string_view what) {
  return {.json = ToJson(provider),
          .text = absl::StrCat("provider ", Printable(provider.id()), " ", what, "\n")};
}

absl::StatusOr<Answer> Register(Context& context) {
  const Arguments& arguments = context.arguments();
  v1::RegisterProviderRequest request;
  request.set_provider_id(ShortName(arguments.Text("provider")));
  request.set_type(arguments.Text("type"));
  request.set_url(arguments.Text("url"));
  request.set_user(arguments.Text("provider-user"));
  request.set_tenant(arguments.Text("tenant"));
  request.set_default_image(arguments.Text("image"));
  request.set_default_flavor(arguments.Text("flavor"));
  request.set_check(!arguments.Has("no-check"));
  WEFT_RETURN_IF_ERROR(AddPairs(arguments, "extra", request.mutable_extra()));
  if (const std::string file = arguments.Text("provider-password-file"); !file.empty()) {
    WEFT_ASSIGN_OR_RETURN(*request.mutable_password(), ReadSecretFile(file));
  }
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::Provider provider,
                        context.CallProvisioner(&Machines::Stub::RegisterProvider, request));
  return AnswerProvider(provider, context.dry_run() ? "can be registered" : "registered");
}

absl::StatusOr<Answer> Unregister(Context& context) {
  v1::UnregisterProviderRequest request;
  request.set_name(ShortName(context.arguments().Text("provider")));
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::UnregisterProviderResponse response,
                        context.CallProvisioner(&Machines::Stub::UnregisterProvider, request));
  return Answer{.json = ToJson(response),
                .text = absl::StrCat("provider ", Printable(request.name()),
                                     context.dry_run() ? " is registered\n" : " unregistered\n")};
}

absl::StatusOr<Answer> List(Context& context) {
  WEFT_ASSIGN_OR_RETURN(
      const v1::ListProvidersResponse response,
      context.CallProvisioner(&Machines::Stub::ListProviders, v1::ListProvidersRequest()));
  Table table({"PROVIDER", "TYPE", "URL", "USER", "TENANT", "IMAGE", "FLAVOR", "EXTRA"});
  for (const int column : {3, 4, 5, 6, 7}) table.DropEmpty(column);
  for (const v1::Provider& one : response.providers()) {
    table.Add({Printable(one.id()), one.type(), Printable(one.url()), Printable(one.user()),
               Printable(one.tenant()), Printable(one.default_image()),
               Printable(one.default_flavor()), Printable(PairsText(one.extra()))});
  }
  return Answer{.json = ToJson(response), .text = table.Render(context.style())};
}

absl::StatusOr<Answer> Check(Context& context) {
  v1::CheckProviderRequest request;
  request.set_name(ShortName(context.arguments().Text("provider")));
  WEFT_ASSIGN_OR_RETURN(const v1::Provider provider,
                        context.CallProvisioner(&Machines::Stub::CheckProvider, request));
  return AnswerProvider(provider, "answers and lets its user in");
}

}  // namespace

Noun ProviderNoun() {
  Noun noun = {
      "provider", "where machines come from: this host, Docker, Kubernetes, OpenStack", {}};
  noun.commands = {
      {.verb = "register",
       .summary = "register a provider of machines, once it was asked",
       .details = "The password goes by a file and is kept encrypted. docs/provisioning.md says "
                  "what each type of provider knows.",
       .examples = {"weft provider register here --type local --url /var/lib/weft/machines",
                    "weft provider register docker --type docker --url unix:///run/docker.sock",
                    "weft provider register cloud --type openstack --url https://keystone:5000/v3 "
                    "--provider-user weft --provider-password-file cloud.password --tenant db"},
       .positionals = {ProviderParameter()},
       .options = {{"type", "TYPE", "local, docker, kubernetes, openstack or null"},
                   {"url", "URL", "where it is; of local a folder"},
                   {"provider-user", "USER", "as whom it is asked"},
                   {"provider-password-file", "FILE", "with that user's password", Kind::kFile},
                   {"tenant", "TENANT", "what OpenStack calls project"},
                   {"image", "IMAGE", "name of the image of machines that ask for none"},
                   {"flavor", "FLAVOR", "name of the size of machines that ask for none"},
                   {"extra", "PAIRS", "KEY=VALUE,... that the type knows"},
                   {"no-check", "", "register it without asking it"}},
       .traits = kChanges | kForesees,
       .run = Register},
      {.verb = "unregister",
       .aliases = {"rm"},
       .summary = "forget a provider that has no machines or snapshots listed",
       .examples = {"weft provider unregister docker"},
       .positionals = {ProviderParameter()},
       .traits = kChanges | kForesees,
       .run = Unregister},
      {.verb = "list",
       .aliases = {"ls"},
       .summary = "list the providers",
       .examples = {"weft provider list"},
       .traits = kReads,
       .run = List},
      {.verb = "check",
       .summary = "ask a provider whether it answers and lets its user in",
       .examples = {"weft provider check docker"},
       .positionals = {ProviderParameter()},
       .run = Check},
  };
  return noun;
}

}  // namespace weft::cli
