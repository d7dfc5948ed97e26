#include "upstream/aws_profile.hpp"

#include <algorithm>
#include <optional>

#include "entrepot/base/text.hpp"
#include "upstream/aws_endpoint.hpp"

namespace entrepot::upstream {

namespace {

// A comment may end a line where a blank stands before it: keys may hold a "#" or ";".
std::string_view without_comment(std::string_view text) {
  std::size_t end = text.size();
  for (std::string_view mark : {" #", " ;", "\t#", "\t;"}) end = std::min(end, text.find(mark));
  return text.substr(0, end);
}

// The profile that a section of the config file is about; "" if it is about something else. "default" may do without
// the word before it.
std::string profile_of(std::string_view section) {
  constexpr std::string_view kWord = "profile";
  if (section == "default") return "default";
  if (!section.starts_with(kWord)) return {};
  const std::string_view name = section.substr(kWord.size());
  return name.starts_with(' ') || name.starts_with('\t') ? std::string(trim(name)) : std::string();
}

enum class File { Credentials, Config };

// What comes first of a setting stays.
void read_into(AwsProfiles& profiles, std::string_view text, File file) {
  AwsProfile* profile = nullptr;
  std::optional<std::size_t> open;  // how far the setting above is indented, if its value is the lines below it
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t indent = line.find_first_not_of(" \t");
    line = trim(without_comment(line));
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
    if (open && indent > *open) continue;
    open.reset();
    if (line.starts_with('[')) {
      const std::string_view section = trim(line.substr(1, line.find(']') - 1));
      const std::string name = file == File::Config ? profile_of(section) : std::string(section);
      profile = name.empty() ? nullptr : &profiles[name];
      continue;
    }
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view value = trim(line.substr(equals + 1));
    if (value.empty()) open = indent;
    if (profile != nullptr) profile->emplace(lowercase(trim(line.substr(0, equals))), value);
  }
}

}  // namespace

AwsFiles aws_files(const config::AwsVariables& variables) {
  AwsFiles files{aws_variable(variables, "AWS_SHARED_CREDENTIALS_FILE"), aws_variable(variables, "AWS_CONFIG_FILE")};
  const std::filesystem::path home = aws_variable(variables, "HOME");
  if (files.credentials.empty() && !home.empty()) files.credentials = home / ".aws" / "credentials";
  if (files.config.empty() && !home.empty()) files.config = home / ".aws" / "config";
  return files;
}

AwsProfiles parse_aws_profiles(std::string_view credentials, std::string_view config) {
  AwsProfiles profiles;
  read_into(profiles, credentials, File::Credentials);
  read_into(profiles, config, File::Config);
  return profiles;
}

}  // namespace entrepot::upstream
