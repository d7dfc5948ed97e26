#include "registry/paging.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "entrepot/http/url.hpp"

namespace entrepot::registry {

namespace {

using nlohmann::json;

// Upstreams' names may hold any bytes.
std::string to_text(const json& body) { return body.dump(-1, ' ', false, json::error_handler_t::replace); }

class QueryWriter {
 public:
  void add(std::string_view name, std::string_view value) {
    text_ += text_.empty() ? '?' : '&';
    text_ += name;
    text_ += '=';
    text_ += http::percent_encode(value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

Page cut_page(std::span<const std::string> sorted, std::size_t n, std::string_view last) {
  auto first = last.empty() ? sorted.begin() : std::upper_bound(sorted.begin(), sorted.end(), last);
  auto left = static_cast<std::size_t>(sorted.end() - first);
  std::size_t size = std::min(n, left);
  return {{first, size}, size > 0 && size < left};
}

std::string next_link(const Route& route, std::string_view last) {
  QueryWriter query;
  if (route.endpoint == Endpoint::Referrers) {
    if (!route.artifact_type.empty()) query.add("artifactType", route.artifact_type);
  } else {
    query.add("n", std::to_string(route.n));
  }
  query.add("last", last);
  if (route.ns) query.add("ns", *route.ns);
  return '<' + route.link_path + query.text() + ">; rel=\"next\"";
}

std::string tags_body(std::string_view name, std::span<const std::string> tags) {
  return to_text({{"name", name}, {"tags", tags}});
}

std::string catalog_body(std::span<const std::string> repositories) {
  return to_text({{"repositories", repositories}});
}

}  // namespace entrepot::registry
