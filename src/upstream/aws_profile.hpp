// AWS's two files of profiles: ~/.aws/credentials and ~/.aws/config. Pure.
//
// Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files", "Format of the config file".
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "entrepot/config/config.hpp"

namespace entrepot::upstream {

using AwsProfile = std::map<std::string, std::string>;  // settings by their names in lower case
using AwsProfiles = std::map<std::string, AwsProfile>;  // by name

struct AwsFiles {
  std::filesystem::path credentials;  // empty: nowhere
  std::filesystem::path config;
};

// Where they are: as AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE say, else under HOME.
AwsFiles aws_files(const config::AwsVariables& variables);

// Of what both files hold ("": there is none). What the credentials file says of a profile counts before the other's.
// Lines that are no setting are passed over, and so are those below a setting without a value that are indented
// further, which are its value; elsewhere a line may be indented.
AwsProfiles parse_aws_profiles(std::string_view credentials, std::string_view config);

}  // namespace entrepot::upstream
