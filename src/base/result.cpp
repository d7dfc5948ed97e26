#include "entrepot/base/result.hpp"

#include <stdexcept>
#include <system_error>

namespace entrepot {

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
  throw std::logic_error("value() of an error: " + error.message + " at " + where.to_string());
}

Error io_error(std::string what, int errno_value) {
  return Error{Errc::Io, std::move(what) + ": " + std::generic_category().message(errno_value)};
}

}  // namespace entrepot
