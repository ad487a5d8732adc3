// weft user ..., weft role list: who may call Weft, and what.
#include <iterator>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/error_details.h"
#include "common/base/secret_file.h"
#include "common/base/status_macros.h"
#include "protos/weft/v1/users.grpc.pb.h"
#include "services/cli/nouns/nouns.h"
#include "services/cli/nouns/requests.h"

namespace weft::cli {
namespace {

using v1::Users;

constexpr int kPage = 1000;

std::string UserName(absl::string_view text) { return absl::StrCat("users/", ShortName(text)); }

std::vector<std::string> Listed(const std::string& text) {
  return absl::StrSplit(text, ',', absl::SkipWhitespace());
}

// From the file, or asked for twice: never from the command line, which everybody can see.
absl::StatusOr<std::string> NewPassword(Context& context, const std::string& user) {
  const std::string file = context.arguments().Text("new-password-file");
  if (!file.empty()) return ReadSecretFile(file);
  if (!context.console().can_ask()) {
    return Refusal(absl::StatusCode::kFailedPrecondition, "NO_PASSWORD",
                   "there is no new password and nobody to ask for one", "--new-password-file FILE",
                   "neither a file nor a terminal",
                   "write the password into a file of mode 0600 and name it");
  }
  WEFT_ASSIGN_OR_RETURN(const std::string first, context.console().AskSecret(absl::StrCat(
                                                     "New password of ", Printable(user), ": ")));
  WEFT_ASSIGN_OR_RETURN(const std::string again, context.console().AskSecret("The same again: "));
  if (first == again) return first;
  return Refusal(absl::StatusCode::kInvalidArgument, "PASSWORDS_DIFFER",
                 "the two passwords are not the same", "the same password twice", "two that differ",
                 "try again");
}

template <typename Request>
absl::Status AddProtocols(const Context& context, Request* request) {
  for (const std::string& word : Listed(context.arguments().Text("protocols"))) {
    v1::LoginProtocol protocol = v1::LOGIN_PROTOCOL_UNSPECIFIED;
    if (!v1::LoginProtocol_Parse(absl::AsciiStrToUpper(word), &protocol) ||
        protocol == v1::LOGIN_PROTOCOL_UNSPECIFIED) {
      return Refusal(absl::StatusCode::kInvalidArgument, "USAGE", "wrong value for --protocols",
                     "grpc, xmlrpc, mysql, separated by commas", absl::StrCat("\"", word, "\""));
    }
    request->add_protocols(protocol);
  }
  return absl::OkStatus();
}

std::string RolesOf(const v1::User& user) { return absl::StrJoin(user.roles(), ", "); }

std::string ProtocolsOf(const v1::User& user) {
  std::vector<std::string> names;
  for (const int protocol : user.protocols()) {
    names.push_back(
        absl::AsciiStrToLower(v1::LoginProtocol_Name(static_cast<v1::LoginProtocol>(protocol))));
  }
  return absl::StrJoin(names, ", ");
}

Cell StateOf(const v1::User& user) {
  if (user.disabled()) return Cell("disabled", Tone::kWarning);
  return user.bootstrap() ? Cell("admin of the controllers") : Cell("");
}

std::string UserText(const v1::User& user, const Context& context) {
  Fields fields;
  fields.Add("name", Printable(user.id()));
  fields.Add("roles", user.roles().empty() ? "none: may do nothing" : RolesOf(user));
  fields.Add("passwords for", user.protocols().empty() ? "none" : ProtocolsOf(user));
  fields.Add("state", StateOf(user));
  return fields.Render(context.style());
}

Answer AnswerUser(const Context& context, const v1::User& user, absl::string_view what) {
  return {.json = ToJson(user),
          .text = absl::StrCat("user ", Printable(user.id()), " ",
                               context.dry_run() ? "can be " : "", what, "\n")};
}

absl::StatusOr<Answer> Create(Context& context) {
  const Arguments& arguments = context.arguments();
  v1::CreateUserRequest request;
  request.set_user_id(ShortName(arguments.Text("name")));
  request.set_no_password(arguments.Has("no-password"));
  for (const std::string& role : Listed(arguments.Text("roles"))) request.add_roles(role);
  WEFT_RETURN_IF_ERROR(AddProtocols(context, &request));
  if (!request.no_password()) {
    WEFT_ASSIGN_OR_RETURN(*request.mutable_password(), NewPassword(context, request.user_id()));
  }
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::User user, context.Call(&Users::Stub::CreateUser, request));
  return AnswerUser(context, user, "created");
}

absl::StatusOr<Answer> Delete(Context& context) {
  v1::DeleteUserRequest request;
  request.set_name(UserName(context.arguments().Text("name")));
  Mark(context, &request);
  const std::string id = Printable(ShortName(request.name()));
  if (!context.dry_run()) {
    WEFT_RETURN_IF_ERROR(context.Confirm(
        absl::StrCat("Delete user ", id, "? Whoever logs in with it is kept out from now on.")));
  }
  WEFT_ASSIGN_OR_RETURN(const v1::DeleteUserResponse response,
                        context.Call(&Users::Stub::DeleteUser, request));
  return Answer{
      .json = ToJson(response),
      .text = absl::StrCat("user ", id, context.dry_run() ? " can be deleted\n" : " deleted\n")};
}

absl::StatusOr<Answer> Password(Context& context) {
  v1::SetPasswordRequest request;
  request.set_name(UserName(context.arguments().Text("name")));
  request.set_remove(context.arguments().Has("remove"));
  WEFT_RETURN_IF_ERROR(AddProtocols(context, &request));
  if (!request.remove()) {
    WEFT_ASSIGN_OR_RETURN(*request.mutable_password(),
                          NewPassword(context, ShortName(request.name())));
  }
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::User user, context.Call(&Users::Stub::SetPassword, request));
  return AnswerUser(context, user, request.remove() ? "left without that password" : "changed");
}

