#include "services/cli/fabric/settings.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/error_details.h"
#include "common/base/status_macros.h"
#include "common/model/ids.h"
#include "services/cli/fabric/option_rules.h"

namespace weft::cli::mysqlfabric {
namespace {

// Reads options one after another; the first that is wrong is the result.
class Reader {
 public:
  Reader(const Config& config, const std::string& folder) : config_(config), folder_(folder) {}

  const absl::Status& status() const { return status_; }

  std::optional<std::string> Find(const std::string& section, const std::string& option) {
    absl::StatusOr<std::optional<std::string>> value = config_.Get(section, option);
    if (value.ok()) return *std::move(value);
    status_.Update(value.status());
    return std::nullopt;
  }

  std::string Text(const std::string& section, const std::string& option,
                   const std::string& standard) {
    return Find(section, option).value_or(standard);
  }

  // host:port; without a port the one of `standard`.
  std::string Address(const std::string& section, const std::string& option,
                      const std::string& standard) {
    return CheckAddress(section, option, Text(section, option, standard), standard);
  }

  std::vector<std::string> Addresses(const std::string& section, const std::string& option,
                                     const std::string& standard) {
    std::vector<std::string> addresses;
    const std::string text = Text(section, option, standard);
    for (const absl::string_view one : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
      addresses.push_back(
          CheckAddress(section, option, std::string(absl::StripAsciiWhitespace(one)), standard));
    }
    if (addresses.empty()) Wrong(section, option, "host:port", text);
    return addresses;
  }

  std::optional<int> Whole(const std::string& section, const std::string& option, int least) {
    const std::optional<std::string> text = Find(section, option);
    if (!text.has_value()) return std::nullopt;
    int number = 0;
    if (absl::SimpleAtoi(*text, &number) && number >= least) return number;
    Wrong(section, option, absl::StrCat("a whole number from ", least, " up"), *text);
    return std::nullopt;
  }

  std::optional<absl::Duration> Seconds(const std::string& section, const std::string& option,
                                        int least) {
    const std::optional<int> seconds = Whole(section, option, least);
    if (!seconds.has_value()) return std::nullopt;
    return absl::Seconds(*seconds);
  }

  bool YesNo(const std::string& section, const std::string& option, bool standard) {
    const std::string text = absl::AsciiStrToLower(Text(section, option, standard ? "yes" : "no"));
    if (text == "yes" || text == "no" || text.empty()) return text == "yes";
    Wrong(section, option, "yes or no", text);
    return standard;
  }

  // Empty, or absolute.
  std::string Path(const std::string& section, const std::string& option,
                   const std::string& standard) {
    return Absolute(Text(section, option, standard));
  }

  std::string Absolute(const std::string& path) const {
    return path.empty() || path[0] == '/' ? path : absl::StrCat(folder_, "/", path);
  }

  void Wrong(const std::string& section, const std::string& option, absl::string_view expected,
             absl::string_view found) {
    const OptionRule* rule = FindOptionRule(section, option);
    const bool secret = rule != nullptr && rule->secret;
    status_.Update(
        Refusal(absl::StatusCode::kInvalidArgument, "BAD_CONFIGURATION",
                absl::StrCat(section, ".", option, " is wrong"), expected,
                secret          ? "something else"
                : found.empty() ? "nothing"
                                : found,
                absl::StrCat("set ", option, " in section [", section,
                             "] of fabric.cfg, or --param=", section, ".", option, "=...")));
  }

 private:
  std::string CheckAddress(const std::string& section, const std::string& option, std::string text,
                           const std::string& standard) {
    const std::string given = text;
    const bool has_port = text.find(':') != std::string::npos && text.back() != ']';
    if (!has_port) absl::StrAppend(&text, standard.substr(standard.rfind(':')));
    if (!HostPort::Parse(text).ok()) Wrong(section, option, "host:port", given);
    return text;
  }

