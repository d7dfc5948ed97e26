#include "registry/query.hpp"

#include <algorithm>
#include <utility>

#include "entrepot/http/url.hpp"

namespace entrepot::registry {

namespace {

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// Cuts `text` at the first `separator`; what follows it stays in `text`.
std::string_view take_until(std::string_view& text, char separator) {
  std::string_view head = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(head.size() + 1, text.size()));
  return head;
}

void set_if_first(std::string& slot, std::string&& value) {
  if (slot.empty()) slot = std::move(value);
}

}  // namespace

Query parse_query(std::string_view text) {
  Query query;
  bool ns_seen = false;
  while (!text.empty()) {
    std::string_view encoded = take_until(text, '&');
    Result<std::string> name = http::percent_decode(take_until(encoded, '='));
    Result<std::string> value = http::percent_decode(encoded);
    if (!name || !value) {
      query.fault = "the query has a broken percent-encoding";
    } else if (*name == "n") {
      set_if_first(query.n, std::move(*value));
    } else if (*name == "last") {
      set_if_first(query.last, std::move(*value));
    } else if (*name == "artifactType") {
      set_if_first(query.artifact_type, std::move(*value));
    } else if (*name == "ns") {
      if (std::exchange(ns_seen, true)) query.fault = "ns is given more than once";
      if (!is_printable(*value)) {
        query.fault = "ns is no host name";
      } else if (!query.ns && !value->empty()) {
        query.ns = std::move(*value);
      }
    }
  }
  return query;
}

}  // namespace entrepot::registry
