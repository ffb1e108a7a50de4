#include "model/flight.hpp"

#include <algorithm>
#include <charconv>

namespace vramauto::model {

namespace {

constexpr std::size_t kMostHeaders = 256 << 10, kMostIgnored = 64 << 10;

std::uint64_t number_in(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() ? out : VRAMAUTO_UNKNOWN;
}

}  // namespace

std::string shown_url(std::string_view url) {
  const auto plain = url.substr(0, url.find_first_of("?#"));
  const auto at = plain.rfind('@');
  return text::shown(at == std::string_view::npos ? plain : plain.substr(at + 1), 200);
}

void Flight::forget_answer() {
  wanted->body.resize(begin);
  dropped = from = 0;
  header_bytes = ignored = 0;
  enough = too_much = false;
  status = 0;
  total = retry_after = VRAMAUTO_UNKNOWN;
  code.clear();
  message.clear();
  words[0] = '\0';
}

void Flight::header(std::string_view line) {
  if (line.substr(0, 5) == "HTTP/") {  // of a proxy or 100 Continue first, then of the answer itself, which alone counts
    from = 0;
    total = retry_after = VRAMAUTO_UNKNOWN;
    code.clear();
    message.clear();
    const auto number = number_in(line.substr(std::min(line.find(' '), line.size() - 1) + 1, 3));
    status = number < 1000 ? static_cast<long>(number) : 0;
    return;
  }
  const auto colon = std::min(line.find(':'), line.size());
  const auto name = text::lower(line.substr(0, colon));
  const auto value = text::trim(line.substr(std::min(colon + 1, line.size())));
  if (name == "x-error-code") code = text::shown(value, 40);
  if (name == "x-error-message") message = text::shown(value, 100);
  if (name == "retry-after") retry_after = number_in(value);
  if (name == "content-length" && status == 200) total = number_in(value);
  if (name == "content-range" && value.substr(0, 6) == "bytes ") {  // "bytes 0-99/1234"
    const auto range = value.substr(6);
    from = number_in(range.substr(0, range.find('-')));
    total = number_in(range.substr(std::min(range.find('/'), range.size() - 1) + 1));
  }
}

std::size_t Flight::take(std::string_view bytes) {
  if (status != 200 && status != 206) {
    ignored += bytes.size();
    return ignored > kMostIgnored ? 0 : bytes.size();
  }
  auto rest = bytes;
  if (status == 200) {  // a server without ranges sends everything from the beginning
    const auto old = static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), begin - dropped));
    dropped += old;
    rest.remove_prefix(old);
  }
  auto& body = wanted->body;
  const auto room = wanted->until - body.size();
  too_much = wanted->whole && rest.size() > room;
  if (too_much) return 0;
  const auto kept = static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), room));
  body.append(rest.substr(0, kept));
  enough = !wanted->whole && body.size() == wanted->until;
  return kept < rest.size() ? 0 : bytes.size();
}

// Nothing may be thrown through libcurl.
std::size_t on_header(char* line, std::size_t, std::size_t bytes, void* to) noexcept {
  auto& flight = *static_cast<Flight*>(to);
  flight.header_bytes += bytes;
  if (flight.header_bytes > kMostHeaders) return 0;
  try {
    flight.header({line, bytes});
  } catch (...) {
    return 0;
  }
  return bytes;
}

std::size_t on_body(char* data, std::size_t, std::size_t bytes, void* to) noexcept {
  try {
    return static_cast<Flight*>(to)->take({data, bytes});
  } catch (...) {
    return 0;
  }
}

// What a status of 400 and above means, as huggingface_hub 1.1 (utils/_http.py, hf_raise_for_status) reads the hub's answers: it
// says 401 of what is not there, too, as long as nobody is logged in.
Error refusal(const Flight& flight, bool with_token) {
  const auto said =
      flight.message.empty() ? fmt::format("{}", flight.status) : fmt::format("{}: {}", flight.status, flight.message);
  if (flight.code == "GatedRepo")
    return error_of(flight, VRAMAUTO_E_IO,
                    "is gated ({}): accept its terms on its page and set HF_TOKEN to a token that may read it", said);
  if (flight.code == "RevisionNotFound") return error_of(flight, VRAMAUTO_E_NOT_FOUND, "is no revision of the model ({})", said);
  if (flight.status == 401 && with_token && flight.code.empty())
    return error_of(flight, VRAMAUTO_E_IO, "refuses the token ({}): see HF_TOKEN and `hf auth login`", said);
  if (flight.code == "RepoNotFound" || flight.status == 401)
    return error_of(flight, VRAMAUTO_E_NOT_FOUND, "is not on the hub, or private ({}): {}", said,
                    with_token ? "check the name, and what HF_TOKEN may read" : "check the name, or set HF_TOKEN");
  if (flight.status == 404 || flight.status == 410) return error_of(flight, VRAMAUTO_E_NOT_FOUND, "is not there ({})", said);
  if (flight.status == 403) return error_of(flight, VRAMAUTO_E_IO, "may not be read ({}): see what HF_TOKEN may read", said);
  if (flight.status == 429 && flight.retry_after != VRAMAUTO_UNKNOWN)
    return error_of(flight, VRAMAUTO_E_IO, "has too many requests ({}) and asks to come back in {} s{}", said, flight.retry_after,
                    with_token ? "" : "; with HF_TOKEN set more are allowed");
  return error_of(flight, VRAMAUTO_E_IO, "answers with status {}, expected 200 or 206", said);
}

// Why there is no answer.
Error broken(const Flight& flight, int code, const char* meaning, long patience) {
  const auto words = text::shown(flight.words[0] ? flight.words : meaning, 120);
  switch (code) {
    case curl::kOutOfMemory:
      return error_of(flight, VRAMAUTO_E_MEMORY, "out of memory");
    case curl::kTimedOut:
      return error_of(flight, VRAMAUTO_E_TIMEOUT, "has come to a halt ({}); HF_HUB_DOWNLOAD_TIMEOUT is {} s", words, patience);
    case curl::kUntrusted:
    case curl::kBadCertificates:
      return error_of(flight, VRAMAUTO_E_IO,
                      "has a certificate that is not trusted ({}); the file of an authority of your own goes into SSL_CERT_FILE",
                      words);
    case curl::kNoProxy:
    case curl::kNoHost:
    case curl::kNoConnection:
      return error_of(flight, VRAMAUTO_E_IO, "cannot be reached ({})", words);
    default:
      return error_of(flight, VRAMAUTO_E_IO, "is not read to its end ({})", words);
  }
}

Result<void> Flight::check_sizes() {
  if (too_much)
    return Unexpected{error_of(*this, VRAMAUTO_E_LIMIT, "has more than the {} bytes that are read at most", wanted->until)};
  if (status == 206 && from != begin)
    return Unexpected{error_of(*this, VRAMAUTO_E_IO, "sends bytes from {}, expected them from {}", from, begin)};
  const auto here = wanted->body.size();
  if (total == VRAMAUTO_UNKNOWN && wanted->whole) total = here;
  if (total == VRAMAUTO_UNKNOWN) total = wanted->size;
  if (total == VRAMAUTO_UNKNOWN) return Unexpected{error_of(*this, VRAMAUTO_E_IO, "does not say how long the file is")};
  if (wanted->size != VRAMAUTO_UNKNOWN && wanted->size != total)
    return Unexpected{error_of(*this, VRAMAUTO_E_IO, "has {} bytes, expected the {} of the hub's list", total, wanted->size)};
  wanted->size = total;
  return {};
}

}  // namespace vramauto::model
