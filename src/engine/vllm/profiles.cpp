#include "engine/vllm/profiles.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "support/result.hpp"
#include "support/text.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr std::size_t kRows = 32;

// Each row is the one before it with what that release changed: read in the released wheels on both sides of each boundary.
constexpr std::array<Profile, kRows> make_profiles() {
  std::array<Profile, kRows> table{};
  std::size_t used = 0;
  Profile p;
  const auto row = [&](std::uint32_t minor, std::uint32_t patch, std::string_view name) {
    p.from = {0, minor, patch};
    p.name = name;
    table[used++] = p;
  };
  p.v1 = false;
  p.budget = Budget::own_delta_v0;
  p.hybrid_groups = false;
  p.runner = RunnerRule::v0;
  p.batch = BatchRule::v0;
  p.capture = CaptureRule::v0;
  p.full_graphs = true;  // V0 captured whole decode steps
  p.cache_bytes_flag = false;
  row(6, 0, "0.6 (V0)");

  p.v1 = true;
  p.budget = Budget::device_fill;
  p.snapshot = Snapshot::none;
  p.sampler = SamplerPath::flashinfer_if_importable;
  p.runner = RunnerRule::v1;
  p.batch = BatchRule::hopper_many;
  p.capture = CaptureRule::grid8;
  p.full_graphs = false;
  row(8, 0, "0.8.0");
  p.batch = BatchRule::hopper;
  row(8, 4, "0.8.4");
  p.batch = BatchRule::big;
  row(8, 5, "0.8.5");
  p.batch = BatchRule::big_not_a100;
  row(9, 0, "0.9.0");
  p.budget = Budget::own_delta;
  p.snapshot = Snapshot::before_distributed;
  p.hybrid_groups = true;
  row(9, 1, "0.9.1");
  p.capacity = Capacity::blocks_per_group;
  row(9, 2, "0.9.2");
  p.state = StateRule::length;
  p.capture = CaptureRule::grid8_by_seqs;
  row(10, 0, "0.10.0");
  p.context_parallel = ContextParallel::decode;
  p.cache_bytes_flag = true;
  row(10, 2, "0.10.2");
  p.snapshot = Snapshot::after_distributed;
  p.full_graphs = true;
  row(11, 0, "0.11.0");
  p.sampler = SamplerPath::sort;
  p.capture = CaptureRule::grid16_by_seqs;
  row(11, 1, "0.11.1");
  p.group_factor = 125;
  row(12, 0, "0.12");
  p.capture = CaptureRule::grid16_by_rows;
  row(13, 0, "0.13");
  p.ceil_requested = true;
  p.auto_length = true;
  row(14, 0, "0.14");
  p.state = StateRule::none_align_all;
  row(15, 0, "0.15");
  p.sampler = SamplerPath::triton;
  row(17, 0, "0.17");
  p.v1_graphs_estimated = true;
  p.group_factor = 150;
  row(18, 0, "0.18");
  p.utilization = 0.92;
  p.graphs_subtracted = true;
  row(20, 0, "0.20.0");
  p.capacity = Capacity::concurrency;
  p.capture = CaptureRule::grid16_plus_tokens;
  row(20, 1, "0.20.1");
  p.sampler = SamplerPath::flashinfer;
  p.load_split_mib = 20;
  row(21, 0, "0.21");
  p.mrv2_sampler = 2;
  p.runner = RunnerRule::qwen3;
  row(22, 0, "0.22");
  p.runner = RunnerRule::three_dense;
  row(23, 0, "0.23");
  p.runner = RunnerRule::listed;
  p.padding = PagePadding::if_block_stride;
  row(24, 0, "0.24");
  p.runner = RunnerRule::dense;
  row(25, 0, "0.25");
  p.in_flight = InFlight::concurrent_batches;
  p.runner = RunnerRule::dense_0_26;
  p.rocm_graphs_estimated = true;
  row(26, 0, "0.26");
  p.budget = Budget::own_consumed;
  p.encoder_on_mrv2 = true;
  p.runner = RunnerRule::dense_0_27;
  row(27, 0, "0.27");
  p.state_prefix_caching = true;
  p.batch = BatchRule::huge;
  p.capture = CaptureRule::grid16_by_seqs_1024;
  p.runner = RunnerRule::dense_0_28;
  row(28, 0, "0.28");
  p.runner = RunnerRule::all;
  p.mrv2_graphs_estimated = true;
  p.null_block_checked = true;
  p.one_buffer = true;
  p.padding = PagePadding::any_attention;
  p.capture = CaptureRule::grid16_plus_decode;
  row(29, 0, "0.29");
  row(30, 0, "0.30");
  p.capture = CaptureRule::grid16_plus_seqs;
  p.xpu_graphs_estimated = true;
  row(31, 0, "0.31");
  p.state = StateRule::none_align;
  p.mrope_rows = 1;
  row(32, 0, "0.32");
  p.snapshot = Snapshot::after_distributed_and_cublas;
  p.mrv2_sampler = 14;
  p.batch = BatchRule::huge_not_gb10;
  row(33, 0, "0.33");
  return table;
}

