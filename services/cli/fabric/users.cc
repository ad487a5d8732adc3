#include "services/cli/fabric/users.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/fabric/command_table.h"
#include "protos/weft/v1/users.grpc.pb.h"
#include "services/cli/fabric/node_plan.h"

namespace weft::cli::mysqlfabric {
namespace {

using fabric::Value;
using v1::LoginProtocol;
using v1::Users;
using Protocols = std::vector<LoginProtocol>;

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr char kXmlrpc[] = "xmlrpc";
constexpr char kMysql[] = "mysql";
constexpr char kRolePrompt[] = "Enter comma separated list of role IDs or names: ";

// An error with the original's words, which stand for themselves.
absl::Status Say(const absl::Status& status, absl::string_view words) {
  return absl::Status(status.code(), words);
}

// What the original said to those whom it did not let in.
absl::Status InFabricsWords(const absl::Status& status) {
  if (absl::IsUnauthenticated(status)) return Say(status, "Login failed");
  if (absl::IsPermissionDenied(status)) return Say(status, "No permission");
  return status;
}

// Text given for a parameter; nullopt where it was left out.
std::optional<std::string> TextOf(const Line& line, absl::string_view parameter) {
  for (size_t i = 0; i < line.command->parameters.size(); ++i) {
    if (line.command->parameters[i].name != parameter) continue;
    if (const auto* text = std::get_if<std::string>(&line.arguments[i].data)) return *text;
  }
  return std::nullopt;
}

bool IsSet(const Line& line, absl::string_view parameter) {
  for (size_t i = 0; i < line.command->parameters.size(); ++i) {
    if (line.command->parameters[i].name == parameter) return line.arguments[i] == Value{true};
  }
  return false;
}

bool Has(const v1::User& user, LoginProtocol protocol) {
  return std::find(user.protocols().begin(), user.protocols().end(), protocol) !=
         user.protocols().end();
}

// What Fabric said that a permission lets its holder do.
std::string PermissionText(absl::string_view right) {
  if (right == "core") return "Full access to all core Fabric functionality";
  if (right == "core.dump") return "Access to dump commands";
  if (right == "core.user") return "User administration";
  if (right == "core.role") return "Role administration";
  if (right == "core.threat") return "Reporting to Fabric";
  return absl::StrCat("Access to ", absl::StripPrefix(right, "core."));
}

// The rights that Fabric had too; Weft's own, of its API and of its processes, are `weft role
// list`'s.
std::vector<std::string> FabricRights(const v1::Role& role) {
  const std::vector<std::string>& groups = fabric::CommandGroups();
  std::vector<std::string> rights;
  for (const std::string& right : role.rights()) {
    const absl::string_view name = absl::StripPrefix(right, "core.");
    if (right == "core" || fabric::FindCommand(name) != nullptr ||
        std::find(groups.begin(), groups.end(), name) != groups.end()) {
      rights.push_back(right);
    }
  }
  return rights;
}

std::string RoleText(const v1::Role& role) {
  if (role.name() == "superadmin") return "Role for Administrative users";
  if (role.name() == "useradmin") return "Role for users dealing with user administration";
  if (role.name() == "connector") return "Role for MySQL Connectors";
  return role.description();
}

class UserCommand {
 public:
  UserCommand(const Line& line, Client* client, Person* person)
      : line_(line),
        client_(client),
        person_(person),
        name_(TextOf(line, "username").value_or("")),
        protocol_(TextOf(line, "protocol").value_or(kXmlrpc)) {}

  absl::Status Run() {
    const std::string method = line_.command->method();
    if (method == "role.list") return ListRoles();
    if (method == "user.list") return ListUsers();
    if (protocol_ != kXmlrpc && protocol_ != kMysql) {
      return absl::InvalidArgumentError(
          absl::StrCat("Protocol ", protocol_, " is not supported: take xmlrpc or mysql."));
    }
    if (method == "user.add") return Add();
    if (method == "user.delete") return Delete();
    if (method == "user.password") return ChangePassword();
    return ChangeRoles();
  }

