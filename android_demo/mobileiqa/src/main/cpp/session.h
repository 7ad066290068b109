// One ONNX artifact in onnxruntime: what mobileiqa_sdk/runtimes/onnx.py does, over the C API.
//
// C headers only, no exceptions and no C++ runtime, so that it builds without an NDK as well as with one.
// Functions return true, or false and set an Error. Sessions may run on several threads at once.
//
// Loading this code switches onnxruntime's telemetry off, unless the application has set the environment
// variable ORT_DISABLE_TELEMETRY itself.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct OrtEnv;
struct OrtSession;

namespace mobileiqa {

// The first line of an error's message, printable ASCII: safe in a Java string, on a screen and in a log.
struct Error {
  char text[400] = "";

  bool set(const char* format, ...) __attribute__((format(printf, 2, 3)));  // always false
};

// In the order of Java's enum.
enum class Accelerator { kCpu, kXnnpack, kNnapi };

struct Options {
  int threads;
  bool prepacking;  // rearrange weights while loading: pays off for integer arithmetic and 4-bit weights
  Accelerator accelerator;
};

// A contract has at most one output of each meaning: opinions, faults, photo.
constexpr size_t kMaxOutputs = 3;

// One output as the contract promises it: its name, and how many floats it holds.
struct Output {
  const char* name;
  int size;
};

class Session {
 public:
  Session() = default;
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  bool open_file(const char* path, const Options& options, Error& error);

  // Copies what it needs: the bytes may be freed afterwards.
  bool open_bytes(const void* data, size_t size, const Options& options, Error& error);

  // The text under `key` in the model's metadata, to be freed by the caller; null if the key is absent.
  bool metadata(const char* key, char** text, Error& error) const;

  // Holds the model to its contract; to be called once, before run. The model must have one input, uint8
  // [1, height, width, 3], where a height and width of 0 stand for sides of any length. It must have exactly
  // the `count` outputs listed, of float; a single output may have any name.
  bool check(int height, int width, const Output* outputs, size_t count, Error& error);

  // Scores a picture: `rgb` holds 3 * height * width bytes, row by row. Writes the values of all outputs one
  // after another, in the order of `check`; `count` is the sum of their sizes.
  bool run(const uint8_t* rgb, size_t size, int height, int width, float* values, size_t count,
           Error& error) const;

  // How many operators the execution provider of this name computes. 0 for a session on the CPU alone, and where
  // onnxruntime is older than 1.24, which does not say.
  size_t nodes(const char* provider) const;

  static const char* runtime_version();

  static void* operator new(size_t size) noexcept { return malloc(size); }
  static void operator delete(void* memory) { free(memory); }

 private:
  bool open(const char* path, const void* data, size_t size, const Options& options, Error& error);
  bool check_input(int height, int width, Error& error);
  bool check_output(const Output& promised, size_t index, Error& error);
  bool find_output(const Output& promised, size_t& index, Error& error) const;

  OrtEnv* env_ = nullptr;
  OrtSession* session_ = nullptr;
  char* input_ = nullptr;
  char* outputs_[kMaxOutputs] = {};
  size_t sizes_[kMaxOutputs] = {};
  size_t output_count_ = 0;
};

}  // namespace mobileiqa
