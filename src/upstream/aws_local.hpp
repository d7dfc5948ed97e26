// The sources of a session that are beside the daemon: a container's endpoint, and an EC2 instance's metadata service.
#pragma once

#include <filesystem>
#include <optional>

#include "upstream/aws_session.hpp"
#include "upstream/web_client.hpp"

namespace entrepot::upstream {

// The URL of a container's endpoint: https anywhere, http only on this host or where ECS and EKS have theirs. Source:
// AWS SDKs and Tools Reference Guide, "Container credential provider". Pure.
Result<http::Url> aws_container_url(const config::AwsVariables& variables);

// The file whose content is to be shown there, as it is now; none: no file. EKS replaces it while the daemon runs.
// Pure.
std::optional<std::filesystem::path> aws_container_token_file(const config::AwsVariables& variables);

// What the endpoint gives. `token`: what is shown to it, "" for nothing. By http it is asked directly, by https through
// the proxy of the client, if there is one. `deadline` is that of all attempts.
io::Awaitable<Result<Lease<AwsKeys>>> ask_aws_container(WebClient& client, const Clock& clock, http::Url url,
                                                        std::string token, io::Deadline deadline);

// What the instance's role has. By IMDSv2 alone: its older version answers whoever makes a server ask for a URL.
// Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata".
io::Awaitable<Result<Lease<AwsKeys>>> ask_aws_instance(WebClient& client, const Clock& clock, http::Url endpoint,
                                                       io::Deadline deadline);

// Its address, or the one of AWS_EC2_METADATA_SERVICE_ENDPOINT. Pure.
Result<http::Url> aws_instance_endpoint(const config::AwsVariables& variables);

}  // namespace entrepot::upstream
