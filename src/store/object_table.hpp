// Every digest that the store knows, stored or only shown by an upstream, under a small number. Compact, since there
// may be millions. Not thread-safe but where said.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <vector>

#include "entrepot/oci/digest.hpp"
#include "store/last_use.hpp"

namespace entrepot::store {

using ObjectId = std::uint32_t;

// Whether an object's file is there.
enum class Presence : std::uint64_t {
  Absent,
  Stored,
  Leaving,  // the file is about to be removed: the object is not served any more
};

class ObjectTable {
 public:
  // What is known of an object besides its digest.
  struct Object {
    std::uint64_t size : 61 = 0;     // of the file
    std::uint64_t verified : 1 = 0;  // its bytes were seen to have the digest
    Presence presence : 2 = Presence::Absent;
    LastUse last_use{};
    std::uint32_t links = 0;  // that name it
    std::uint32_t tags = 0;   // likewise; twice, if as both what was seen and what is stored

   private:
    friend class ObjectTable;
    std::uint32_t tail = 0;  // 0: SHA-256; else the second half is tails_[tail - 1]
  };

  ObjectTable() : ids_(0, Hash{this}, Equal{this}) {}
  ObjectTable(const ObjectTable&) = delete;
  ObjectTable& operator=(const ObjectTable&) = delete;

  void reserve(std::size_t count) { ids_.reserve(count); }
  void clear();

  // Numbers are below this one; those that were erased stand for nothing until they are given again.
  ObjectId end() const { return static_cast<ObjectId>(rows_.size()); }
  bool is_known(ObjectId id) const { return id < rows_.size() && rows_[id].object.tail != kErased; }

  std::optional<ObjectId> find(const oci::Digest& digest) const;
  ObjectId intern(const oci::Digest& digest);
  bool insert(ObjectId id, const oci::Digest& digest);  // false if the number or the digest is taken, or out of reason
  void erase(ObjectId id);

  oci::Digest digest(ObjectId id) const;
  Object& operator[](ObjectId id) { return rows_[id].object; }
  const Object& operator[](ObjectId id) const { return rows_[id].object; }

 private:
  using Half = std::array<char, 32>;  // a SHA-256 digest, or half of a SHA-512 one

  static constexpr std::uint32_t kErased = std::numeric_limits<std::uint32_t>::max();

  struct Row {
    Half head;
    Object object;
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
  bool set(ObjectId id, const oci::Digest& digest);  // false if another number has the digest
  std::uint32_t add_tail(std::string_view half);

  std::deque<Row> rows_;  // grows without moving anything
  std::vector<Half> tails_;
  std::vector<ObjectId> erased_;
  std::vector<std::uint32_t> erased_tails_;
  boost::unordered_flat_set<ObjectId, Hash, Equal> ids_;
};

}  // namespace entrepot::store
