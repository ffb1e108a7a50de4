// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0};

constexpr Architecture kRows[] = {
    // Its configuration's class ties the head whatever the file says: transformers 5.24, models/paddleocr_vl.
    {.names = "PaddleOCRVLForConditionalGeneration", .since = kV20, .refuses_pp = true, .builds_no_head = true},
    {.names = "Qwen3OmniMoeForConditionalGeneration Qwen3ASRForConditionalGeneration Qwen3ASRRealtimeGeneration",
     .until = {0, 29, 0},
     .towers_need_even_heads = true},
    // In 0.19 these classes hand their text to the engine without naming its architecture, which more than one stage asks for.
    {.names = "Qwen3VLForConditionalGeneration Qwen3VLMoeForConditionalGeneration",
     .since = {0, 19, 0},
     .until = kV20,
     .refuses_pp = true,
     .whole_towers = true},
    // Its tower was built of torch's own layers once; Mistral's own repositories are run by it.
    {.names = "PixtralForConditionalGeneration", .until = kV20, .undivided_towers = true},
    {.names = "PixtralForConditionalGeneration", .since = kV20},
    {.names = "Mistral3ForConditionalGeneration", .until = {0, 19, 0}, .undivided_from_params = true},
    {.names = "Mistral3ForConditionalGeneration LightOnOCRForConditionalGeneration",
     .since = {0, 19, 0},
     .until = kV20,
     .refuses_pp = true,
     .undivided_from_params = true},
    {.names = "LightOnOCRForConditionalGeneration", .until = {0, 19, 0}},
    {.names = "Mistral3ForConditionalGeneration LightOnOCRForConditionalGeneration", .since = kV20},
    {.names = "HCXVisionV2ForCausalLM AudioFlamingo3ForConditionalGeneration BagelForConditionalGeneration "
              "BeeForConditionalGeneration Blip2ForConditionalGeneration Cohere2VisionForConditionalGeneration "
              "DeepseekVLV2ForCausalLM DeepseekOCRForCausalLM DeepseekOCR2ForCausalLM "
              "Ernie4_5_VLMoeForConditionalGeneration FunAudioChatForConditionalGeneration "
              "GlmAsrForConditionalGeneration GLM4VForCausalLM GraniteSpeechForConditionalGeneration "
              "InternS1ForConditionalGeneration InternVLForConditionalGeneration "
              "KananaVForConditionalGeneration KeyeForConditionalGeneration KeyeVL1_5ForConditionalGeneration "
              "MoonshotKimiaForCausalLM Lfm2VlForConditionalGeneration "
              "Llama_Nemotron_Nano_VL LlavaForConditionalGeneration LlavaNextVideoForConditionalGeneration "
              "LlavaOnevisionForConditionalGeneration MiDashengLMModel "
              "OpenPanguVLForConditionalGeneration Ovis "
              "Ovis2_5 Ovis2_6ForCausalLM Ovis2_6_MoeForCausalLM "
              "Qwen2AudioForConditionalGeneration Qwen2_5OmniModel Qwen2_5OmniForConditionalGeneration "
              "Qwen3OmniMoeForConditionalGeneration Qwen3ASRForConditionalGeneration "
              "Qwen3ASRRealtimeGeneration RForConditionalGeneration SkyworkR1VChatModel UltravoxModel "
              "VoxtralForConditionalGeneration VoxtralRealtimeGeneration Emu3ForConditionalGeneration"},
    {.names = "AriaForConditionalGeneration FunASRForConditionalGeneration Idefics3ForConditionalGeneration "
              "NemotronH_Nano_VL_V2 PaddleOCRVLForConditionalGeneration Phi4MMForCausalLM "
              "SmolVLMForConditionalGeneration",
     .refuses_pp = true},
    {.names = "DotsOCRForCausalLM Eagle2_5_VLForConditionalGeneration Glm4vForConditionalGeneration "
              "Glm4vMoeForConditionalGeneration GlmOcrForConditionalGeneration H2OVLChatModel "
              "InternVLChatModel InternS1ProForConditionalGeneration IsaacForConditionalGeneration "
              "KimiVLForConditionalGeneration KimiK25ForConditionalGeneration Llama4ForConditionalGeneration "
              "MiniCPMO MiniCPMV NVLM_D OpenCUAForConditionalGeneration Qwen2_5_VLForConditionalGeneration "
              "StepVLForConditionalGeneration Step3VLForConditionalGeneration "
              "HunYuanVLForConditionalGeneration",
     .whole_towers = true},
    {.names = "Qwen3VLForConditionalGeneration Qwen3VLMoeForConditionalGeneration",
     .whole_towers = true,
     .single_mrope_rows = true},
    {.names = "Qwen3_5ForConditionalGeneration Qwen3_5MoeForConditionalGeneration",
     .input_on_all_stages = true,
     .whole_towers = true,
     .single_mrope_rows = true},
    {.names = "Granite4VisionForConditionalGeneration Phi4ForCausalLMV", .since = {0, 20, 0}},
    {.names = "MiMoV2OmniForCausalLM Moondream3ForCausalLM HfMoondream", .since = {0, 21, 0}},
    {.names = "OpenVLAForActionPrediction", .since = {0, 22, 0}},
    {.names = "GraniteSpeechPlusForConditionalGeneration", .since = {0, 23, 0}},
    {.names = "MossAudioModel", .since = {0, 24, 0}},
    {.names = "UnlimitedOCRForCausalLM MossTranscribeDiarizeForConditionalGeneration LlavaOnevision2ForConditionalGeneration",
     .since = {0, 25, 0}},
    {.names = "InklingForConditionalGeneration", .since = {0, 26, 0}},
    {.names = "VibeVoiceAsrForConditionalGeneration", .since = {0, 27, 0}},
    {.names = "MuseGlimmerForConditionalGeneration", .since = {0, 28, 0}},
    {.names = "BailingMoeV3VLForConditionalGeneration", .since = {0, 30, 0}},
    {.names = "KimiK3ForConditionalGeneration", .since = {0, 27, 0}, .whole_towers = true, .mxfp4_experts_only = true},
    {.names = "InternS2PreviewForConditionalGeneration", .since = {0, 22, 0}, .whole_towers = true, .single_mrope_rows = true},
    {.names = "Cosmos3ForConditionalGeneration", .since = {0, 23, 0}, .whole_towers = true, .single_mrope_rows = true},
    {.names = "InternS2MobiusForConditionalGeneration", .since = {0, 28, 0}, .whole_towers = true, .single_mrope_rows = true},
    {.names = "Qwen4ExpForConditionalGeneration", .since = {0, 29, 0}, .whole_towers = true, .single_mrope_rows = true},
    {.names = "Alpamayo2Super", .since = {0, 33, 0}, .whole_towers = true, .single_mrope_rows = true},
    {.names = "Exaone4_5_ForConditionalGeneration", .since = {0, 20, 0}, .whole_towers = true},
    {.names = "QianfanOCRForConditionalGeneration", .since = {0, 21, 0}, .whole_towers = true},
    {.names = "MiniCPMV4_6ForConditionalGeneration", .since = {0, 22, 0}, .whole_towers = true},
    {.names = "Step3p7ForConditionalGeneration", .since = {0, 23, 0}, .whole_towers = true},
    {.names = "MiniMaxM3SparseForConditionalGeneration", .since = {0, 24, 0}, .whole_towers = true},
    {.names = "Cosmos3EdgeForConditionalGeneration", .since = {0, 26, 0}, .whole_towers = true},
    {.names = "Dots3NoteForCausalLM", .since = {0, 28, 0}, .whole_towers = true},
    {.names = "CohereCompassForConditionalGeneration Glm5NextForConditionalGeneration", .since = {0, 30, 0}, .whole_towers = true},
    {.names = "MiniCPMV4_7ForConditionalGeneration", .since = {0, 32, 0}, .whole_towers = true},
    {.names = "MiniCPMOcrForConditionalGeneration MuseSparkForConditionalGeneration Step5ForConditionalGeneration",
     .since = {0, 33, 0},
     .whole_towers = true},
    {.names = "NemotronH_Nano_Omni_Reasoning_V3 NemotronH_Super_Omni_Reasoning_V3", .since = {0, 20, 0}, .refuses_pp = true},
    {.names = "NemotronH_Omni_Reasoning_V3", .since = {0, 29, 0}, .refuses_pp = true},
    {.names = "DeepseekV4ForConditionalGeneration", .since = {0, 30, 0}, .refuses_pp = true},
    {.names = "MolmoForCausalLM Molmo2ForConditionalGeneration Gemma3ForConditionalGeneration Gemma4ForConditionalGeneration "
              "PaliGemmaForConditionalGeneration",
     .ends_on_all_stages = true},
    {.names = "Gemma4UnifiedForConditionalGeneration", .since = {0, 23, 0}, .ends_on_all_stages = true},
    {.names = "DiffusionGemmaForBlockDiffusion", .since = {0, 24, 0}, .ends_on_all_stages = true},
    {.names = "Gemma3nForConditionalGeneration", .ends_on_all_stages = true, .refuses_pp = true},
    {.names = "HCXVisionForCausalLM ChameleonForConditionalGeneration", .until = {0, 29, 0}},
    {.names = "MusicFlamingoForConditionalGeneration AyaVisionForConditionalGeneration "
              "MantisForConditionalGeneration TarsierForConditionalGeneration",
     .until = {0, 25, 0}},
    {.names = "FuyuForCausalLM", .until = {0, 26, 0}},
    {.names = "MiniMaxVL01ForConditionalGeneration QwenVLForConditionalGeneration "
              "Tarsier2ForConditionalGeneration",
     .until = {0, 24, 0}},
    {.names = "Phi4MultimodalForCausalLM", .until = {0, 13, 0}},
    // A class of vLLM's own once, transformers' class since, which knows no parallel plan.
    {.names = "MllamaForConditionalGeneration", .until = {0, 11, 0}},
    {.names = "MllamaForConditionalGeneration",
     .since = {0, 11, 0},
     .backend = Backend::transformers,
     .refuses_tp = true,
     .refuses_pp = true},
};

}  // namespace

std::span<const Architecture> vision_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