constexpr auto kProfiles = make_profiles();
static_assert(kProfiles.back().from == Version{0, 33, 0}, "kRows is the number of rows");

// Newest patch of each minor release from 0.6 on.
constexpr std::array<std::uint8_t, 28> kNewestPatch = {6, 3, 5, 2, 2, 2, 0, 0, 1, 1, 0, 1, 1, 1,
                                                       2, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0};
constexpr std::uint32_t kOldestMinor = 6, kNewestMinor = kOldestMinor + kNewestPatch.size() - 1;
constexpr Version kNewest = {0, kNewestMinor, kNewestPatch.back()};
constexpr Version kLastV0 = {0, 10, 2};

bool digit(char c) { return c >= '0' && c <= '9'; }

const Profile* row_for(const Version& version, bool v0) {
  if (v0) return &kProfiles[0];
  const auto after = std::find_if(kProfiles.begin() + 2, kProfiles.end(), [&](const Profile& p) { return version < p.from; });
  return &*(after - 1);  // V1 of 0.6.6 to 0.7.3 behaves like 0.8.0
}

const std::string& newest_text() {
  static const std::string kText = to_string(kNewest);
  return kText;
}

Found newest(std::string why) {
  Found out{&kProfiles.back(), kNewest, newest_text(), why.empty(), std::move(why)};
  return out;
}

}  // namespace

std::span<const Profile> profiles() { return kProfiles; }

std::string to_string(const Version& version) { return fmt::format("{}.{}.{}", version.major, version.minor, version.patch); }

std::optional<VersionText> parse_version(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  VersionText out;
  std::uint32_t* parts[] = {&out.version.major, &out.version.minor, &out.version.patch};
  std::size_t read = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; read < 3 && at != end && digit(*at); ++read) {
    const auto [next, error] = std::from_chars(at, end, *parts[read]);
    if (error != std::errc{}) return std::nullopt;
    at = next;
    if (at == end || *at != '.' || next + 1 == end || !digit(next[1])) {
      ++read;
      break;
    }
    ++at;
  }
  if (read < 2) return std::nullopt;
  out.has_patch = read == 3;
  const std::string_view rest(at, static_cast<std::size_t>(end - at));
  out.dev = rest.find("dev") != std::string_view::npos;
  constexpr std::string_view kMark = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_";
  return rest.find_first_not_of(kMark) == std::string_view::npos ? std::optional(out) : std::nullopt;
}

Found find_profile(std::string_view version, bool v0) {
  if (version.empty() || version == "auto") return newest("");
  const auto parsed = parse_version(version);
  if (!parsed)
    return newest(
        fmt::format("\"{}\" is no version of vLLM that is known here; priced as {}", text::shown(version, 100), newest_text()));
  Version asked = parsed->version;
  if (asked.major > 0 || asked.minor > kNewestMinor)
    return newest(fmt::format("vLLM {} is newer than {}, the newest whose rules are known; priced as {}", version, newest_text(),
                              newest_text()));
  if (asked.minor < kOldestMinor) {
    if (parsed->dev)
      return newest(fmt::format("\"{}\" is a development build without a release number; priced as {}", version, newest_text()));
    return {&kProfiles[0],
            {0, kOldestMinor, kNewestPatch[0]},
            to_string({0, kOldestMinor, kNewestPatch[0]}),
            false,
            fmt::format("vLLM {} is older than 0.6, the oldest whose rules are known; priced as 0.6", version)};
  }
  if (!parsed->has_patch) asked.patch = kNewestPatch[asked.minor - kOldestMinor];
  v0 = asked < Version{0, 8, 0} || (v0 && asked <= kLastV0);
  return {row_for(asked, v0), asked, to_string(asked), true, {}};
}

}  // namespace vramauto::engine::vllm
