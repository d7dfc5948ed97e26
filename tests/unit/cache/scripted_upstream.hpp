// An upstream that answers from memory, as a test scripts it: for the parts of the cache that are tested without a
// network.
#pragma once

#include <algorithm>
#include <cstring>
#include <deque>
#include <set>

#include "entrepot/upstream/upstream.hpp"

namespace entrepot::test {

class ScriptedUpstream final : public upstream::Upstream {
 public:
  std::string blob{};                    // what every blob request is answered from
  std::set<std::string> denied{};        // repositories that get Errc::Denied
  std::deque<Error> errors{};            // what the next blob requests fail with, in turn
  std::uint64_t cut_after = UINT64_MAX;  // bytes of a body, after which its connection breaks
  bool ignores_range = false;            // every answer is the whole
  bool says_size = true;
  std::optional<std::uint64_t> wrong_size{};  // said in place of the true one

  struct Asked {
    upstream::View view;
    std::uint64_t first;
    std::optional<std::uint64_t> last;
  };
  std::vector<Asked> asked{};  // the blob requests

  const std::string& name() const override { return name_; }

  io::Awaitable<Result<std::unique_ptr<upstream::BlobBody>>> get_blob(upstream::View view, oci::Digest,
                                                                      upstream::BlobRange range,
                                                                      io::Deadline) override {
    asked.push_back({view, range.first, range.last});
    if (!errors.empty()) {
      Error error = errors.front();
      errors.pop_front();
      co_return error;
    }
    if (denied.contains(view.repository)) co_return Error{Errc::Denied, "denied"};
    std::unique_ptr<upstream::BlobBody> body =
        std::make_unique<Body>(*this, ignores_range ? upstream::BlobRange{} : range);
    co_return body;
  }

  io::Awaitable<Result<void>> ping(upstream::View, io::Deadline) override { co_return ok(); }
  io::Awaitable<Result<upstream::ManifestHead>> head_manifest(upstream::View, oci::Reference, io::Deadline) override {
    co_return Error{Errc::NotFound, "not scripted"};
  }
  io::Awaitable<Result<upstream::ManifestBody>> get_manifest(upstream::View, oci::Reference, io::Deadline) override {
    co_return Error{Errc::NotFound, "not scripted"};
  }
  io::Awaitable<Result<std::optional<std::uint64_t>>> stat_blob(upstream::View, oci::Digest, io::Deadline) override {
    co_return Error{Errc::NotFound, "not scripted"};
  }
  io::Awaitable<Result<upstream::TagsPage>> tags(upstream::View, std::uint64_t, std::string, io::Deadline) override {
    co_return Error{Errc::NotFound, "not scripted"};
  }
  io::Awaitable<Result<upstream::ReferrersPage>> referrers(upstream::View, oci::Digest, std::string, std::string,
                                                           io::Deadline) override {
    co_return Error{Errc::NotFound, "not scripted"};
  }

 private:
  class Body final : public upstream::BlobBody {
   public:
    Body(const ScriptedUpstream& upstream, upstream::BlobRange range)
        : first_(range.first),
          position_(range.first),
          end_(range.last ? *range.last + 1 : upstream.blob.size()),
          cut_at_(upstream.cut_after == UINT64_MAX ? UINT64_MAX : range.first + upstream.cut_after),
          blob_(upstream.blob) {
      if (upstream.says_size) total_ = upstream.wrong_size.value_or(blob_.size());
    }

    std::uint64_t first() const override { return first_; }
    std::optional<std::uint64_t> last() const override { return end_ - 1; }
    std::optional<std::uint64_t> total() const override { return total_; }

    io::Awaitable<Result<std::size_t>> read(std::span<std::byte> buffer) override {
      if (position_ >= end_) co_return std::size_t{0};
      if (position_ >= cut_at_) co_return Error{Errc::BadGateway, "cut"};
      std::size_t size = std::min<std::uint64_t>({buffer.size(), end_ - position_, cut_at_ - position_, 1000});
      std::memcpy(buffer.data(), blob_.data() + position_, size);
      position_ += size;
      co_return size;
    }

    void expect_cut(bool) override {}

   private:
    std::uint64_t first_;
    std::uint64_t position_;
    std::uint64_t end_;
    std::uint64_t cut_at_;
    std::optional<std::uint64_t> total_{};
    std::string blob_;
  };

  std::string name_ = "up";
};

}  // namespace entrepot::test
