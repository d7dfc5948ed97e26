// The program's log: lines of text or JSON on standard error. Thread-safe. Only log.cpp includes spdlog.
//
//   log::info("fill_done", {{"digest", digest}, {"bytes", size}});
//
// An event has a stable name (for machines) and fields; nothing that can hold a credential is ever a field.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace entrepot::log {

enum class Level { Debug, Info, Warning, Error };
enum class Format { Text, Json };

struct Field {
  using Value = std::variant<std::string_view, std::int64_t, double>;

  Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  Field(std::string_view field_name, const char* text) : name(field_name), value(std::string_view(text)) {}
  Field(std::string_view field_name, const std::string& text) : name(field_name), value(std::string_view(text)) {}
  template <std::integral T>
  Field(std::string_view field_name, T number) : name(field_name), value(static_cast<std::int64_t>(number)) {}
  Field(std::string_view field_name, double number) : name(field_name), value(number) {}

  std::string_view name;
  Value value;  // views: must live until the call that logs returns
};

using Fields = std::initializer_list<Field>;

// Sets where the bar lies and how lines look. May be called again at any time. Before the first call: Info, Text.
void configure(Level level, Format format);
bool enabled(Level level);

void write(Level level, std::string_view event, Fields fields);

inline void debug(std::string_view event, Fields fields = {}) { write(Level::Debug, event, fields); }
inline void info(std::string_view event, Fields fields = {}) { write(Level::Info, event, fields); }
inline void warning(std::string_view event, Fields fields = {}) { write(Level::Warning, event, fields); }
inline void error(std::string_view event, Fields fields = {}) { write(Level::Error, event, fields); }

// While it lives, a thread of its own writes the lines, and nobody who logs waits for whoever reads them; without it,
// each line is written by who logs it. Where some megabytes wait to be read, further lines are dropped, and a line says
// how many. Its end waits until all is written, but not for a reader that takes nothing. One at a time.
class Background {
 public:
  Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background();
};

// Since the process began. For the metrics.
std::uint64_t dropped_lines();

}  // namespace entrepot::log
