#include "entrepot/store/lifetime.hpp"

#include "entrepot/base/wildcard.hpp"

namespace entrepot::store {

const Lifetime& Lifetimes::of(const std::string& upstream) const {
  const auto found = find_by_name(upstreams, upstream);
  return found == upstreams.end() ? general : found->second;
}

}  // namespace entrepot::store
