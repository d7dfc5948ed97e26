#include "entrepot/base/log.hpp"

#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <charconv>

#include "base/log_writer.hpp"

namespace entrepot::log {

namespace {

std::atomic<Level> current_level{Level::Info};
std::atomic<Format> current_format{Format::Text};

std::string lines_dropped(std::uint64_t lines);

LineWriter& writer() {
  static LineWriter instance(&lines_dropped);
  return instance;
}

// Lines come here as they are to be written.
class Sink final : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg& message) override {
    writer().write({message.payload.data(), message.payload.size()});
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}
};

spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("entrepot", std::make_shared<Sink>());
    made.set_level(spdlog::level::trace);  // the bar is current_level
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

// The time in RFC 3339, UTC, milliseconds. Within one second only those change.
void append_time(std::string& line) {
  using std::chrono::system_clock;
  const auto now = std::chrono::floor<std::chrono::milliseconds>(system_clock::now());
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  thread_local std::chrono::time_point<system_clock, std::chrono::seconds> written_second{};
  thread_local std::string written;
  if (second != written_second || written.empty()) {
    const std::time_t time = system_clock::to_time_t(second);
    std::tm utc{};
    gmtime_r(&time, &utc);
    char text[32];
    written.assign(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.", &utc));
    written_second = second;
  }
  const auto milliseconds = static_cast<int>((now - second).count());
  line += written;
  line.push_back(static_cast<char>('0' + milliseconds / 100));
  line.push_back(static_cast<char>('0' + milliseconds / 10 % 10));
  line.push_back(static_cast<char>('0' + milliseconds % 10));
  line.push_back('Z');
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

void append_text(std::string& line, Level level, std::string_view event, Fields fields) {
  append_time(line);
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
}

void append_json(std::string& line, Level level, std::string_view event, Fields fields) {
  line += R"({"time":")";
  append_time(line);
  line += R"(","level":")";
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
}

void append(std::string& line, Level level, std::string_view event, Fields fields) {
  const bool json = current_format.load(std::memory_order_relaxed) == Format::Json;
  json ? append_json(line, level, event, fields) : append_text(line, level, event, fields);
}

std::string lines_dropped(std::uint64_t lines) {
  std::string line;
  append(line, Level::Warning, "log_lines_dropped", {{"lines", lines}});
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
  thread_local std::string line;  // keeps its memory
  line.clear();
  append(line, level, event, fields);
  logger().log(to_spdlog(level), spdlog::string_view_t(line));
}

Background::Background() { writer().start(); }
Background::~Background() { writer().stop(); }

std::uint64_t dropped_lines() { return writer().dropped(); }

}  // namespace entrepot::log
