#include "session.h"

#include <onnxruntime_c_api.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Of onnxruntime's builds for Android only: null with others.
extern "C" __attribute__((weak)) OrtStatus* OrtSessionOptionsAppendExecutionProvider_Nnapi(
    OrtSessionOptions* options, uint32_t flags);

namespace mobileiqa {
namespace {

// The oldest onnxruntime that the SDK accepts, 1.18; every function used here is older.
constexpr uint32_t kApiVersion = 18;
constexpr size_t kMaxRank = 8;

// The first that says which execution provider computes what.
constexpr uint32_t kAssignmentApiVersion = 24;

// onnxruntime 1.29 and later record events to be sent to Microsoft unless this variable is set.
constexpr char kTelemetrySwitch[] = "ORT_DISABLE_TELEMETRY";

bool telemetry_left_to_app = false;

// Runs when this code is loaded: before onnxruntime makes its first environment, which reads the variable, and
// on the thread that loads the library, since changing the environment while another thread reads it is unsafe.
__attribute__((constructor)) void switch_telemetry_off() {
  telemetry_left_to_app = getenv(kTelemetrySwitch) != nullptr;
  if (!telemetry_left_to_app) setenv(kTelemetrySwitch, "1", 0);
}

const OrtApi* api() { return OrtGetApiBase()->GetApi(kApiVersion); }

bool fine(OrtStatus* status, Error& error) {
  if (status == nullptr) return true;
  error.set("onnxruntime: %s", api()->GetErrorMessage(status));
  api()->ReleaseStatus(status);
  return false;
}

// Releases what onnxruntime allocated, at the end of the scope.
template <typename T>
class Owned {
 public:
  using Release = void(ORT_API_CALL*)(T*);
  explicit Owned(Release release) : release_(release) {}
  ~Owned() {
    if (value_ != nullptr) release_(value_);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  T** out() { return &value_; }
  T* get() const { return value_; }

 private:
  Release release_;
  T* value_ = nullptr;
};

bool get_allocator(OrtAllocator** allocator, Error& error) {
  return fine(api()->GetAllocatorWithDefaultOptions(allocator), error);
}

// Copies a text that onnxruntime allocated to one for free(), and releases the original.
char* adopt(OrtAllocator* allocator, char* text, Error& error) {
  const size_t size = strlen(text) + 1;
  char* copy = static_cast<char*>(malloc(size));
  if (copy != nullptr) memcpy(copy, text, size);
  allocator->Free(allocator, text);
  if (copy == nullptr) error.set("out of memory");
  return copy;
}

// The name of input or output `index`, to free(); null with an error.
char* name_of(const OrtSession* session, bool input, size_t index, Error& error) {
  OrtAllocator* memory = nullptr;
  char* name = nullptr;
  auto get = input ? api()->SessionGetInputName : api()->SessionGetOutputName;
  if (!get_allocator(&memory, error) || !fine(get(session, index, memory, &name), error)) return nullptr;
  return adopt(memory, name, error);
}

struct Tensor {
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  size_t rank = 0;
  int64_t shape[kMaxRank] = {};  // -1 for a side that only a run determines
};

// Type and shape of input or output `index`; the type is UNDEFINED if it is not a tensor of a usual rank.
bool describe(const OrtSession* session, bool input, size_t index, Tensor& tensor, Error& error) {
  const OrtApi* ort = api();
  Owned<OrtTypeInfo> info(ort->ReleaseTypeInfo);
  auto get = input ? ort->SessionGetInputTypeInfo : ort->SessionGetOutputTypeInfo;
  const OrtTensorTypeAndShapeInfo* shape = nullptr;
  if (!fine(get(session, index, info.out()), error)) return false;
  if (!fine(ort->CastTypeInfoToTensorInfo(info.get(), &shape), error)) return false;
  if (shape == nullptr) return true;  // a sequence, a map, ...
  if (!fine(ort->GetDimensionsCount(shape, &tensor.rank), error)) return false;
  if (tensor.rank > kMaxRank) return true;
  if (!fine(ort->GetDimensions(shape, tensor.shape, tensor.rank), error)) return false;
  return fine(ort->GetTensorElementType(shape, &tensor.type), error);
}

bool is(const Tensor& tensor, ONNXTensorElementDataType type, const int64_t* shape, size_t rank) {
  return tensor.type == type && tensor.rank == rank &&
         memcmp(tensor.shape, shape, rank * sizeof(int64_t)) == 0;
}

// Whether a tensor can hold `count` values; a side that only a run determines allows any count.
bool may_hold(const Tensor& tensor, int64_t count) {
  int64_t product = 1;
  for (size_t i = 0; i < tensor.rank; i++) {
    if (tensor.shape[i] < 0) return true;
    // Sides are at most 2**63 - 1 each: no product of them is needed once it is too large.
    if (tensor.shape[i] == 0 || tensor.shape[i] > count) return false;
    product *= tensor.shape[i];
    if (product > count) return false;
  }
  return product == count;
}

// Copies the floats of an answer, of which the contract promises `count`.
bool copy_values(OrtValue* answer, float* values, size_t count, Error& error) {
  const OrtApi* ort = api();
  Owned<OrtTensorTypeAndShapeInfo> info(ort->ReleaseTensorTypeAndShapeInfo);
  size_t answered = 0;
  void* data = nullptr;
  if (!fine(ort->GetTensorTypeAndShape(answer, info.out()), error) ||
      !fine(ort->GetTensorShapeElementCount(info.get(), &answered), error)) {
    return false;
  }
  if (answered != count) {
    return error.set("its contract promises an output of size %zu, the model gave %zu", count, answered);
  }
  if (!fine(ort->GetTensorMutableData(answer, &data), error)) return false;
  memcpy(values, data, count * sizeof(float));
  return true;
}

bool append_xnnpack(OrtSessionOptions* options, int threads, Error& error) {
  char count[16];
  snprintf(count, sizeof count, "%d", threads);
  const char* keys[] = {"intra_op_num_threads"};
  const char* values[] = {count};
  // XNNPACK has threads of its own: onnxruntime's would only take processors from them.
  return fine(api()->SessionOptionsAppendExecutionProvider(options, "XNNPACK", keys, values, 1), error) &&
         fine(api()->SetIntraOpNumThreads(options, 1), error);
}

bool append_nnapi(OrtSessionOptions* options, Error& error) {
  if (OrtSessionOptionsAppendExecutionProvider_Nnapi == nullptr) {
    return error.set("this onnxruntime was built without NNAPI");
  }
  return fine(OrtSessionOptionsAppendExecutionProvider_Nnapi(options, 0), error);
}

// Lets an accelerator compute what it can.
bool append(OrtSessionOptions* options, const Options& wish, Error& error) {
  if (wish.accelerator == Accelerator::kCpu) return true;
  const bool appended = wish.accelerator == Accelerator::kXnnpack
                            ? append_xnnpack(options, wish.threads, error)
                            : append_nnapi(options, error);
  return appended && fine(api()->AddSessionConfigEntry(options, "session.record_ep_graph_assignment_info", "1"), error);
}

}  // namespace

bool Error::set(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (vsnprintf(text, sizeof text, format, arguments) < 0) text[0] = '\0';
  va_end(arguments);
  for (char* c = text; *c != '\0'; c++) {
    if (*c == '\n' || *c == '\r') {
      *c = '\0';
      break;
    }
    if (*c < ' ' || *c > '~') *c = '?';
  }
  if (text[0] == '\0') strcpy(text, "failed without a reason");
  return false;
}

Session::~Session() {
  free(input_);
  for (char* output : outputs_) free(output);
  if (session_ != nullptr) api()->ReleaseSession(session_);
  if (env_ != nullptr) api()->ReleaseEnv(env_);
}

bool Session::open_file(const char* path, const Options& options, Error& error) {
  return open(path, nullptr, 0, options, error);
}

bool Session::open_bytes(const void* data, size_t size, const Options& options, Error& error) {
  return open(nullptr, data, size, options, error);
}

bool Session::open(const char* path, const void* data, size_t size, const Options& wish, Error& error) {
  const OrtApi* ort = api();
  if (ort == nullptr) return error.set("onnxruntime %s is too old, 1.18 is needed", runtime_version());
  Owned<OrtSessionOptions> options(ort->ReleaseSessionOptions);
  if (!fine(ort->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "mobileiqa", &env_), error)) return false;
  if (!telemetry_left_to_app && !fine(ort->DisableTelemetryEvents(env_), error)) return false;
  const bool configured =
      fine(ort->CreateSessionOptions(options.out()), error) &&
      fine(ort->SetIntraOpNumThreads(options.get(), wish.threads), error) &&
      fine(ort->SetInterOpNumThreads(options.get(), 1), error) &&
      fine(ort->SetSessionLogSeverityLevel(options.get(), ORT_LOGGING_LEVEL_FATAL), error) &&
      // As in Python: planned memory is laid out for all tensors at once, which costs large models much.
      fine(ort->DisableMemPattern(options.get()), error) &&
      fine(ort->AddSessionConfigEntry(options.get(), "session.disable_prepacking",
                                     wish.prepacking ? "0" : "1"),
           error);
  if (!configured || !append(options.get(), wish, error)) return false;
  return fine(path != nullptr ? ort->CreateSession(env_, path, options.get(), &session_)
                              : ort->CreateSessionFromArray(env_, data, size, options.get(), &session_),
              error);
}

bool Session::metadata(const char* key, char** text, Error& error) const {
  const OrtApi* ort = api();
  OrtAllocator* memory = nullptr;
  Owned<OrtModelMetadata> metadata(ort->ReleaseModelMetadata);
  char* value = nullptr;
  *text = nullptr;
  if (!get_allocator(&memory, error) || !fine(ort->SessionGetModelMetadata(session_, metadata.out()), error) ||
      !fine(ort->ModelMetadataLookupCustomMetadataMap(metadata.get(), memory, key, &value), error)) {
    return false;
  }
  if (value == nullptr) return true;
  *text = adopt(memory, value, error);
  return *text != nullptr;
}

bool Session::check(int height, int width, const Output* outputs, size_t count, Error& error) {
  const OrtApi* ort = api();
  size_t input_count = 0;
  size_t output_count = 0;
  if (!fine(ort->SessionGetInputCount(session_, &input_count), error) ||
      !fine(ort->SessionGetOutputCount(session_, &output_count), error)) {
    return false;
  }
  if (input_count != 1 || output_count != count || count < 1 || count > kMaxOutputs) {
    return error.set("its contract promises one input and %zu output(s), the model has %zu and %zu", count,
                     input_count, output_count);
  }
  if (!check_input(height, width, error)) return false;
  for (size_t i = 0; i < count; i++) {
    size_t index = 0;
    // Converters rename outputs: the name matters only where there are several.
    if (count > 1 && !find_output(outputs[i], index, error)) return false;
    if (!check_output(outputs[i], index, error)) return false;
    output_count_++;
  }
  return true;
}

bool Session::check_input(int height, int width, Error& error) {
  Tensor input;
  const int64_t any = -1;
  const int64_t shape[] = {1, height > 0 ? height : any, width > 0 ? width : any, 3};
  if (!describe(session_, true, 0, input, error)) return false;
  if (!is(input, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, shape, 4)) {
    return error.set("its contract promises input uint8 [1, %d, %d, 3] (0: any), the model has another", height,
                     width);
  }
  input_ = name_of(session_, true, 0, error);
  return input_ != nullptr;
}

bool Session::find_output(const Output& promised, size_t& index, Error& error) const {
  size_t count = 0;
  if (!fine(api()->SessionGetOutputCount(session_, &count), error)) return false;
  for (index = 0; index < count; index++) {
    char* name = name_of(session_, false, index, error);
    if (name == nullptr) return false;
    const bool same = strcmp(name, promised.name) == 0;
    free(name);
    if (same) return true;
  }
  return error.set("its contract promises an output %s, the model has none of this name", promised.name);
}

// Appends to outputs_ and sizes_.
bool Session::check_output(const Output& promised, size_t index, Error& error) {
  Tensor output;
  if (!describe(session_, false, index, output, error)) return false;
  if (output.type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || !may_hold(output, promised.size)) {
    return error.set("its contract promises an output of size %d, float, the model has another",
                     promised.size);
  }
  sizes_[output_count_] = static_cast<size_t>(promised.size);
  outputs_[output_count_] = name_of(session_, false, index, error);
  return outputs_[output_count_] != nullptr;
}

bool Session::run(const uint8_t* rgb, size_t size, int height, int width, float* values, size_t count,
                  Error& error) const {
  const OrtApi* ort = api();
  size_t promised = 0;
  for (size_t output_size : sizes_) promised += output_size;
  if (output_count_ == 0 || size != size_t{3} * height * width || count != promised) {
    return error.set("%zu bytes for %zu values are not what the model takes", size, count);
  }
  Owned<OrtMemoryInfo> memory(ort->ReleaseMemoryInfo);
  Owned<OrtValue> input(ort->ReleaseValue);
  const int64_t shape[] = {1, height, width, 3};
  // onnxruntime only reads inputs, though the C API has no const for it.
  void* pixels = const_cast<uint8_t*>(rgb);
  if (!fine(ort->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, memory.out()), error) ||
      !fine(ort->CreateTensorWithDataAsOrtValue(memory.get(), pixels, size, shape, 4,
                                                ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, input.out()),
            error)) {
    return false;
  }
  const OrtValue* inputs[] = {input.get()};
  OrtValue* outputs[kMaxOutputs] = {};
  bool ran = fine(ort->Run(session_, nullptr, &input_, inputs, 1, outputs_, output_count_, outputs), error);
  float* next = values;
  for (size_t i = 0; i < output_count_; i++) {
    ran = ran && copy_values(outputs[i], next, sizes_[i], error);
    next += sizes_[i];
    if (outputs[i] != nullptr) ort->ReleaseValue(outputs[i]);
  }
  return ran;
}

size_t Session::nodes(const char* provider) const {
  const OrtApi* ort = OrtGetApiBase()->GetApi(kAssignmentApiVersion);
  const OrtEpAssignedSubgraph* const* parts = nullptr;
  size_t part_count = 0;
  Error ignored;
  if (ort == nullptr ||
      !fine(ort->Session_GetEpGraphAssignmentInfo(session_, &parts, &part_count), ignored)) {
    return 0;
  }
  size_t total = 0;
  for (size_t i = 0; i < part_count; i++) {
    const char* name = nullptr;
    const OrtEpAssignedNode* const* nodes = nullptr;
    size_t node_count = 0;
    if (fine(ort->EpAssignedSubgraph_GetEpName(parts[i], &name), ignored) && strcmp(name, provider) == 0 &&
        fine(ort->EpAssignedSubgraph_GetNodes(parts[i], &nodes, &node_count), ignored)) {
      total += node_count;
    }
  }
  return total;
}

const char* Session::runtime_version() { return OrtGetApiBase()->GetVersionString(); }

}  // namespace mobileiqa
