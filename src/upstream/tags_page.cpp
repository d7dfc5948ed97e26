#include "upstream/tags_page.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "upstream/link.hpp"

namespace entrepot::upstream {

namespace {

// The following page's `last`: what the link says, or, where it pages by other means, the last tag of this page.
std::string last_after(const std::vector<std::string>& tags, std::optional<std::string_view> next_query) {
  if (next_query) {
    std::optional<std::string> last = query_parameter(*next_query, "last");
    if (last && !last->empty()) return *last;
  }
  return tags.empty() ? std::string() : tags.back();
}

}  // namespace

Result<std::vector<std::string>> parse_tags(std::string_view body) {
  Error malformed{Errc::BadGateway, "the answer is not a list of tags"};
  auto answer = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return malformed;
  auto list = answer.find("tags");
  std::vector<std::string> tags;
  if (list == answer.end() || list->is_null()) return tags;
  if (!list->is_array()) return malformed;
  for (const auto& tag : *list) {
    if (!tag.is_string()) return malformed;
    tags.push_back(tag.get<std::string>());
  }
  return tags;
}

TagsPage make_tags_page(std::vector<std::string> tags, std::optional<std::string_view> next_query, std::uint64_t n,
                        const std::string& last) {
  bool ignored_last = !last.empty() && std::find(tags.begin(), tags.end(), last) != tags.end();
  bool ignored_n = tags.size() > n;
  TagsPage page{.tags = std::move(tags), .next = {}};
  if (ignored_last || ignored_n) {
    std::sort(page.tags.begin(), page.tags.end());
    if (!last.empty()) page.tags.erase(page.tags.begin(), std::ranges::upper_bound(page.tags, last));
    if (page.tags.size() > n) {
      page.tags.resize(n);
      page.next = last_after(page.tags, std::nullopt);
      return page;
    }
  }
  if (next_query) {
    page.next = last_after(page.tags, next_query);
  } else {
    std::sort(page.tags.begin(), page.tags.end());
  }
  if (page.next == last) page.next.clear();  // a link back to this very page would never end
  return page;
}

}  // namespace entrepot::upstream
