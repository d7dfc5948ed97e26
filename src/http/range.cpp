// Pure functions over header values. Source: RFC 9110, sections 14.1.2 (byte ranges), 14.4 (Content-Range), 8.8.3 and
// 13.1.2 (entity tags).
#include "entrepot/http/range.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include "entrepot/base/text.hpp"
#include "entrepot/http/message.hpp"

namespace entrepot::http {

namespace {

constexpr std::uint64_t kMaximum = std::numeric_limits<std::uint64_t>::max();

// What containers/storage asks for at most (pkg/chunked/storage_linux.go, maxNumberMissingChunks); a longer list is
// answered with the whole body (RFC 9110, 14.2).
constexpr std::size_t kMaxRanges = 1024;

// 1*DIGIT. A number that does not fit is as good as the largest: it lies past the end of every representation.
std::optional<std::uint64_t> parse_position(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  std::errc failure = std::from_chars(text.data(), text.data() + text.size(), number).ec;
  return failure == std::errc::result_out_of_range ? kMaximum : number;
}

// Splits a comma-separated list; empty elements are skipped (RFC 9110, 5.6.1).
std::vector<std::string_view> split_list(std::string_view list) {
  std::vector<std::string_view> elements;
  while (!list.empty()) {
    std::size_t comma = std::min(list.find(','), list.size());
    if (std::string_view element = trim(list.substr(0, comma)); !element.empty()) elements.push_back(element);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return elements;
}

struct Malformed {};
struct Backwards {};  // ends before it begins
using Spec = std::variant<Malformed, Backwards, Unsatisfiable, ByteRange>;

// One of "first-last", "first-", "-suffix", for a representation of `size` > 0 bytes.
Spec parse_spec(std::string_view spec, std::uint64_t size) {
  std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return Malformed{};
  std::string_view before = spec.substr(0, dash);
  std::string_view after = spec.substr(dash + 1);

  if (before.empty()) {
    std::optional<std::uint64_t> suffix = parse_position(after);
    if (!suffix) return Malformed{};
    if (*suffix == 0) return Unsatisfiable{};
    return ByteRange{size - std::min(*suffix, size), size - 1, *suffix < size};
  }

  std::optional<std::uint64_t> first = parse_position(before);
  std::optional<std::uint64_t> last = after.empty() ? kMaximum : parse_position(after);
  if (!first || !last) return Malformed{};
  if (*last < *first) return Backwards{};
  if (*first >= size) return Unsatisfiable{};
  return ByteRange{*first, std::min(*last, size - 1), *last < size - 1};
}

struct Placed {
  ByteRange range;
  std::size_t place;  // in the order asked for
};

// Adds `range` to one that begins no later and overlaps it.
void join(Placed& joined, const Placed& range) {
  joined.place = std::min(joined.place, range.place);
  ByteRange& all = joined.range;
  if (range.range.last == all.last) all.ends_early = all.ends_early && range.range.ends_early;
  if (range.range.last > all.last) {
    all.last = range.range.last;
    all.ends_early = range.range.ends_early;
  }
}

// `ranges` without overlaps, each where the first of those that it was made of stood.
ByteRanges without_overlaps(const ByteRanges& ranges) {
  std::vector<Placed> sorted;
  for (const ByteRange& range : ranges) sorted.push_back(Placed{range, sorted.size()});
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.range.first < b.range.first; });

  std::vector<Placed> apart;
  for (const Placed& next : sorted) {
    if (!apart.empty() && next.range.first <= apart.back().range.last) {
      join(apart.back(), next);
    } else {
      apart.push_back(next);
    }
  }
  std::sort(apart.begin(), apart.end(), [](const auto& a, const auto& b) { return a.place < b.place; });

  ByteRanges result;
  for (const Placed& placed : apart) result.push_back(placed.range);
  return result;
}

// Takes the first entity tag off `list`: its opaque part, without W/ and quotes.
std::string_view take_etag(std::string_view& list) {
  list.remove_prefix(std::min(list.find_first_not_of(" \t,"), list.size()));
  if (list.starts_with("W/\"")) list.remove_prefix(2);
  std::size_t end;
  std::string_view tag;
  if (list.starts_with('"')) {
    end = std::min(list.find('"', 1), list.size());
    tag = list.substr(1, end - 1);
  } else {
    end = std::min(list.find(','), list.size());
    tag = trim(list.substr(0, end));
  }
  list.remove_prefix(std::min(end + 1, list.size()));
  return tag;
}

}  // namespace

RangeDecision decide_range(std::string_view range, std::uint64_t size) {
  if (range.empty() || size == 0) return WholeBody{};
  std::size_t equals = range.find('=');
  if (equals == std::string_view::npos || !equal_ignoring_case(range.substr(0, equals), "bytes")) return WholeBody{};
  std::vector<std::string_view> specs = split_list(range.substr(equals + 1));
  if (specs.empty() || specs.size() > kMaxRanges) return WholeBody{};

  ByteRanges wanted;
  for (std::string_view text : specs) {
    Spec spec = parse_spec(text, size);
    if (std::holds_alternative<Malformed>(spec)) return WholeBody{};
    // To be ignored or refused (RFC 9110, 14.2). The OCI conformance suite counts the whole body as ranges unsupported.
    if (std::holds_alternative<Backwards>(spec)) return Unsatisfiable{};
    if (const auto* satisfiable = std::get_if<ByteRange>(&spec)) wanted.push_back(*satisfiable);
  }
  if (wanted.empty()) return Unsatisfiable{};
  ByteRanges apart = without_overlaps(wanted);
  if (apart.size() == 1) return apart.front();
  return apart;
}

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" + std::to_string(size);
}

std::string unsatisfied_content_range(std::uint64_t size) { return "bytes */" + std::to_string(size); }

std::optional<ContentRange> parse_content_range(std::string_view value) {
  std::size_t space = value.find(' ');
  std::size_t slash = value.find('/');
  if (space == std::string_view::npos || slash == std::string_view::npos || slash < space) return std::nullopt;
  if (!equal_ignoring_case(value.substr(0, space), "bytes")) return std::nullopt;
  std::string_view positions = trim(value.substr(space, slash - space));
  std::string_view size = value.substr(slash + 1);

  ContentRange result;
  if (size != "*") {
    result.total = parse_position(size);
    if (!result.total || *result.total == kMaximum) return std::nullopt;
  }
  if (positions == "*") return result.total ? std::optional(result) : std::nullopt;

  const std::size_t dash = positions.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  std::optional<std::uint64_t> first = parse_position(positions.substr(0, dash));
  std::optional<std::uint64_t> last = parse_position(positions.substr(dash + 1));
  if (!first || !last || *last < *first || *last == kMaximum) return std::nullopt;
  if (result.total && *last >= *result.total) return std::nullopt;
  result.range = ByteRange{*first, *last, result.total && *last + 1 < *result.total};
  return result;
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) {
  if (trim(if_none_match) == "*") return true;
  std::string_view wanted = take_etag(etag);
  while (!if_none_match.empty()) {
    if (std::string_view tag = take_etag(if_none_match); !tag.empty() && tag == wanted) return true;
  }
  return false;
}

}  // namespace entrepot::http
