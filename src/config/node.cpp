#include "config/node.hpp"

#include <algorithm>
#include <set>

#include "config/nearest.hpp"
#include "config/substitute.hpp"

namespace entrepot::config {
namespace {

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

const char* kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      return "a map";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Scalar:
      return "a single value";
    default:
      return "nothing";
  }
}

// A key as a step of a path: without what quote() takes out, and without its quotes.
std::string step(std::string_view key) {
  std::string text = quote(key);
  return text.substr(1, text.size() - 2);
}

}  // namespace

Node::Node(YAML::Node yaml, Document& document) : yaml_(std::move(yaml)), document_(document) {
  document_.place(path_, line_of(yaml_));
}

Node::Node(const Node& parent, YAML::Node yaml, const std::string& step, int line)
    : yaml_(std::move(yaml)), document_(parent.document_), path_(parent.path_ + step) {
  document_.place(path_, line);
}

std::optional<std::string> Node::text() const {
  if (!is_untagged()) return std::nullopt;
  if (!yaml_.IsScalar()) {
    refuse_kind("a single value");
    return std::nullopt;
  }
  auto replaced = substitute(yaml_.Scalar(), document_.environment());
  if (replaced) return *std::move(replaced);
  fault(replaced.error().message);
  return std::nullopt;
}

void Node::map(std::initializer_list<Key> keys) const {
  for (const auto& [name, child] : members()) {
    const auto key = std::ranges::find(keys, name, &Key::name);
    if (key != keys.end()) {
      key->read(child);
    } else {
      refuse_unknown(child, name, keys);
    }
  }
}

void Node::entries(const std::function<void(const std::string&, const Node&)>& read) const {
  for (const auto& [name, child] : members()) read(name, child);
}

void Node::require(std::initializer_list<std::string> keys) const {
  for (const std::string& key : keys) {
    if (!gives(key)) fault_of(key, "is missing");
  }
}

std::optional<std::vector<Node>> Node::items() const {
  if (!is_untagged()) return std::nullopt;
  if (!yaml_.IsSequence()) {
    refuse_kind("a list");
    return std::nullopt;
  }
  std::vector<Node> items;
  for (const YAML::Node& item : yaml_) {
    items.push_back(Node(*this, item, "[" + std::to_string(items.size()) + "]", line_of(item)));
  }
  return items;
}

std::optional<std::vector<Node>> Node::one_or_more() const {
  if (yaml_.IsScalar()) return std::vector<Node>{*this};
  return items();
}

// A tag (!something) asks for a meaning that we do not give; and a password may begin with "!". Plain and quoted text
// has the tags "?" and "!", as the YAML specification names them.
bool Node::is_untagged() const {
  const std::string& tag = yaml_.Tag();
  if (tag.empty() || tag == "?" || tag == "!") return true;
  fault("YAML tags have no meaning here; a text that begins with ! is written in quotes");
  return false;
}

std::vector<std::pair<std::string, Node>> Node::members() const {
  std::vector<std::pair<std::string, Node>> members;
  if (!is_untagged() || is_null()) return members;
  if (!yaml_.IsMap()) {
    refuse_kind("a map of keys");
    return members;
  }
  const std::string dot = path_.empty() ? "" : ".";
  std::set<std::string> seen;
  for (const auto& member : yaml_) {
    const YAML::Node& key = member.first;
    const int line = line_of(key);
    if (!key.IsScalar() || key.Scalar().empty()) {
      document_.fault(line, path_, "expected a name before the colon");
      continue;
    }
    const std::string& name = key.Scalar();
    const Node child(*this, member.second, dot + step(name), line);
    if (seen.insert(name).second) {
      members.emplace_back(name, child);
    } else {
      document_.fault(line, child.path_, "stands twice in the same map");
    }
  }
  return members;
}

void Node::refuse(const std::string& expected) const {
  const std::string& text = yaml_.Scalar();
  const bool has_variables = text.find("${") != std::string::npos;
  fault(expected + "; found " + (has_variables ? "what stands for " : "") + quote(text));
}

void Node::refuse_kind(const std::string& expected) const {
  fault("expected " + expected + "; found " + kind_of(yaml_));
}

void Node::refuse_unknown(const Node& child, std::string_view name, std::initializer_list<Key> known) const {
  std::vector<std::string_view> candidates;
  std::string list;
  for (const Key& key : known) {
    candidates.push_back(key.name);
    list.append(list.empty() ? "" : ", ").append(key.name);
  }
  const auto meant = nearest(name, candidates);
  child.fault(meant ? "unknown key; did you mean " + quote(*meant) + "?" : "unknown key; known here: " + list);
}

}  // namespace entrepot::config