 private:
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                                const Request& request) {
    absl::StatusOr<Response> response = client_->Call(method, request, kPatience);
    if (!response.ok()) return InFabricsWords(response.status());
    return response;
  }

  std::string Pair() const { return absl::StrCat(name_, "/", protocol_); }
  Protocols WeftProtocols() const {
    return protocol_ == kMysql ? Protocols{v1::MYSQL} : Protocols{v1::XMLRPC, v1::GRPC};
  }
  absl::Status Print(absl::string_view text) { return person_->console()->Out(text); }

  absl::Status PrintHeader(absl::string_view title) {
    return Print(absl::StrCat(title, "\n", std::string(title.size(), '='), "\nUsername: ", name_,
                              "\nProtocol: ", protocol_, "\n"));
  }

  absl::StatusOr<v1::User> Get() {
    v1::GetUserRequest request;
    request.set_name(name_);
    return Call(&Users::Stub::GetUser, request);
  }

  // With a password for the protocol of this command. NOT_FOUND otherwise.
  absl::StatusOr<v1::User> GetWithProtocol() {
    absl::StatusOr<v1::User> user = Get();
    if (user.ok() && Has(*user, WeftProtocols().front())) return user;
    if (user.ok() || absl::IsNotFound(user.status())) {
      return absl::NotFoundError(absl::StrCat("No user ", Pair()));
    }
    return user;
  }

  absl::StatusOr<std::string> AskNewPassword() {
    WEFT_ASSIGN_OR_RETURN(std::string password, person_->AskSecret("Password: "));
    if (password.empty()) return absl::InvalidArgumentError("Can not set empty password");
    WEFT_ASSIGN_OR_RETURN(const std::string again, person_->AskSecret("Repeat Password: "));
    if (password != again) return absl::InvalidArgumentError("Passwords did not match!");
    return password;
  }

  absl::StatusOr<v1::ListRolesResponse> Roles() {
    return Call(&Users::Stub::ListRoles, v1::ListRolesRequest());
  }

  // Names of the roles of --roles, or of the answer to a question.
  absl::StatusOr<std::vector<std::string>> ChosenRoles() {
    WEFT_ASSIGN_OR_RETURN(const v1::ListRolesResponse known, Roles());
    std::optional<std::string> text = TextOf(line_, "roles");
    if (!text.has_value()) {
      WEFT_RETURN_IF_ERROR(Print(absl::StrCat("\n", RoleTable(known), "\n")));
      WEFT_ASSIGN_OR_RETURN(text, person_->Ask(kRolePrompt));
    }
    std::vector<std::string> chosen;
    if (absl::StripAsciiWhitespace(*text) == "0") return chosen;
    for (absl::string_view word : absl::StrSplit(*text, ',', absl::SkipWhitespace())) {
      word = absl::StripAsciiWhitespace(word);
      size_t id = 0;
      const bool by_id = absl::SimpleAtoi(word, &id);
      size_t found = 0;
      while (found < static_cast<size_t>(known.roles_size()) &&
             (by_id ? found + 1 != id : known.roles(found).name() != word)) {
        ++found;
      }
      if (found == static_cast<size_t>(known.roles_size())) {
        return absl::InvalidArgumentError("Found invalid role.");
      }
      chosen.push_back(known.roles(found).name());
    }
    return chosen;
  }

  absl::Status SetPassword(const std::string& password) {
    v1::SetPasswordRequest request;
    request.set_name(name_);
    request.set_password(password);
    for (const LoginProtocol protocol : WeftProtocols()) request.add_protocols(protocol);
    return Call(&Users::Stub::SetPassword, request).status();
  }

  absl::Status SetRoles(const std::vector<std::string>& roles) {
    v1::SetRolesRequest request;
    request.set_name(name_);
    for (const std::string& role : roles) request.add_roles(role);
    return Call(&Users::Stub::SetRoles, request).status();
  }

  absl::Status Create(const std::string& password, const std::vector<std::string>& roles) {
    v1::CreateUserRequest request;
    request.set_user_id(name_);
    request.set_password(password);
    for (const LoginProtocol protocol : WeftProtocols()) request.add_protocols(protocol);
    for (const std::string& role : roles) request.add_roles(role);
    return Call(&Users::Stub::CreateUser, request).status();
  }

