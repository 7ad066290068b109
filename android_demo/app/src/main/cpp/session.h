// One ONNX artifact in onnxruntime: what mobileiqa_sdk/runtimes/onnx.py does, over the C API.
//
// C headers only, no exceptions and no C++ runtime, so that it builds without an NDK as well as with one.
// Functions answer true, or false and an Error. Sessions may run on several threads at once.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct OrtEnv;
struct OrtSession;

namespace mobileiqa {

// The first line of what went wrong, printable ASCII: safe in a Java string, on a screen and in a log.
struct Error {
  char text[400] = "";

  bool set(const char* format, ...) __attribute__((format(printf, 2, 3)));  // always false
};

class Session {
 public:
  Session() = default;
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // `prepacking`: lay weights out anew while loading; integer arithmetic and 4-bit ones gain by it.
  bool open_file(const char* path, int threads, bool prepacking, Error& error);

  // The bytes may go once this returns.
  bool open_bytes(const void* data, size_t size, int threads, bool prepacking, Error& error);

  // The text under `key` in the model's metadata, to be freed by the caller; null where there is none.
  bool metadata(const char* key, char** text, Error& error) const;

  // Holds the model to its contract: one input, uint8 [1, height, width, 3], and one output of as many
  // floats as there are opinions. To be called once, before run.
  bool check(int height, int width, int opinions, Error& error);

  // RGB bytes, row by row, 3 * height * width of them -> opinions, whatever the model says.
  bool run(const uint8_t* rgb, size_t size, float* opinions, size_t count, Error& error) const;

  static const char* runtime_version();

  static void* operator new(size_t size) noexcept { return malloc(size); }
  static void operator delete(void* memory) { free(memory); }

 private:
  bool open(const char* path, const void* data, size_t size, int threads, bool prepacking, Error& error);
  bool check_input(Error& error);
  bool check_output(Error& error);

  OrtEnv* env_ = nullptr;
  OrtSession* session_ = nullptr;
  char* input_ = nullptr;
  char* output_ = nullptr;
  int height_ = 0;
  int width_ = 0;
  int opinions_ = 0;
};

}  // namespace mobileiqa
