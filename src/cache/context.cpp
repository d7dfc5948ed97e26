#include "entrepot/cache/context.hpp"

namespace entrepot::cache {

std::string_view cache_status(Outcome outcome) {
  switch (outcome) {
    case Outcome::Hit:
      return "entrepot; hit";
    case Outcome::Forwarded:
      return "entrepot; fwd=miss";
    case Outcome::Stored:
      return "entrepot; fwd=miss; stored";
    case Outcome::Collapsed:
      return "entrepot; fwd=miss; collapsed";
    case Outcome::Stale:
      return "entrepot; hit; detail=stale";
    case Outcome::Bypass:
      return "entrepot; fwd=bypass";
  }
  return "entrepot; fwd=bypass";
}

}  // namespace entrepot::cache