  const Config& config_;
  const std::string folder_;
  absl::Status status_;
};

Account ReadAccount(Reader& reader, const std::string& section, const std::string& prefix,
                    const Account& standard) {
  Account account;
  const std::optional<std::string> user = reader.Find(section, prefix + "user");
  account.user = user.value_or(standard.user);
  // Another user has another password, or none.
  account.password =
      reader.Text(section, prefix + "password",
                  user.has_value() && *user != standard.user ? std::string() : standard.password);
  return account;
}

Protocol ReadProtocol(Reader& reader, const std::string& section, const std::string& address) {
  Protocol protocol;
  protocol.address = reader.Address(section, "address", address);
  protocol.account = ReadAccount(reader, section, "", {"admin", ""});
  protocol.authenticates = !reader.YesNo(section, "disable_authentication", false);
  return protocol;
}

void ReadTls(Reader& reader, const std::string& section, Protocol* protocol) {
  protocol->ssl_ca = reader.Path(section, "ssl_ca", "");
  protocol->ssl_cert = reader.Path(section, "ssl_cert", "");
  protocol->ssl_key = reader.Path(section, "ssl_key", "");
  const int given = (protocol->ssl_ca.empty() ? 0 : 1) + (protocol->ssl_cert.empty() ? 0 : 1) +
                    (protocol->ssl_key.empty() ? 0 : 1);
  if (given == 0 || given == 3) return;
  const char* missing = protocol->ssl_ca.empty()     ? "ssl_ca"
                        : protocol->ssl_cert.empty() ? "ssl_cert"
                                                     : "ssl_key";
  // Plain text where somebody meant to encrypt would be the worst answer.
  reader.Wrong(section, missing, "a file: ssl_ca, ssl_cert and ssl_key all three, or none", "");
}

void ReadLogging(Reader& reader, Settings* settings) {
  const std::string level = absl::AsciiStrToLower(reader.Text("logging", "level", "INFO"));
  settings->log_level = level == "critical" ? "error" : level;
  if (level != "critical" && level != "error" && level != "warning" && level != "info" &&
      level != "debug") {
    reader.Wrong("logging", "level", "CRITICAL, ERROR, WARNING, INFO or DEBUG", level);
  }
  const std::string url = reader.Text("logging", "url", "file:///var/log/fabric.log");
  if (absl::StartsWith(url, "syslog:")) return;
  absl::string_view path = url;
  const bool is_file = absl::ConsumePrefix(&path, "file:");
  const bool has_host = absl::StartsWith(path, "//") && !absl::StartsWith(path, "///");
  while (absl::StartsWith(path, "//")) path.remove_prefix(1);
  if (!is_file || has_host || path.empty() || path == "/") {
    reader.Wrong("logging", "url", "file:///PATH, file:NAME or syslog:", url);
    return;
  }
  settings->log_file =
      path[0] == '/'
          ? std::string(path)
          : reader.Absolute(absl::StrCat(reader.Text("logging", "logdir", "/var/log"), "/", path));
}

}  // namespace

absl::StatusOr<Settings> ReadSettings(const Config& config, const std::string& folder) {
  Reader reader(config, folder);
  Settings settings;
  settings.store_address = reader.Address("storage", "address", "localhost:3306");
  settings.store = ReadAccount(reader, "storage", "", {"fabric", ""});
  settings.store_password_given = reader.Find("storage", "password").has_value();
  settings.store_database = reader.Text("storage", "database", "fabric");

  settings.servers = ReadAccount(reader, "servers", "", {"fabric", ""});
  settings.replication = ReadAccount(reader, "servers", "replication_", settings.servers);
  settings.backup = ReadAccount(reader, "servers", "backup_", settings.servers);
  settings.restore = ReadAccount(reader, "servers", "restore_", settings.servers);

  settings.xmlrpc = ReadProtocol(reader, "protocol.xmlrpc", "localhost:32274");
  ReadTls(reader, "protocol.xmlrpc", &settings.xmlrpc);
  if (config.HasSection("protocol.mysql")) {
    settings.mysql = ReadProtocol(reader, "protocol.mysql", "localhost:32275");
  }
  ReadLogging(reader, &settings);
  settings.failover_interval = reader.Seconds("failure_tracking", "failover_interval", 0);
  settings.detections = reader.Whole("failure_tracking", "detections", 1);
  settings.detection_interval = reader.Seconds("failure_tracking", "detection_interval", 2);
  settings.detection_timeout = reader.Seconds("failure_tracking", "detection_timeout", 1);
  settings.notifications = reader.Whole("failure_tracking", "notifications", 1);
  settings.notification_clients = reader.Whole("failure_tracking", "notification_clients", 1);
  settings.notification_interval = reader.Seconds("failure_tracking", "notification_interval", 1);
  settings.ttl = reader.Whole("connector", "ttl", 0).value_or(1);

  settings.controllers = reader.Addresses("weft", "controller", "127.0.0.1:32280");
  settings.monitor = reader.Address("weft", "monitor", "127.0.0.1:32281");
  settings.gateway = reader.Address("weft", "gateway", "127.0.0.1:32283");
  settings.http = reader.Address("weft", "http", "127.0.0.1:32270");
  settings.programs = reader.Path("weft", "programs", "");
  settings.rescue_dir = reader.Path("weft", "rescue_dir", "/var/lib/weft/rescue");
  settings.verify_host = reader.YesNo("weft", "verify_host", true);
  if (!reader.status().ok()) return reader.status();
  return settings;
}

std::string Numeric(const std::string& address) {
  constexpr absl::string_view kName = "localhost:";
  absl::string_view rest = address;
  return absl::ConsumePrefix(&rest, kName) ? absl::StrCat("127.0.0.1:", rest) : address;
}

}  // namespace weft::cli::mysqlfabric
