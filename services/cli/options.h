#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace weft::cli {

// The environment variables of the process by name: read once, by main.
using Variables = std::map<std::string, std::string>;

enum class OutputFormat { kTable, kJson, kYaml };

// What the options that every command takes said. Absent or empty: not given on the command line;
// what holds then (the environment, a sandbox, a default) is decided in login.h.
struct Options {
  OutputFormat output = OutputFormat::kTable;
  bool no_color = false;

  std::string controller;   // host:port, of several with commas between them
  std::string provisioner;  // the same of the provisioners
  std::string sandbox;      // folder
  std::string user;
  std::string password_file;
  std::string token_file;
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  std::string tls_server_name;
  bool insecure = false;  // The login may cross a network in plain text.

  // The longest a command takes, waiting for an operation included. Absent: 30 s for each call to
  // the controller, and no limit for an operation's end.
  std::optional<absl::Duration> timeout;

  friend bool operator==(const Options&, const Options&) = default;
};

}  // namespace weft::cli
