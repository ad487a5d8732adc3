#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::cli::sandbox {

// What a sandbox is made of: the value behind `weft sandbox up --json`. Addresses are "host:port".
struct StoreMember {
  std::string name;  // "store-1"; "store" where it is the only one.
  std::string address;
  int pid = 0;  // 0: not running.
};

struct Store {
  std::string address;  // Of several members all, with commas between.
  std::string user;
  std::string password_file;
  int pid = 0;  // Of the first member that runs; 0: none does.
  std::vector<StoreMember> members;
};

struct Server {
  std::string address;
  std::string uuid;
  int pid = 0;  // 0: not running.
  std::string socket;
};

struct Group {
  std::string id;
  std::vector<Server> servers;
};

struct Credentials {
  std::string user;
  std::string password_file;
};

struct AppAccount {
  std::string user;
  std::string password_file;
  std::string database;
};

struct Gateway {
  std::string xmlrpc;
  std::string mysql;
  std::string http;
  friend bool operator==(const Gateway&, const Gateway&) = default;
};

struct Layout {
  std::string dir;
  Store store;
  std::vector<Group> groups;
  std::vector<Server> added;  // By AddServer, after Up.
  // Absent: this sandbox runs none.
  std::optional<std::string> controller;   // The first of `controllers`.
  std::optional<std::string> monitor;      // The first of `monitors`.
  std::optional<std::string> provisioner;  // The first of `provisioners`.
  std::optional<Gateway> gateway;          // The first of `gateways`.
  std::vector<std::string> controllers;
  std::vector<std::string> monitors;
  std::vector<std::string> provisioners;
  std::vector<Gateway> gateways;
  std::map<std::string, std::string> metrics;  // Process name to URL.
  Credentials admin;                           // Weft's own user: no MySQL account.
  AppAccount app;                              // ALL on `database`, no administrative right.
  Credentials monitor_account;                 // Replication status and the tables of app.database.
};

// The documented JSON object on one line, without a line break. What is absent or not running is
// null.
std::string ToJson(const Layout& layout);

// One server of it, likewise.
std::string ToJson(const Server& server);

// Reads that object back; unknown fields are passed over. DATA_LOSS: it is not such an object.
absl::StatusOr<Layout> FromJson(absl::string_view json);

// The content of a password file without a trailing line break. Errors name the file.
absl::StatusOr<std::string> ReadPasswordFile(const std::string& path);

}  // namespace weft::cli::sandbox
