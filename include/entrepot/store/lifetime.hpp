// How long the store keeps what upstreams have shown.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "entrepot/base/clock.hpp"

namespace entrepot::store {

struct Lifetime {
  enum class Since {
    LastUse,
    Fetch,  // or, of a link that is made while the object is stored already, since it was made
  };

  Duration ttl{0};  // 0: for ever. Counted in whole seconds, rounded up
  Since since = Since::LastUse;
};

struct Lifetimes {
  Lifetime general{};  // also of objects that are stored and that no upstream has shown yet
  std::map<std::string, Lifetime, std::less<>> upstreams{};  // by name, or wildcard; else the general one

  // An upstream's own; else that of the longest wildcard that stands for it.
  const Lifetime& of(const std::string& upstream) const;
};

}  // namespace entrepot::store
