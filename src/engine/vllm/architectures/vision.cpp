// Sources: see architectures.cpp.
#include "engine/vllm/architectures.hpp"

namespace vramauto::engine::vllm {
namespace {

constexpr Version kV20{0, 20, 0};

constexpr Architecture kRows[] = {
    {.names = "HCXVisionV2ForCausalLM AriaForConditionalGeneration AudioFlamingo3ForConditionalGeneration "
              "BagelForConditionalGeneration BeeForConditionalGeneration Blip2ForConditionalGeneration "
              "Cohere2VisionForConditionalGeneration DeepseekVLV2ForCausalLM DeepseekOCRForCausalLM "
              "DeepseekOCR2ForCausalLM DotsOCRForCausalLM Eagle2_5_VLForConditionalGeneration "
              "Ernie4_5_VLMoeForConditionalGeneration FunASRForConditionalGeneration "
              "FunAudioChatForConditionalGeneration Gemma3ForConditionalGeneration "
              "Gemma3nForConditionalGeneration Gemma4ForConditionalGeneration GlmAsrForConditionalGeneration "
              "GLM4VForCausalLM Glm4vForConditionalGeneration Glm4vMoeForConditionalGeneration "
              "GlmOcrForConditionalGeneration GraniteSpeechForConditionalGeneration H2OVLChatModel "
              "InternVLChatModel InternS1ForConditionalGeneration InternVLForConditionalGeneration "
              "InternS1ProForConditionalGeneration Idefics3ForConditionalGeneration "
              "IsaacForConditionalGeneration KananaVForConditionalGeneration KeyeForConditionalGeneration "
              "KeyeVL1_5ForConditionalGeneration KimiVLForConditionalGeneration "
              "KimiK25ForConditionalGeneration MoonshotKimiaForCausalLM LightOnOCRForConditionalGeneration "
              "Lfm2VlForConditionalGeneration Llama4ForConditionalGeneration Llama_Nemotron_Nano_VL "
              "LlavaForConditionalGeneration LlavaNextVideoForConditionalGeneration "
              "LlavaOnevisionForConditionalGeneration MiDashengLMModel MiniCPMO MiniCPMV "
              "Mistral3ForConditionalGeneration MolmoForCausalLM Molmo2ForConditionalGeneration "
              "NemotronH_Nano_VL_V2 NVLM_D OpenCUAForConditionalGeneration OpenPanguVLForConditionalGeneration "
              "Ovis Ovis2_5 Ovis2_6ForCausalLM Ovis2_6_MoeForCausalLM PaddleOCRVLForConditionalGeneration "
              "PaliGemmaForConditionalGeneration Phi4MMForCausalLM PixtralForConditionalGeneration "
              "Qwen2_5_VLForConditionalGeneration Qwen2AudioForConditionalGeneration Qwen2_5OmniModel "
              "Qwen2_5OmniForConditionalGeneration Qwen3OmniMoeForConditionalGeneration "
              "Qwen3ASRForConditionalGeneration Qwen3ASRRealtimeGeneration Qwen3VLForConditionalGeneration "
              "Qwen3VLMoeForConditionalGeneration Qwen3_5ForConditionalGeneration "
              "Qwen3_5MoeForConditionalGeneration RForConditionalGeneration SkyworkR1VChatModel "
              "SmolVLMForConditionalGeneration StepVLForConditionalGeneration Step3VLForConditionalGeneration "
              "UltravoxModel VoxtralForConditionalGeneration VoxtralRealtimeGeneration "
              "HunYuanVLForConditionalGeneration Emu3ForConditionalGeneration"},
    {.names = "InklingForConditionalGeneration Alpamayo2Super BailingMoeV3VLForConditionalGeneration "
              "CohereCompassForConditionalGeneration Cosmos3ForConditionalGeneration "
              "Cosmos3EdgeForConditionalGeneration DeepseekV4ForConditionalGeneration Dots3NoteForCausalLM "
              "UnlimitedOCRForCausalLM Exaone4_5_ForConditionalGeneration DiffusionGemmaForBlockDiffusion "
              "Gemma4UnifiedForConditionalGeneration Glm5NextForConditionalGeneration "
              "GraniteSpeechPlusForConditionalGeneration Granite4VisionForConditionalGeneration "
              "InternS2MobiusForConditionalGeneration InternS2PreviewForConditionalGeneration "
              "KimiK3ForConditionalGeneration MossTranscribeDiarizeForConditionalGeneration "
              "LlavaOnevision2ForConditionalGeneration MiMoV2OmniForCausalLM "
              "MiniMaxM3SparseForConditionalGeneration MiniCPMOcrForConditionalGeneration "
              "MiniCPMV4_6ForConditionalGeneration MiniCPMV4_7ForConditionalGeneration Moondream3ForCausalLM "
              "MossAudioModel HfMoondream NemotronH_Nano_Omni_Reasoning_V3 NemotronH_Super_Omni_Reasoning_V3 "
              "NemotronH_Omni_Reasoning_V3 MuseGlimmerForConditionalGeneration "
              "MuseSparkForConditionalGeneration OpenVLAForActionPrediction Phi4ForCausalLMV "
              "QianfanOCRForConditionalGeneration Qwen4ExpForConditionalGeneration "
              "Step3p7ForConditionalGeneration Step5ForConditionalGeneration "
              "VibeVoiceAsrForConditionalGeneration",
     .since = kV20},
    {.names = "HCXVisionForCausalLM ChameleonForConditionalGeneration", .until = {0, 29, 0}},
    {.names = "MusicFlamingoForConditionalGeneration AyaVisionForConditionalGeneration "
              "MantisForConditionalGeneration TarsierForConditionalGeneration",
     .until = {0, 25, 0}},
    {.names = "FuyuForCausalLM", .until = {0, 26, 0}},
    {.names = "MiniMaxVL01ForConditionalGeneration QwenVLForConditionalGeneration "
              "Tarsier2ForConditionalGeneration",
     .until = {0, 24, 0}},
    {.names = "Phi4MultimodalForCausalLM", .until = {0, 13, 0}},
    {.names = "MllamaForConditionalGeneration", .until = {0, 11, 0}},
};

}  // namespace

std::span<const Architecture> vision_architectures() { return kRows; }

}  // namespace vramauto::engine::vllm
