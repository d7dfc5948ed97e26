// Every digest that the store knows, stored or only shown by an upstream, under a small number. Compact, since there
// may be millions. Not thread-safe but where said.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "entrepot/oci/digest.hpp"

namespace entrepot::store {

using ObjectId = std::uint32_t;

class ObjectTable {
 public:
  // What is known of an object besides its digest.
  struct Object {
    std::uint64_t size : 62 = 0;  // if it is stored
    std::uint64_t stored : 1 = 0;
    std::uint64_t verified : 1 = 0;  // its bytes were seen to have the digest
    std::uint32_t last_use = 0;      // seconds since 1970
  };

  ObjectTable() : ids_(0, Hash{this}, Equal{this}) {}
  ObjectTable(const ObjectTable&) = delete;
  ObjectTable& operator=(const ObjectTable&) = delete;

  void reserve(std::size_t count) { ids_.reserve(count); }
  void clear();
  std::size_t size() const { return rows_.size(); }

  std::optional<ObjectId> find(const oci::Digest& digest) const;
  ObjectId intern(const oci::Digest& digest);  // numbers are given in order, from 0

  oci::Digest digest(ObjectId id) const;
  Object& operator[](ObjectId id) { return rows_[id].object; }
  const Object& operator[](ObjectId id) const { return rows_[id].object; }

 private:
  using Half = std::array<char, 32>;  // a SHA-256 digest, or half of a SHA-512 one

  struct Row {
    Half head;
    Object object;
    std::uint32_t tail;  // 0: SHA-256; else the second half is tails_[tail - 1]
  };

  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    const ObjectTable* table;
    std::size_t operator()(ObjectId id) const { return table->hash({table->rows_[id].head.data(), sizeof(Half)}); }
    std::size_t operator()(const oci::Digest& digest) const {
      return table->hash(digest.raw().substr(0, sizeof(Half)));
    }
  };

  struct Equal {
    using is_transparent = void;
    const ObjectTable* table;
    bool operator()(ObjectId a, ObjectId b) const { return a == b; }
    bool operator()(const oci::Digest& digest, ObjectId id) const { return table->is(id, digest); }
    bool operator()(ObjectId id, const oci::Digest& digest) const { return table->is(id, digest); }
  };

  std::size_t hash(std::string_view head) const;
  bool is(ObjectId id, const oci::Digest& digest) const;

  std::deque<Row> rows_;  // grows without moving anything
  std::vector<Half> tails_;
  boost::unordered_flat_set<ObjectId, Hash, Equal> ids_;
};

}  // namespace entrepot::store