  absl::Status Add() {
    const absl::StatusOr<v1::User> user = Get();
    if (!user.ok() && !absl::IsNotFound(user.status())) return user.status();
    if (user.ok() && Has(*user, WeftProtocols().front())) {
      return absl::AlreadyExistsError(absl::StrCat("User ", Pair(), " already exists"));
    }
    WEFT_RETURN_IF_ERROR(PrintHeader("Add a new Fabric user"));
    WEFT_ASSIGN_OR_RETURN(const std::string password, AskNewPassword());
    WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> roles, ChosenRoles());
    if (!user.ok()) {
      WEFT_RETURN_IF_ERROR(Create(password, roles));
      return Print("Fabric user added.\n");
    }
    // The same person by another protocol: the roles of both are one set.
    WEFT_RETURN_IF_ERROR(SetPassword(password));
    std::vector<std::string> all(user->roles().begin(), user->roles().end());
    for (const std::string& role : roles) {
      if (std::find(all.begin(), all.end(), role) == all.end()) all.push_back(role);
    }
    WEFT_RETURN_IF_ERROR(SetRoles(all));
    return Print("Fabric user added.\n");
  }

  absl::Status Delete() {
    WEFT_RETURN_IF_ERROR(PrintHeader("Delete a Fabric user"));
    WEFT_ASSIGN_OR_RETURN(const v1::User user, GetWithProtocol());
    if (!IsSet(line_, "force")) {
      WEFT_ASSIGN_OR_RETURN(const bool sure,
                            person_->Confirm(absl::StrCat("Really delete user ", Pair(), "?")));
      if (!sure) return absl::CancelledError("The user was not deleted.");
    }
    const LoginProtocol other = protocol_ == kMysql ? v1::XMLRPC : v1::MYSQL;
    if (Has(user, other)) {
      v1::SetPasswordRequest request;
      request.set_name(name_);
      request.set_remove(true);
      for (const LoginProtocol protocol : WeftProtocols()) request.add_protocols(protocol);
      WEFT_RETURN_IF_ERROR(Call(&Users::Stub::SetPassword, request).status());
    } else {
      v1::DeleteUserRequest request;
      request.set_name(name_);
      WEFT_RETURN_IF_ERROR(Call(&Users::Stub::DeleteUser, request).status());
    }
    return Print("Fabric user deleted.\n");
  }

  absl::Status ChangePassword() {
    WEFT_RETURN_IF_ERROR(PrintHeader("Change password of a Fabric user"));
    WEFT_RETURN_IF_ERROR(GetWithProtocol().status());
    WEFT_ASSIGN_OR_RETURN(const std::string password, AskNewPassword());
    WEFT_RETURN_IF_ERROR(SetPassword(password));
    return Print("Password changed.\n");
  }

  absl::Status ChangeRoles() {
    WEFT_RETURN_IF_ERROR(PrintHeader("Change roles for a Fabric user"));
    WEFT_RETURN_IF_ERROR(GetWithProtocol().status());
    WEFT_ASSIGN_OR_RETURN(const std::vector<std::string> roles, ChosenRoles());
    WEFT_RETURN_IF_ERROR(SetRoles(roles));
    return Print(
        absl::StrCat("Roles for ", Pair(), roles.empty() ? " removed." : " updated.", "\n"));
  }

  static std::string RoleTable(const v1::ListRolesResponse& known) {
    size_t widest = 10;
    for (const v1::Role& role : known.roles()) widest = std::max(widest, role.name().size());
    const int width = static_cast<int>(widest);
    constexpr char kLine[] = "  %2s  %-*s  %s\n";
    std::string text =
        absl::StrFormat(kLine, "ID", width, "Role Name", "Description and Permissions");
    absl::StrAppendFormat(&text, kLine, "--", width, std::string(widest, '-'),
                          std::string(27, '-'));
    for (int i = 0; i < known.roles_size(); ++i) {
      const v1::Role& role = known.roles(i);
      const std::vector<std::string> rights = FabricRights(role);
      if (rights.empty()) continue;  // Of Weft's processes.
      absl::StrAppendFormat(&text, kLine, absl::StrCat(i + 1), width, role.name(), RoleText(role));
      for (const std::string& right : rights) {
        absl::StrAppend(&text, std::string(8 + widest, ' '), "+ ", PermissionText(right), "\n");
      }
    }
    return text;
  }

