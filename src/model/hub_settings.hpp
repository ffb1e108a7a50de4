// How the hub is reached, as the environment says it.
#pragma once

#include "model/transfer.hpp"
#include "support/checked.hpp"

namespace vramauto::model {

struct HubSettings {
  std::string endpoint;  // "https://huggingface.co"; may have a path
  Access access;
  Bytes most_kept = Bytes{1} << 30;  // of what was read, for later calls
};

// HF_HUB_OFFLINE, or TRANSFORMERS_OFFLINE: 1, on, yes, true.
bool network_is_off();

// HF_ENDPOINT, "https://huggingface.co" without it. E_ARGUMENT for what is no address.
Result<std::string> hub_endpoint(bool use_environment);

// HF_TOKEN (else the file HF_TOKEN_PATH, else "token" in Hugging Face's home), HF_HUB_DISABLE_IMPLICIT_TOKEN and
// HF_HUB_DOWNLOAD_TIMEOUT, as huggingface_hub 1.1 (constants.py, utils/_auth.py) reads them; SSL_CERT_FILE, REQUESTS_CA_BUNDLE and
// CURL_CA_BUNDLE; VRAMAUTO_HUB_CACHE_MAX, "512MiB". Proxies are libcurl's, none without the environment. E_ARGUMENT for what cannot
// be meant; no message has the token.
Result<HubSettings> hub_settings(bool use_environment);

}  // namespace vramauto::model
