/* Structs of other releases: shorter outputs are not overrun, longer inputs must have a zero tail. */
#include <stddef.h>
#include "check.h"

static void a_shorter_output_is_not_overrun(vramauto_context* ctx) {
  struct {
    vramauto_device_info info;
    char guard[64];
  } out;
  vramauto_devices* gpus;
  vramauto_error err;
  VRAMAUTO_INIT(err);
  MUST(vramauto_devices_parse(ctx, "24GiB", &gpus, &err), err);
  memset(&out, 0x55, sizeof out);
  out.info.struct_size = offsetof(vramauto_device_info, free_bytes);
  CHECK_NUMBER(vramauto_devices_get(gpus, 0, &out.info), VRAMAUTO_OK);
  CHECK_NUMBER(out.info.total_bytes, 24.0 * 1024 * 1024 * 1024);
  CHECK_NUMBER(out.info.struct_size, offsetof(vramauto_device_info, free_bytes));
  CHECK(out.info.free_bytes == 0x5555555555555555u);
  out.info.struct_size = 0;
  CHECK_NUMBER(vramauto_devices_get(gpus, 0, &out.info), VRAMAUTO_E_ARGUMENT);
  vramauto_devices_free(gpus);
}

static void a_shorter_error_is_ended(vramauto_context* ctx) {
  struct {
    vramauto_error err;
    char guard[64];
  } out;
  vramauto_model* model;
  memset(&out, 0x55, sizeof out);
  out.err.struct_size = offsetof(vramauto_error, message) + 8;
  CHECK(vramauto_model_open(ctx, "/does/not/exist", &model, &out.err) == VRAMAUTO_E_NOT_FOUND);
  CHECK_NUMBER(strlen(out.err.message), 7);
  CHECK(out.err.message[8] == 0x55);
  out.err.struct_size = 0; /* never initialised: left alone */
  out.err.status = 77;
  CHECK(vramauto_model_open(ctx, "/does/not/exist", &model, &out.err) == VRAMAUTO_E_NOT_FOUND);
  CHECK_NUMBER(out.err.status, 77);
}

static void a_longer_input_needs_a_zero_tail(void) {
  struct {
    vramauto_context_options options;
    uint64_t later;
  } in;
  vramauto_context* ctx;
  vramauto_error err;
  VRAMAUTO_INIT(err);
  memset(&in, 0, sizeof in);
  in.options.struct_size = sizeof in;
  MUST(vramauto_context_new(&in.options, &ctx, &err), err);
  vramauto_context_free(ctx);
  in.later = 1;
  CHECK_NUMBER(vramauto_context_new(&in.options, &ctx, &err), VRAMAUTO_E_UNSUPPORTED);
  CHECK_TEXT(err.where, "vramauto_context_options");
  in.options.struct_size = 8; /* an older caller: the rest is default */
  MUST(vramauto_context_new(&in.options, &ctx, &err), err);
  vramauto_context_free(ctx);
  in.options.flags = 1u << 31;
  CHECK_NUMBER(vramauto_context_new(&in.options, &ctx, &err), VRAMAUTO_E_UNSUPPORTED);
}

int main(void) {
  vramauto_context* ctx;
  vramauto_error err;
  VRAMAUTO_INIT(err);
  MUST(vramauto_context_new(NULL, &ctx, &err), err);
  a_shorter_output_is_not_overrun(ctx);
  a_shorter_error_is_ended(ctx);
  a_longer_input_needs_a_zero_tail();
  vramauto_context_free(ctx);
  CHECK_DONE;
}