  absl::Status ListRoles() {
    WEFT_ASSIGN_OR_RETURN(const v1::ListRolesResponse known, Roles());
    return Print(RoleTable(known));
  }

  absl::Status ListUsers() {
    std::vector<std::vector<std::string>> rows;
    v1::ListUsersRequest request;
    do {
      WEFT_ASSIGN_OR_RETURN(const v1::ListUsersResponse page,
                            Call(&Users::Stub::ListUsers, request));
      for (const v1::User& user : page.users()) {
        // As whom the node's processes know each other: nobody's login.
        if (user.bootstrap() && user.id() == kNodeUser) continue;
        AddRows(user, &rows);
      }
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    size_t width = 9;
    for (const auto& row : rows) width = std::max(width, row[0].size());
    const int columns = static_cast<int>(width);
    std::string text = absl::StrFormat("%-*s %-12s %s\n", columns, "Username", "Protocol", "Roles");
    absl::StrAppend(&text, std::string(width, '-'), " ", std::string(12, '-'), " ",
                    std::string(20, '-'), "\n");
    for (const auto& row : rows) {
      absl::StrAppendFormat(&text, "%-*s %-12s %s\n", columns, row[0], row[1], row[2]);
    }
    return Print(text);
  }

  // One row for each protocol, as Fabric had one user for each.
  static void AddRows(const v1::User& user, std::vector<std::vector<std::string>>* rows) {
    const std::string roles =
        user.roles().empty() ? "(no roles set)" : absl::StrJoin(user.roles(), ", ");
    std::vector<std::string> protocols;
    if (Has(user, v1::XMLRPC)) protocols.push_back(kXmlrpc);
    if (Has(user, v1::MYSQL)) protocols.push_back(kMysql);
    if (Has(user, v1::GRPC) && !Has(user, v1::XMLRPC)) protocols.push_back("grpc");
    if (protocols.empty()) protocols.push_back("-");
    for (const std::string& protocol : protocols) rows->push_back({user.id(), protocol, roles});
  }

  const Line& line_;
  Client* const client_;
  Person* const person_;
  const std::string name_;
  const std::string protocol_;
};

absl::Status SetPasswords(const std::string& name, const std::string& password,
                          const Protocols& protocols, Client* client) {
  v1::SetPasswordRequest request;
  request.set_name(name);
  request.set_password(password);
  for (const LoginProtocol protocol : protocols) request.add_protocols(protocol);
  return client->Call(&Users::Stub::SetPassword, request, kPatience).status();
}

}  // namespace

absl::Status RunUserCommand(const Line& line, Client* client, Person* person) {
  return UserCommand(line, client, person).Run();
}

absl::Status CreateAdmin(const std::string& name, const std::string& password, Client* client) {
  v1::CreateUserRequest request;
  request.set_user_id(name);
  request.set_password(password);
  request.add_roles("superadmin");
  const absl::Status created = client->Call(&Users::Stub::CreateUser, request, kPatience).status();
  if (!absl::IsAlreadyExists(created)) return created;
  v1::GetUserRequest get;
  get.set_name(name);
  WEFT_ASSIGN_OR_RETURN(const v1::User user, client->Call(&Users::Stub::GetUser, get, kPatience));
  if (Has(user, v1::XMLRPC)) return created;
  // Deleted for this protocol: nobody else could let it in again.
  return SetPasswords(name, password, {v1::XMLRPC, v1::GRPC}, client);
}

absl::Status SetMysqlPassword(const std::string& name, const std::string& password,
                              Client* client) {
  return SetPasswords(name, password, {v1::MYSQL}, client);
}

}  // namespace weft::cli::mysqlfabric
