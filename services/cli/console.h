#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weft::cli {

// The three streams of the process and the person who may sit there. Data go to Out, everything
// else (progress, questions, errors) to Err. Err may be called from any thread, the rest from one.
class Console {
 public:
  virtual ~Console() = default;

  // DATA_LOSS when it could not be written (the disk is full, the reader has gone).
  virtual absl::Status Out(absl::string_view text) = 0;
  // What cannot be written is lost.
  virtual void Err(absl::string_view text) = 0;

  virtual bool out_is_terminal() const = 0;
  virtual bool err_is_terminal() const = 0;
  // A person can be asked: stdin and stderr are terminals.
  virtual bool can_ask() const = 0;
  // Columns of the terminal; 80 where there is none.
  virtual int width() const = 0;

  // Asks for one line that is not echoed. CANCELLED: interrupted, or the input ended.
  // REQUIRES: can_ask().
  virtual absl::StatusOr<std::string> AskSecret(absl::string_view prompt) = 0;
  // Asks a question whose answer is no unless it is "y" or "yes". CANCELLED as above.
  // REQUIRES: can_ask().
  virtual absl::StatusOr<bool> Confirm(absl::string_view question) = 0;
};

}  // namespace weft::cli
