#include "upstream/link.hpp"

#include "entrepot/base/text.hpp"

namespace entrepot::upstream {

namespace {

// Parameters as they follow a link's target: `; rel="next"; title=x`.
bool has_rel_next(std::string_view parameters) {
  while (!parameters.empty()) {
    auto end = parameters.find(';');
    std::string_view parameter = trim(parameters.substr(0, end));
    parameters = end == std::string_view::npos ? std::string_view() : parameters.substr(end + 1);
    auto equals = parameter.find('=');
    if (equals == std::string_view::npos || !equal_ignoring_case(trim(parameter.substr(0, equals)), "rel")) {
      continue;
    }
    std::string_view value = trim(parameter.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (equal_ignoring_case(value, "next")) return true;
  }
  return false;
}

// The text between the "<" and ">" of the line's first rel="next".
std::optional<std::string_view> next_target(std::string_view line) {
  for (auto open = line.find('<'); open != std::string_view::npos; open = line.find('<')) {
    auto close = line.find('>', open);
    if (close == std::string_view::npos) return std::nullopt;
    std::string_view target = line.substr(open + 1, close - open - 1);
    line.remove_prefix(close + 1);
    auto parameters_end = line.find(",");  // registries put no comma into a parameter
    if (has_rel_next(line.substr(0, parameters_end))) return target;
  }
  return std::nullopt;
}

}  // namespace

std::optional<http::Url> next_link(std::span<const std::string> lines, const http::Url& page) {
  for (const std::string& line : lines) {
    std::optional<std::string_view> target = next_target(line);
    if (!target) continue;
    Result<http::Url> url = page.resolve(*target);
    if (url) return *url;
  }
  return std::nullopt;
}

std::string_view path_of(const http::Url& url) { return std::string_view(url.target).substr(0, url.target.find('?')); }

std::string_view query_of(const http::Url& url) {
  auto mark = url.target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(url.target).substr(mark + 1);
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    auto end = query.find('&');
    std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    Result<std::string> value = http::percent_decode(pair.substr(equals + 1));
    if (value) return *value;
  }
  return std::nullopt;
}

}  // namespace entrepot::upstream
