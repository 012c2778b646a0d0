// Error and Result: an expected failure is a value with a text for the person who can mend it.
// Used by everyone; no thread rules (plain values).
#pragma once

#include <boost/system/result.hpp>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>

namespace congto {

// What happened, where (file:line, bus, unit id, register) and what to do about it, in one line.
struct Error {
  std::string message;
};

inline std::ostream& operator<<(std::ostream& out, const Error& error) { return out << error.message; }

// Found by Boost.System when value() is called on a failed result: a mistake of ours, never of the user's.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error("value of a failed result: " + error.message);
}

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace congto
