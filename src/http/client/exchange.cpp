#include "http/client/exchange.hpp"

#include <algorithm>

namespace entrepot::http {

namespace {

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

boost::beast::string_view beast_view(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

Exchange::Impl::Impl(std::unique_ptr<client::Connection> connection, client::Head head, std::string origin,
                     std::shared_ptr<client::IdleConnections> idle, io::SteadyClock::duration stall,
                     io::Deadline deadline, std::function<void(std::size_t)> on_read)
    : head_(std::move(head)),
      peer_kind_(connection->peer_kind()),
      origin_(std::move(origin)),
      idle_(std::move(idle)),
      stall_(stall),
      deadline_(deadline),
      on_read_(std::move(on_read)),
      connection_(std::move(connection)),
      body_(*connection_, head_) {
  if (body_.ended()) release_connection();
}

// A caller that has seen enough from the status (a redirect, a challenge) need not read the few bytes that came with
// it.
Exchange::Impl::~Impl() {
  if (connection_ == nullptr || !body_.is_buffered()) return;
  connection_->buffer().clear();
  release_connection();
}

io::Awaitable<Result<std::size_t>> Exchange::Impl::read(std::span<std::byte> bytes, io::Deadline deadline) {
  if (failure_) co_return *failure_;
  if (connection_ == nullptr) co_return 0;
  auto count = co_await body_.read(bytes, std::min(stall_, deadline - io::SteadyClock::now()));
  if (!count) {
    failure_ = count.error();
    connection_.reset();
  } else if (body_.ended()) {
    release_connection();
  }
  if (count && on_read_) on_read_(*count);
  co_return count;
}

void Exchange::Impl::expect_cut(bool expected) {
  if (connection_ != nullptr) connection_->limit_window(expected);
}

void Exchange::Impl::release_connection() {
  bool reusable = head_.keep_alive && body_.is_delimited() && connection_->buffer().size() == 0;
  if (reusable) idle_->put(origin_, std::move(connection_));
  connection_.reset();
}

Exchange::Exchange(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Exchange::~Exchange() = default;

unsigned Exchange::status() const { return impl_->head().status; }

std::string_view Exchange::header(std::string_view name) const { return view(impl_->head().fields[beast_view(name)]); }

std::vector<std::string> Exchange::header_values(std::string_view name) const {
  std::vector<std::string> values;
  auto [first, last] = impl_->head().fields.equal_range(beast_view(name));
  for (auto entry = first; entry != last; ++entry) values.emplace_back(view(entry->value()));
  return values;
}

std::optional<std::uint64_t> Exchange::content_length() const { return impl_->head().content_length; }

AddressKind Exchange::peer_kind() const { return impl_->peer_kind(); }

io::Awaitable<Result<std::size_t>> Exchange::read(std::span<std::byte> buffer) {
  return impl_->read(buffer, io::kNoDeadline);
}

void Exchange::expect_cut(bool expected) { impl_->expect_cut(expected); }

io::Awaitable<Result<std::string>> Exchange::read_all(std::size_t limit) {
  constexpr std::size_t kStep = 16 * 1024;
  std::string text;
  for (std::size_t size = 0;;) {
    if (size > limit) co_return Error{Errc::BadGateway, "an answer of more than " + std::to_string(limit) + " bytes"};
    text.resize(size + kStep);
    auto count = co_await impl_->read(std::as_writable_bytes(std::span(text).subspan(size)), impl_->deadline());
    if (!count) co_return count.error();
    size += *count;
    if (*count > 0) continue;
    text.resize(size);
    co_return text;
  }
}

}  // namespace entrepot::http
