#include "answer.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>
#include <thread>

namespace entrepot::test {
namespace {

struct Span {
  std::uint64_t first;
  std::uint64_t last;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What "bytes=a-b", "bytes=a-" or "bytes=-n" means for an object of this size; nothing if it lies outside.
std::optional<Span> resolve(std::string_view range, std::uint64_t size) {
  range.remove_prefix(std::string_view("bytes=").size());
  std::size_t dash = range.find('-');
  auto begin = number(range.substr(0, dash));
  auto end = number(range.substr(dash + 1));
  if (size == 0) return std::nullopt;
  if (!begin) return Span{size - std::min(size, end.value_or(0)), size - 1};
  if (*begin >= size) return std::nullopt;
  return Span{*begin, std::min(end.value_or(size - 1), size - 1)};
}

std::string content_range(const Span& span, std::uint64_t size) {
  return "bytes " + std::to_string(span.first) + "-" + std::to_string(span.last) + "/" + std::to_string(size);
}

void apply(const Rule& rule, HeaderList& headers) {
  auto replace = [&](const std::string& name, const std::optional<std::string>& value) {
    std::erase_if(headers, [&](const auto& field) { return field.first == name; });
    if (value && !value->empty()) headers.emplace_back(name, *value);
  };
  if (rule.content_type) replace("Content-Type", rule.content_type);
  if (rule.digest || rule.no_digest) replace("Docker-Content-Digest", rule.digest);
}

// Sends the body's bytes in slices, with the rule's pace and faults. False: the connection ends here.
class BodySender {
 public:
  BodySender(Stream& stream, const Answer& answer, const Rule& rule, RequestLog::Entry& entry)
      : stream_(stream), answer_(answer), rule_(rule), entry_(entry) {}

  bool send(std::uint64_t count) {
    std::uint64_t end = answer_.first + std::min(count, rule_.cut_after.value_or(count));
    for (std::uint64_t at = answer_.first; at < end;) {
      if (rule_.hold_body && at == rule_.hold_at) rule_.hold_body->pass();
      std::uint64_t slice_end = std::min(end, at + slice_size());
      if (rule_.hold_body && at < rule_.hold_at) slice_end = std::min(slice_end, rule_.hold_at);
      if (!send_slice(at, slice_end)) return false;
      at = slice_end;
    }
    return !rule_.cut_after;
  }

 private:
  static constexpr std::uint64_t kSlicesPerSecond = 100;

  std::uint64_t slice_size() const {
    return rule_.bytes_per_second == 0 ? 65536 : std::max<std::uint64_t>(1, rule_.bytes_per_second / kSlicesPerSecond);
  }

  bool send_slice(std::uint64_t begin, std::uint64_t end) {
    std::string slice = answer_.object->substr(begin, end - begin);
    if (rule_.corrupt_at && *rule_.corrupt_at >= begin && *rule_.corrupt_at < end)
      slice[*rule_.corrupt_at - begin] = static_cast<char>(~slice[*rule_.corrupt_at - begin]);
    if (rule_.bytes_per_second > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1000) / kSlicesPerSecond);
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", slice.size());
    std::size_t bytes = slice.size();
    if (rule_.chunked) slice = size + slice + "\r\n";
    entry_.sending(bytes);  // before they are: whoever has read them finds them counted
    return stream_.write(slice);
  }

  Stream& stream_;
  const Answer& answer_;
  const Rule& rule_;
  RequestLog::Entry& entry_;
};

}  // namespace

Answer text_answer(unsigned status, std::string content_type, std::string body) {
  std::uint64_t size = body.size();
  return {status,
          {{"Content-Type", std::move(content_type)}},
          std::make_shared<const std::string>(std::move(body)),
          0,
          size};
}

Answer answer_of(const CannedAnswer& canned) {
  return {canned.status, canned.headers, std::make_shared<const std::string>(canned.body), 0, canned.body.size()};
}

Answer error_answer(unsigned status, const std::string& code) {
  return text_answer(status, "application/json",
                     R"({"errors":[{"code":")" + code + R"(","message":"the fake registry says so"}]})");
}

Answer object_answer(const FakeRequest& request, const Object& object, bool ignore_range) {
  HeaderList headers{
      {"Content-Type", object.media_type}, {"Docker-Content-Digest", object.digest}, {"Accept-Ranges", "bytes"}};
  std::string range = request.header("Range");
  if (!range.starts_with("bytes=") || ignore_range) return {200, std::move(headers), object.bytes, 0, object.size()};
  std::optional<Span> span = resolve(range, object.size());
  if (!span) return {416, {{"Content-Range", "bytes */" + std::to_string(object.size())}}};
  headers.emplace_back("Content-Range", content_range(*span, object.size()));
  return {206, std::move(headers), object.bytes, span->first, span->last - span->first + 1};
}

bool send_answer(Stream& stream, const FakeRequest& request, const Answer& answer, const Rule& rule,
                 RequestLog::Entry& entry) {
  bool is_head = request.method == "HEAD";
  std::uint64_t declared = answer.count + static_cast<std::uint64_t>(rule.length_error);
  MessageHead head{"HTTP/1.1 " + std::to_string(answer.status) + " Scripted", answer.headers};
  apply(rule, head.headers);
  if (rule.chunked && !is_head) head.headers.emplace_back("Transfer-Encoding", "chunked");
  if (!rule.chunked && !(is_head && rule.no_length))
    head.headers.emplace_back("Content-Length", std::to_string(declared));
  entry.answered(answer.status, answer.first);
  if (!stream.write(to_text(head))) return false;

  bool keep = is_head || BodySender(stream, answer, rule, entry).send(std::min(answer.count, declared));
  if (keep && rule.chunked && !is_head) keep = stream.write("0\r\n\r\n");
  keep = keep && (is_head || rule.chunked || declared <= answer.count);
  if (!keep && rule.reset) stream.end_with_reset();
  return keep;
}

}  // namespace entrepot::test
