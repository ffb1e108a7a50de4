// Every constant that no rule of the engine gives: fitted to starts that were logged. The formulas they enter are the engine's.
// For each: from which starts, and how far these lie from it. tests/accuracy/leave_one_out.py fits them again without one model's
// starts at a time, telling them apart by the names that components give as their source.
#pragma once

#include <array>
#include <string_view>

#include "engine/estimate.hpp"
#include "engine/vllm/profiles.hpp"

namespace vramauto::engine::vllm::fits {

constexpr Bytes gib(double amount) { return static_cast<Bytes>(amount * static_cast<double>(kGiB)); }
constexpr Amount between(double best, double low, double high) { return {gib(best), gib(low), gib(high)}; }

// Non-torch growth, GiB per rank, at 1, 2 or 3, and 4 or more tensor-parallel ranks. Where no start was seen the range is that of
// the neighbouring releases. From 0.27 on it is what is consumed beside weights and penalty counts.
struct NonTorch {
  Version from;
  std::array<Amount, 3> by_tp;
  std::string_view source;
};
inline constexpr std::array kNonTorch = {
    // V0 and the first V1: device or process totals, communication apart. Few starts print it: 0.04 to 0.37.
    NonTorch{
        {0, 0, 0}, {between(0.20, 0.04, 1.2), between(0.40, 0.04, 1.9), between(0.45, 0.04, 1.9)}, "guess from 5 starts up to 0.9"},
    // 0.10: 0.02 (24 and 48 GB), 0.07 (80 GB), 1.84 less communication (hybrid, four ranks).
    NonTorch{{0, 9, 1}, {between(0.05, 0.02, 0.20), between(0.45, 0.02, 1.0), between(0.50, 0.02, 1.0)}, "4 starts, 0.10"},
    // 0.11, H100: five models 0.13 to 0.14; one at two ranks 0.55; none at four.
    NonTorch{{0, 11, 0}, {between(0.13, 0.06, 0.20), between(0.55, 0.20, 0.70), between(0.60, 0.30, 1.0)}, "6 starts, H100, 0.11"},
    // 0.17: no start. Between the rows beside it.
    NonTorch{{0, 17, 0},
             {between(0.19, 0.10, 0.30), between(0.57, 0.30, 0.75), between(0.63, 0.30, 1.0)},
             "guess between 0.16 and 0.18"},
    // 0.19, H100: 22 models 0.24 to 0.27; less 1.5 for the fused all-reduce, two ranks 0.57 to 0.61 (13 starts), four 0.62 to 0.72
    // (11), most with most layers.
    NonTorch{
        {0, 18, 0}, {between(0.25, 0.23, 0.28), between(0.59, 0.55, 0.64), between(0.67, 0.60, 0.74)}, "46 starts, H100, 0.19"},
    // 0.20 to 0.26: 0.07 (16 GB), 0.11 (A100, eager), 0.16 (SM90 slice), 0.23 to 0.25 (B300); less the fused all-reduce, four ranks
    // 0.57 (H100) and 0.45 (GB200).
    NonTorch{
        {0, 20, 0}, {between(0.15, 0.05, 0.30), between(0.50, 0.05, 0.80), between(0.57, 0.30, 0.80)}, "7 starts, 0.22 to 0.26"},
    NonTorch{
        {0, 22, 0}, {between(0.13, 0.05, 0.30), between(0.40, 0.05, 0.80), between(0.55, 0.30, 0.80)}, "7 starts, 0.22 to 0.26"},
    // 0.27 to 0.31, dense: 0.10, 0.12, 0.13, 0.15, 0.22; two ranks 0.06; none at four; none of 0.32 and 0.33.
    NonTorch{
        {0, 27, 0}, {between(0.13, 0.06, 0.35), between(0.10, 0.05, 0.70), between(0.50, 0.10, 1.0)}, "6 starts, 0.27 to 0.31"},
};

// Models with recurrent states compile and tune kernels of their own: beyond the dense models' 0.9 (two ranks, 0.11), 0.3 (four,
// 0.10) and 0.2 (one, 0.29). Three starts of two models: a bound, not a best value.
inline constexpr Bytes kStateKernels = gib(0.9);

// Bounds beyond those of NVIDIA's cards: another vendor's runtime (0.86 on an MI300X, 1.0 to 1.5 on Intel's, four starts of 0.27
// and later); memory shared with the host, where what programs and caches of files take meanwhile counts too (4.6 on a GB10, one
// start).
inline constexpr Bytes kOtherRuntime = gib(1.3), kSharedMemory = gib(4.6);

// 0.17 to 0.20: what the sampler's kernels take of it on a single rank. Without sampler it is 0.07; and on all six stages of two
// pipelined starts, the last one too (0.19, one model): the communication that came before the snapshot has grown it already.
inline constexpr Bytes kSamplerKernels = gib(0.18);

// 0.17 to 0.20: Triton's top-k and top-p kernel is compiled for one size of vocabulary. Where rows of 4-byte logits do not start at
// multiples of 16 bytes it cannot load four at once, and its registers spill to local memory, which CUDA reserves for every thread
// that can run at the same time. Vocabularies of 49155 (two starts) and 49159 (one) take 0.21 GiB more than 23 others, all
// divisible by four, among them 49156: residual 0.01. At more ranks (four starts) 0.05 more: communication kernels have grown it
// already.
inline constexpr Bytes kSpilledByThread = 832;
inline constexpr Bytes kSpilledBesidePeers = 200;

// Weights follow from the configuration; shares of them that may lie either way. 57 starts of dense models: all but one within 0.1
// % (order of creation, padding of kernels). Towers: 0.5 to 1 % of five models' weights, a tenth or two of the tower's. Models with
// states: -2.0 and -2.7 % (two starts of 0.10 and 0.20), four others within 0.1 %.
inline constexpr double kLayers = 0.001, kTowers = 0.15, kStateLayers = 0.03;

// Multiples of hidden size alive at the widest point of the forward pass, per token, beside the MLP's.
struct Factor {
  double best, low, high;
  std::string_view source;
};
// Three starts of 0.10 and 0.19 (8192 and 16384 tokens): 4.22, 4.22, 4.24; within 0.005 GiB.
inline constexpr Factor kForward = {4.25, 3.0, 5.1, "3 starts, 0.10 and 0.19"};
// The first of several stages: two starts of 0.19, one model; within 0.01 GiB. Inner and last ones hold what they receive instead.
inline constexpr Factor kForwardFirstStage = {7.1, 4.25, 7.6, "2 starts, 0.19"};
// INT8 whose inputs are quantised for each token: 7.50 and 7.61, two starts of 0.19; within 0.01 GiB.
inline constexpr Factor kForwardInt8 = {7.55, 4.25, 7.65, "2 starts, 0.19"};
// From 0.20 on, warm: 2.8 to 3.5 compiled, 3.6 to 4.05 eager, 4.5 to 5.1 at two ranks; a model of hidden size 896 shows 6.4.
inline constexpr Factor kForwardCompiled = {3.15, 2.8, 6.4, "5 starts, 0.22 to 0.31"};
inline constexpr Factor kForwardEager = {3.85, 3.6, 4.25, "3 starts, 0.22 to 0.31"};
inline constexpr Factor kForwardPeers = {4.8, 3.1, 5.1, "2 starts, 0.22 to 0.31"};

// GiB of all graphs of a stage: fixed + per layer + graphs x (per graph + per layer and graph).
struct Line {
  double fixed, per_layer, per_graph, per_layer_graph;
  double least, most;  // multiples of it
  std::string_view source;
  constexpr double at(double layers, double graphs) const {
    return fixed + per_layer * layers + graphs * (per_graph + per_layer_graph * layers);
  }
};
inline constexpr double kFullSet = 102;  // 51 piecewise and 51 full graphs, the set most starts were measured with
// Estimate and actual of 0.19 on H100, 42 starts with 51 + 51 graphs: 0.37 + 0.016 and 0.39 + 0.0154 GiB per layer. Fewer graphs
// take less; a third is taken to be there with the first graph.
inline constexpr Line kGraphsTo019 = {0.13, 0.0054, 0.26 / kFullSet, 0.0100 / kFullSet, 0.05, 1.6, "42 starts, H100, 0.19"};
// Experts take 0.0146 GiB per layer more for that set (five starts of three models, within 0.3).
inline constexpr Line kExpertGraphsTo019 = {0.13, 0.0054, 0.26 / kFullSet, 0.0246 / kFullSet, 0.05, 1.6, "5 starts, H100, 0.19"};
// From 0.20 on: eight starts with 13 to 136 graphs and 16 to 60 layers, within 0.1 GiB but one.
inline constexpr Line kGraphs = {0.05, 0, 0.0045, 0.00004, 0.3, 2.0, "8 starts, 0.20 to 0.31"};
// MRV2 from 0.29 on captures all but most full graphs and measures them: 0.23 (86 graphs, 32 layers), 0.29 (86, 36: what closes the
// budget once the first start's GiB is taken off), 0.08 (86, 40, hybrid); one pair 0.40 estimated, 0.49 taken.
inline constexpr Line kMeasuredGraphs = {0.03, 0, 0.0027, 0.000024, 0.2, 2.5, "4 starts, MRV2, 0.29 to 0.31"};
// The V1 runner's estimate for experts: 0.36 to 0.39 with one to four graphs (three starts), 1.58 and 4.99 with 68 and 102.
inline constexpr Line kExpertGraphs = {0.35, 0, 0.0045, 0.00004, 0.3, 4.5, "5 starts, 0.20 to 0.26"};

// From 0.20 on, the first start with an empty compile cache sizes the KV cache about 1 GiB smaller on one card (0.98 to 1.13, three
// starts), half of it on two (0.47, one start). The best value is the second start's.
struct FirstStart {
  Bytes most;
  std::string_view told;  // for people
};
inline constexpr FirstStart kFirstStart = {kGiB + kGiB / 8, "about 1.1 GiB"}, kFirstStartPeers = {kGiB / 2, "about 0.5 GiB"};
constexpr const FirstStart& first_start(std::uint32_t tp) { return tp == 1 ? kFirstStart : kFirstStartPeers; }

// Total less free at the first snapshot of starts with one rank: H100 0.51, B200 0.70, 24 GB and 48 GB cards 0.44 and 0.49, A100
// 0.41.
inline constexpr Amount kContextBlackwell = between(0.70, 0.45, 0.85), kContextHopper = between(0.51, 0.33, 0.60),
                        kContext = between(0.45, 0.25, 0.55);
// The same beyond one rank: two and four on H100 1.53 (once 2.01) and 1.55, pipelined 1.45; two ranks of an H200 0.60.
inline constexpr Amount kPeers = between(1.03, 0.09, 1.6), kStages = between(0.94, 0.09, 1.2);

}  // namespace vramauto::engine::vllm::fits
