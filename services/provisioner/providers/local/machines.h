#pragma once
// The folders of the local provider's machines.
//   FOLDER/lock               held for moments: while ports are chosen, and UUID/lock is taken
//   FOLDER/UUID/lock          held while that machine is made or removed
//   FOLDER/UUID/machine.json  see record.h
//   FOLDER/UUID/made          the server's folder is whole
//   FOLDER/UUID/server/       see common/mysqld/instance.h
//   FOLDER/snapshots/         see snapshots.h
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/mysqld/accounts_sql.h"
#include "common/mysqld/files.h"
#include "common/mysqld/installation.h"
#include "common/mysqld/instance.h"
#include "services/provisioner/ports/provider.h"
#include "services/provisioner/providers/local/record.h"

namespace weft::provisioner::local {

// What a machine is to be.
struct Blueprint {
  MachineFile machine;                  // without ports
  std::vector<std::string> statements;  // SQL, once before the first connection
  // Puts other data into the new server's data folder, before its first start; may be empty. Whom
  // the server of these data followed the new one does not by itself.
  std::function<absl::Status(const std::string& data_dir)> fill;
};

// Thread-safe; several processes may use one folder.
class Machines {
 public:
  struct Options {
    std::string provider;  // its id
    std::string folder;    // absolute
    // Ports that servers take, both ends; nullopt: any.
    std::optional<std::pair<int, int>> ports;
    InitialContent content;
  };
  // `clock` outlives this.
  Machines(Options options, Clock* clock) : options_(std::move(options)), clock_(clock) {}

  // Makes it where it is not, and starts it where it never ran: it may not be ready at once. One
  // that was made by half is made anew. Others are made and removed meanwhile; who works on the
  // same one is waited for. PROVIDER_TOO_SLOW.
  absl::StatusOr<Machine> Make(const Blueprint& blueprint, const Deadline& deadline) const;
  absl::StatusOr<Machine> Get(const std::string& uuid) const;
  std::vector<Machine> All() const;
  // What was written down of it. MACHINE_UNKNOWN.
  absl::StatusOr<MachineFile> FileOf(const std::string& uuid) const;
  absl::StatusOr<Instance> ServerOf(const std::string& uuid) const;
  // PROVIDER_TOO_SLOW where somebody works on it until the deadline.
  absl::Status Remove(const std::string& uuid, const Deadline& deadline) const;

  std::string who() const;
  const std::string& folder() const { return options_.folder; }

 private:
  std::string Folder(const std::string& uuid) const { return options_.folder + "/" + uuid; }
  std::string Record(const std::string& uuid) const { return Folder(uuid) + "/machine.json"; }
  std::string Server(const std::string& uuid) const { return Folder(uuid) + "/server"; }
  std::string Made(const std::string& uuid) const { return Folder(uuid) + "/made"; }
  absl::StatusOr<FileLock> LockAll(const Deadline& deadline) const;
  // Makes the machine's folder where it lacks.
  absl::StatusOr<FileLock> LockOne(const std::string& uuid, const Deadline& deadline) const;
  // Under the machine's lock.
  absl::Status MakeLocked(const Blueprint& blueprint, const Deadline& deadline) const;
  // Chooses its ports and writes them down.
  absl::Status Reserve(MachineFile* file, const Deadline& deadline) const;
  absl::StatusOr<std::vector<int>> TakePorts(const std::string& uuid) const;
  // Of all machines.
  std::vector<MachineFile> Files() const;
  Machine Describe(const MachineFile& file) const;

  const Options options_;
  Clock* const clock_;
};

// Whether its servers can copy themselves.
bool CanClone(const Installation& installation);

// The MySQL of an image's name. IMAGE_UNKNOWN.
absl::StatusOr<Installation> FindImage(const std::string& who, const std::string& image);

}  // namespace weft::provisioner::local
