// A value of the YAML tree that knows its place. Reading it never throws: what is wrong is recorded in the Document
// with the key and the line, and reading goes on, so that a file's faults are all found in one run.
//
//   node.map({
//       {"path", into(storage.path, value::path)},
//       {"max_size", into(storage.max_size, value::size)},
//   });
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/document.hpp"
#include "entrepot/base/result.hpp"

namespace entrepot::config {

class Node {
 public:
  using Reader = std::function<void(const Node&)>;
  struct Key {
    std::string_view name;
    Reader read;
  };

  Node(YAML::Node yaml, Document& document);  // the root

  void fault(std::string message) const { document_.fault(path_, std::move(message)); }
  bool is_null() const { return yaml_.IsNull(); }
  const Environment& environment() const { return document_.environment(); }

  // The text of a single value, with its variables replaced.
  std::optional<std::string> text() const;

  // The text as what `parse`, a Result<T>(std::string_view), makes of it. The fault of a text that it refuses is
  // "<the parser's message>; found <the text as it stands in the file>": not for secrets.
  template <class Parse>
  auto value(const Parse& parse) const {
    using T = typename std::invoke_result_t<Parse, std::string_view>::value_type;
    std::optional<T> result;
    if (const auto replaced = text()) {
      if (auto parsed = parse(*replaced)) {
        result = *std::move(parsed);
      } else {
        refuse(parsed.error().message);
      }
    }
    return result;
  }

  // A map with fixed keys: calls the reader of each key that is given, in the file's order. Keys that are not among
  // them, or stand twice, are faults. Null is an empty map.
  void map(std::initializer_list<Key> keys) const;

  // A map whose keys are names that the operator chooses.
  void entries(const std::function<void(const std::string& name, const Node&)>& read) const;

  // Of a map: whether the file gives a key (even a faulty one), whether it has a fault, a fault where it is missing, a
  // fault of one.
  bool gives(const std::string& key) const { return document_.given(path_ + "." + key); }
  bool faulty(const std::string& key) const { return document_.faulty(path_ + "." + key); }
  void require(std::initializer_list<std::string> keys) const;
  void fault_of(const std::string& key, std::string message) const {
    document_.fault(path_ + "." + key, std::move(message));
  }

  // The items of a list.
  std::optional<std::vector<Node>> items() const;

  // The items of a list, or the one value that stands in place of a list.
  std::optional<std::vector<Node>> one_or_more() const;

 private:
  Node(const Node& parent, YAML::Node yaml, const std::string& step, int line);

  bool is_untagged() const;
  std::vector<std::pair<std::string, Node>> members() const;
  void refuse(const std::string& expected) const;
  void refuse_kind(const std::string& expected) const;
  void refuse_unknown(const Node& child, std::string_view name, std::initializer_list<Key> known) const;

  YAML::Node yaml_;
  Document& document_;
  std::string path_;  // "upstreams.docker.io.aliases[0]"; "" at the root
};

// Readers for Node::map that put a value, or a list of values, where it belongs. A faulty value leaves it as it was;
// a faulty item keeps its place in the list, so that the others' indices are those of the file.
template <class T, class Parse>
Node::Reader into(T& target, Parse parse) {
  return [&target, parse](const Node& node) {
    if (auto value = node.value(parse)) target = *std::move(value);
  };
}

template <class T, class Parse>
Node::Reader list_into(std::vector<T>& target, Parse parse) {
  return [&target, parse](const Node& node) {
    const auto items = node.items();
    if (!items) return;
    target.clear();
    for (const Node& item : *items) target.push_back(item.value(parse).value_or(T{}));
  };
}

}  // namespace entrepot::config
