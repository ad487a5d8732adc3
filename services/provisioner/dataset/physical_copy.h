#pragma once

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "services/provisioner/dataset/copy.h"
#include "services/provisioner/dataset/farm_access.h"

namespace weft::provisioner {

// Copies the files of a server of this machine to another, both of one version, while the source
// runs: its commits wait (FLUSH TABLES WITH READ LOCK), its dirty pages are written, and the files
// are copied past the page cache. That InnoDB's log stood still meanwhile proves them consistent;
// where it did not, the copy is made again. The target stands still meanwhile, its files as they
// were; when the new ones are all there beside them it is started on these. Its uuid, settings and
// keys stay its own. After an error it runs as before (folder_swap.h). Errors: CANCELLED; ABORTED
// SOURCE_BUSY; UNAVAILABLE SOURCE_LOST; RESOURCE_EXHAUSTED DISK_FULL; those of starting a server.
absl::StatusOr<CopyFigures> CopyByFiles(const FarmAccess& access, const CopyOrder& order,
                                        const CopyWatch& watch, Clock* clock);

}  // namespace weft::provisioner
