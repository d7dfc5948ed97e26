// A page of tags, made what was asked for even if the upstream pages in its own way. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "entrepot/base/result.hpp"
#include "entrepot/upstream/upstream.hpp"

namespace entrepot::upstream {

// The most that one request asks for: some registries refuse more (Amazon ECR with 405).
inline constexpr std::uint64_t kMaxTagsPage = 1000;

// {"name":"...","tags":["a","b"]}; null is no tags. Errc::BadGateway for anything else.
Result<std::vector<std::string>> parse_tags(std::string_view body);

// `next_query` is the query of the answer's Link, if it had one. An upstream that does as it was asked is believed, its
// order too; one that ignored `n` or `last` (more than n tags, or `last` among them) gave its whole list, from which
// the page is cut.
TagsPage make_tags_page(std::vector<std::string> tags, std::optional<std::string_view> next_query, std::uint64_t n,
                        const std::string& last);

}  // namespace entrepot::upstream
