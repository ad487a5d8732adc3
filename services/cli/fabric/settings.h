#pragma once
// What fabric.cfg says, checked and with its defaults. Pure.
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/cli/fabric/config.h"

namespace weft::cli::mysqlfabric {

struct Account {
  std::string user;
  std::string password;  // Empty: none.
};

struct Protocol {
  std::string address;  // host:port, as it was written.
  Account account;
  bool authenticates = true;
  // All three or none; absolute paths.
  std::string ssl_ca;
  std::string ssl_cert;
  std::string ssl_key;
  bool encrypts() const { return !ssl_ca.empty(); }
};

struct Settings {
  // [storage]
  std::string store_address;  // host:port
  Account store;
  std::string store_database;
  // Without the option in the file a password is asked for.
  bool store_password_given = false;

  // [servers]: who logs in to every managed server.
  Account servers;
  Account replication;
  Account backup;
  Account restore;

  // [protocol.*]
  Protocol xmlrpc;
  std::optional<Protocol> mysql;  // Without the section the protocol is off.

  // [logging]
  std::string log_level;  // As Weft's processes take it: debug, info, warning, error.
  std::string log_file;   // Absolute; empty: the url names no file.

  // [failure_tracking]; absent: Weft's own.
  std::optional<absl::Duration> failover_interval;
  std::optional<int> detections;
  std::optional<absl::Duration> detection_interval;
  std::optional<absl::Duration> detection_timeout;
  std::optional<int> notifications;
  std::optional<int> notification_clients;
  std::optional<absl::Duration> notification_interval;

  int ttl = 1;  // [connector], seconds

  // [weft]
  std::vector<std::string> controllers;  // host:port each; never empty.
  std::string monitor;                   // host:port
  std::string gateway;                   // host:port of its gRPC
  std::string http;                      // host:port
  std::string programs;                  // Folder; empty: beside this program.
  std::string rescue_dir;                // Absolute.
  bool verify_host = true;               // The node's certificate must be its host's.
};

// `folder` is where the file is: relative paths start there. INVALID_ARGUMENT names section and
// option, what was expected, and unless it is a secret what was found.
absl::StatusOr<Settings> ReadSettings(const Config& config, const std::string& folder);

// `address` with "localhost" made a number: MySQL's clients would take that name for a local
// socket, and who listens needs the one address.
std::string Numeric(const std::string& address);

}  // namespace weft::cli::mysqlfabric
