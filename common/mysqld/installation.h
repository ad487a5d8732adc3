#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft {

// A MySQL of this machine: how to run its mysqld, and where its files are. A plain value; copying
// it copies no file. All paths are absolute.
struct Installation {
  std::string version;     // As the binary says it, without suffix: "9.7.4", "5.6.24".
  int version_number = 0;  // As MySQL counts: 90704, 50624.

  // argv prefix that runs mysqld. More than one word where the tree brings its own loader.
  std::vector<std::string> mysqld;
  // Environment the server and the client need beside a clean one (LD_LIBRARY_PATH, ...).
  std::vector<std::pair<std::string, std::string>> environment;

  // Empty where the compiled-in default of the binary holds.
  std::string basedir;
  std::string share;       // lc-messages-dir: the folder with english/errmsg.sys.
  std::string charsets;    // character-sets-dir.
  std::string plugin_dir;  // Empty: the tree ships no plugins (5.6 here), or the default holds.

  // Where the client programs (mysql, mysqldump, mysqlbinlog) that can talk to this server are, and
  // what runs them; bin_dir is empty where there are none. See ClientProgram.
  std::string bin_dir;
  std::vector<std::string> client_loader;
  std::string client_plugin_dir;

  // Where data directories of this version, initialised once, are kept to be copied. Made when
  // needed.
  std::string seed_dir;

  bool has_plugins = true;  // False: no semi-synchronous replication, no CLONE.
};

struct ResolveOptions {
  // The folder the obtained trees live in. Empty: DefaultMysqlCacheDir().
  std::string cache_dir;
  // The script that describes a MySQL and obtains a missing one. Empty: deploy/mysql/obtain, looked
  // for upward from this executable and from the working directory.
  std::string obtain_script;
  // False: a missing tree is NOT_FOUND, whose message names the command to run.
  bool obtain_missing = true;
  // May be empty. Asked every 0.1 s while the script runs; when true, it is ended: CANCELLED. What
  // was downloaded is kept for the next time.
  std::function<bool()> cancelled;
};

// Finds the MySQL called `name`:
//   "9.7", "5.6"     a tree obtained by deploy/mysql/obtain (run when missing and allowed: it
//                    downloads, and so may take a minute; it is safe to run twice at once);
//   a path           with a slash: that mysqld;
//   "" or "PATH"     the mysqld on PATH.
// Blocks while the script and `mysqld --version` run (0.1 s when nothing is to be obtained). May be
// repeated; changes nothing but the cache.
// NOT_FOUND: no such MySQL, with what to do. INVALID_ARGUMENT: a name of neither form.
// FAILED_PRECONDITION: it is there and cannot be used (MariaDB, older than 5.6, does not run).
absl::StatusOr<Installation> ResolveInstallation(absl::string_view name,
                                                 const ResolveOptions& options = {});

// argv prefix of a client program, e.g. "mysqlbinlog": its loader, its path, and --no-defaults; for
// those that log in with a password also the folder of their plugins. Empty: there is none.
std::vector<std::string> ClientProgram(const Installation& installation, absl::string_view name);

// True if using that name would download something first.
bool MustBeObtained(absl::string_view name, const ResolveOptions& options = {});

// CacheDir()/mysql: what deploy/mysql/obtain uses too.
std::string DefaultMysqlCacheDir();

// Parses "9.7.4", "5.6.24-log", "8.0.36-0ubuntu1" to 90704, 50624, 80036; 0 if it is no version.
int ParseVersionNumber(absl::string_view version);

}  // namespace weft