absl::StatusOr<Answer> Roles(Context& context) {
  v1::SetRolesRequest request;
  request.set_name(UserName(context.arguments().Text("name")));
  for (const std::string& role : Listed(context.arguments().Text("roles"))) {
    request.add_roles(role);
  }
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::User user, context.Call(&Users::Stub::SetRoles, request));
  return Answer{.json = ToJson(user), .text = UserText(user, context)};
}

absl::StatusOr<Answer> SetDisabled(Context& context, bool disabled) {
  v1::SetDisabledRequest request;
  request.set_name(UserName(context.arguments().Text("name")));
  request.set_disabled(disabled);
  Mark(context, &request);
  WEFT_ASSIGN_OR_RETURN(const v1::User user, context.Call(&Users::Stub::SetDisabled, request));
  return AnswerUser(context, user, disabled ? "disabled" : "enabled");
}

absl::StatusOr<Answer> List(Context& context) {
  v1::ListUsersRequest request;
  request.set_page_size(kPage);
  v1::ListUsersResponse all;
  do {
    WEFT_ASSIGN_OR_RETURN(const v1::ListUsersResponse page,
                          context.Call(&Users::Stub::ListUsers, request));
    all.mutable_users()->MergeFrom(page.users());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  Table table({"USER", "ROLES", "PASSWORDS FOR", "STATE"});
  table.DropEmpty(3);
  for (const v1::User& user : all.users()) {
    table.Add({Printable(user.id()), RolesOf(user), ProtocolsOf(user), StateOf(user)});
  }
  return Answer{.json = ToJson(all, {"next_page_token"}), .text = table.Render(context.style())};
}

absl::StatusOr<Answer> Show(Context& context) {
  v1::GetUserRequest request;
  request.set_name(UserName(context.arguments().Text("name")));
  WEFT_ASSIGN_OR_RETURN(const v1::User user, context.Call(&Users::Stub::GetUser, request));
  return Answer{.json = ToJson(user), .text = UserText(user, context)};
}

absl::StatusOr<Answer> Token(Context& context) {
  v1::IssueTokenRequest request;
  if (const std::optional<absl::Duration> lifetime = context.arguments().Duration("lifetime");
      lifetime.has_value()) {
    request.mutable_lifetime()->set_seconds(absl::ToInt64Seconds(*lifetime));
  }
  WEFT_ASSIGN_OR_RETURN(const v1::IssueTokenResponse response,
                        context.Call(&Users::Stub::IssueToken, request));
  return Answer{.json = ToJson(response), .text = absl::StrCat(response.token(), "\n")};
}

absl::StatusOr<Answer> RotateKey(Context& context) {
  WEFT_RETURN_IF_ERROR(context.Confirm("Make a new key? Every token ends."));
  v1::RotateKeyRequest request;
  request.set_request_id(context.request_id());
  WEFT_ASSIGN_OR_RETURN(const v1::RotateKeyResponse response,
                        context.Call(&Users::Stub::RotateKey, request));
  return Answer{.json = ToJson(response), .text = "the key of tokens and nonces is new\n"};
}

absl::StatusOr<Answer> ListRoles(Context& context) {
  WEFT_ASSIGN_OR_RETURN(const v1::ListRolesResponse response,
                        context.Call(&Users::Stub::ListRoles, v1::ListRolesRequest()));
  Table table({"ROLE", "RIGHTS", "FOR"});
  for (const v1::Role& role : response.roles()) {
    table.Add({role.name(), absl::StrJoin(role.rights(), ", "), role.description()});
  }
  return Answer{.json = ToJson(response), .text = table.Render(context.style())};
}

Parameter UserParameter() { return {"name", "USER", "name of the user"}; }
Parameter RolesParameter() {
  return {"roles", "ROLES", "separated by commas (weft role list shows them)"};
}
Parameter ProtocolsParameter() {
  return {"protocols", "PROTOCOLS", "of grpc, xmlrpc, mysql, separated by commas (default all)"};
}
Parameter PasswordFileParameter() {
  return {"new-password-file", "FILE", "with the user's new password (default: asks for it)",
          Kind::kFile};
}

std::vector<Command> ChangeCommands() {
  return {
      {.verb = "create",
       .summary = "create a user",
       .examples = {"weft user create jane --roles connector",
                    "weft user create app --roles connector --protocols mysql --new-password-file "
                    "app.password",
                    "weft user create monitor-1 --roles monitor --no-password"},
       .positionals = {{"name", "USER", "1 to 64 of letters, digits, '_', '@', '.', '-'"}},
       .options = {RolesParameter(),
                   ProtocolsParameter(),
                   PasswordFileParameter(),
                   {"no-password", "", "logs in by a client certificate alone"}},
       .traits = kChanges | kForesees,
       .run = Create},
      {.verb = "delete",
       .aliases = {"rm"},
       .summary = "forget a user, and end its tokens",
       .examples = {"weft user delete jane --yes"},
       .positionals = {UserParameter()},
       .traits = kChanges | kForesees | kDestroys,
       .run = Delete},
      {.verb = "password",
       .summary = "change a user's password, and end its tokens",
       .examples = {"weft user password jane",
                    "weft user password jane --protocols xmlrpc,mysql --remove"},
       .positionals = {UserParameter()},
       .options = {ProtocolsParameter(),
                   PasswordFileParameter(),
                   {"remove", "", "no login there any more"}},
       .traits = kChanges | kForesees,
       .run = Password},
      {.verb = "roles",
       .summary = "replace the roles of a user; without ROLES take all away",
       .examples = {"weft user roles jane connector,observation"},
       .positionals = {UserParameter(),
                       {.name = "roles",
                        .placeholder = "ROLES",
                        .help = "all that the user has afterwards, separated by commas",
                        .optional = true}},
       .traits = kChanges | kForesees,
       .run = Roles},
      {.verb = "disable",
       .summary = "keep a user out without forgetting it",
       .examples = {"weft user disable jane"},
       .positionals = {UserParameter()},
       .traits = kChanges | kForesees,
       .run = [](Context& context) { return SetDisabled(context, true); }},
      {.verb = "enable",
       .summary = "let a disabled user in again",
       .examples = {"weft user enable jane"},
       .positionals = {UserParameter()},
       .traits = kChanges | kForesees,
       .run = [](Context& context) { return SetDisabled(context, false); }},
  };
}

std::vector<Command> OtherCommands() {
  return {
      {.verb = "list",
       .aliases = {"ls"},
       .summary = "list all users",
       .examples = {"weft user list -o json"},
       .traits = kReads,
       .run = List},
      {.verb = "show",
       .summary = "show a user",
       .examples = {"weft user show jane"},
       .positionals = {UserParameter()},
       .traits = kReads,
       .run = Show},
      {.verb = "token",
       .summary = "print a token that logs you in for a while",
       .details = "It is as good as your password until it expires: keep it like one.",
       .examples = {"weft user token --lifetime 8h > token"},
       .options = {{"lifetime", "TIME", "how long it is good (default 1h, at most 24h)",
                    Kind::kDuration}},
       .run = Token},
      {.verb = "rotate-key",
       .summary = "replace the key of tokens and nonces: all of them end",
       .examples = {"weft user rotate-key --yes"},
       .traits = kChanges | kDestroys,
       .run = RotateKey},
  };
}

}  // namespace

Noun UserNoun() {
  Noun noun = {"user", "who may call Weft", ChangeCommands()};
  std::vector<Command> others = OtherCommands();
  noun.commands.insert(noun.commands.end(), std::make_move_iterator(others.begin()),
                       std::make_move_iterator(others.end()));
  return noun;
}

Noun RoleNoun() {
  Noun noun = {"role", "what users may do", {}};
  noun.commands = {{.verb = "list",
                    .aliases = {"ls"},
                    .summary = "list the roles and their rights",
                    .examples = {"weft role list"},
                    .traits = kReads,
                    .run = ListRoles}};
  return noun;
}

}  // namespace weft::cli
