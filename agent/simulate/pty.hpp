// Pty: a pseudo-terminal under a name of our choice: the line that a simulated serial bus pretends to be.
// RAII over the descriptors and the link.
#pragma once

#include <filesystem>

#include "drivers/core/error.hpp"

namespace congto::simulate {

class Pty {
 public:
  // Raw, 8-bit clean; `link` becomes a symbolic link to the terminal. An old link of that name is replaced,
  // any other file of that name is an error.
  static Result<Pty> open(const std::filesystem::path& link);
  Pty(Pty&& other) noexcept;
  Pty& operator=(Pty&&) = delete;
  ~Pty();

  int line() const { return master_; }  // non-blocking; the meters' side
  const std::filesystem::path& link() const { return link_; }
  void remove_link();

 private:
  Pty(int master, int terminal) : master_(master), terminal_(terminal) {}

  int master_;
  int terminal_;  // kept open: a master whose terminal nobody has open reads errors only
  std::filesystem::path link_;
  std::filesystem::path target_;
};

}  // namespace congto::simulate
