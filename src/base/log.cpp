#include "entrepot/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <charconv>

namespace entrepot::log {

namespace {

std::atomic<Level> current_level{Level::Info};
std::atomic<Format> current_format{Format::Text};

spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("entrepot", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_level(spdlog::level::trace);  // the bar is current_level
    made.flush_on(spdlog::level::trace);
    made.set_pattern("%v");
    return made;
  }();
  return instance;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::Debug:
      return "debug";
    case Level::Info:
      return "info";
    case Level::Warning:
      return "warning";
    case Level::Error:
      return "error";
  }
  return "error";
}

// RFC 3339, UTC, milliseconds.
std::string timestamp() {
  auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  char end[8];
  std::snprintf(end, sizeof end, ".%03dZ", static_cast<int>(now.time_since_epoch().count() % 1000));
  return std::string(text, size) + end;
}

// As JSON, which also keeps a value with blanks or control characters on one line of text.
void append_quoted(std::string& line, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  line.push_back('"');
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (byte < 0x20 || byte >= 0x7f) {  // what is not ASCII may not be UTF-8 either; each byte as a code point
      line += "\\u00";
      line.push_back(kHex[byte >> 4]);
      line.push_back(kHex[byte & 15]);
    } else {
      line.push_back(c);
    }
  }
  line.push_back('"');
}

bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=') return false;
  }
  return true;
}

template <class T>
void append_number(std::string& line, T number) {
  char text[32];
  auto end = std::to_chars(text, text + sizeof text, number).ptr;
  line.append(text, end);
}

void append_value(std::string& line, const Field::Value& value, Format format) {
  if (auto text = std::get_if<std::string_view>(&value)) {
    if (format == Format::Text && is_plain(*text)) {
      line += *text;
    } else {
      append_quoted(line, *text);
    }
  } else if (auto whole = std::get_if<std::int64_t>(&value)) {
    append_number(line, *whole);
  } else {
    append_number(line, std::get<double>(value));
  }
}

std::string format_text(Level level, std::string_view event, Fields fields) {
  std::string line = timestamp();
  line.push_back(' ');
  line += name_of(level);
  line.push_back(' ');
  line += event;
  for (const Field& field : fields) {
    line.push_back(' ');
    line += field.name;
    line.push_back('=');
    append_value(line, field.value, Format::Text);
  }
  return line;
}

std::string format_json(Level level, std::string_view event, Fields fields) {
  std::string line = R"({"time":")" + timestamp() + R"(","level":")";
  line += name_of(level);
  line += R"(","event":")";
  line += event;
  line.push_back('"');
  for (const Field& field : fields) {
    line += ",\"";
    line += field.name;
    line += "\":";
    append_value(line, field.value, Format::Json);
  }
  line.push_back('}');
  return line;
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::Debug:
      return spdlog::level::debug;
    case Level::Info:
      return spdlog::level::info;
    case Level::Warning:
      return spdlog::level::warn;
    case Level::Error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

void configure(Level level, Format format) {
  current_level = level;
  current_format = format;
}

bool enabled(Level level) { return level >= current_level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view event, Fields fields) {
  if (!enabled(level)) return;
  std::string line = current_format.load(std::memory_order_relaxed) == Format::Json ? format_json(level, event, fields)
                                                                                    : format_text(level, event, fields);
  logger().log(to_spdlog(level), spdlog::string_view_t(line));
}

}  // namespace entrepot::log
