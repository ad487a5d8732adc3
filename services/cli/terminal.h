#pragma once

#include <string>

#include "common/base/interrupt.h"
#include "common/base/mutex.h"
#include "services/cli/console.h"

namespace weft::cli {

// The console of this process: descriptors 0, 1 and 2.
class Terminal : public Console {
 public:
  // Questions give up when `interrupt` is raised.
  explicit Terminal(Interrupt* interrupt);

  absl::Status Out(absl::string_view text) override;
  void Err(absl::string_view text) override;
  bool out_is_terminal() const override;
  bool err_is_terminal() const override;
  bool can_ask() const override;
  int width() const override;
  absl::StatusOr<std::string> AskSecret(absl::string_view prompt) override;
  absl::StatusOr<bool> Confirm(absl::string_view question) override;

 private:
  absl::StatusOr<std::string> ReadLine();

  Interrupt* const interrupt_;
  Mutex err_mutex_;
};

}  // namespace weft::cli
