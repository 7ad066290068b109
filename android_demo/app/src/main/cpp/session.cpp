#include "session.h"

#include <onnxruntime_c_api.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

namespace mobileiqa {
namespace {

// The oldest onnxruntime that the SDK accepts, 1.18; every function used here is older.
constexpr uint32_t kApiVersion = 18;
constexpr size_t kMaxRank = 8;

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

bool allocator(OrtAllocator** found, Error& error) {
  return fine(api()->GetAllocatorWithDefaultOptions(found), error);
}

// A text that onnxruntime allocated, as one to free(); the original goes either way.
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
  if (!allocator(&memory, error) || !fine(get(session, index, memory, &name), error)) return nullptr;
  return adopt(memory, name, error);
}

struct Tensor {
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  size_t rank = 0;
  int64_t shape[kMaxRank] = {};  // -1 where it is not known before a run
};

// Type and shape of input or output `index`; a type of UNDEFINED where it is no tensor of a usual rank.
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

// Whether a tensor may hold so many values; a side that is not known leaves it to be seen after a run.
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
  free(output_);
  if (session_ != nullptr) api()->ReleaseSession(session_);
  if (env_ != nullptr) api()->ReleaseEnv(env_);
}

bool Session::open_file(const char* path, int threads, bool prepacking, Error& error) {
  return open(path, nullptr, 0, threads, prepacking, error);
}

bool Session::open_bytes(const void* data, size_t size, int threads, bool prepacking, Error& error) {
  return open(nullptr, data, size, threads, prepacking, error);
}

bool Session::open(const char* path, const void* data, size_t size, int threads, bool prepacking,
                   Error& error) {
  const OrtApi* ort = api();
  if (ort == nullptr) return error.set("onnxruntime %s is too old, 1.18 is needed", runtime_version());
  Owned<OrtSessionOptions> options(ort->ReleaseSessionOptions);
  const bool configured =
      fine(ort->CreateEnv(ORT_LOGGING_LEVEL_FATAL, "mobileiqa", &env_), error) &&
      fine(ort->CreateSessionOptions(options.out()), error) &&
      fine(ort->SetIntraOpNumThreads(options.get(), threads), error) &&
      fine(ort->SetInterOpNumThreads(options.get(), 1), error) &&
      fine(ort->SetSessionLogSeverityLevel(options.get(), ORT_LOGGING_LEVEL_FATAL), error) &&
      // As in Python: planned memory is laid out for all tensors at once, which costs large models much.
      fine(ort->DisableMemPattern(options.get()), error) &&
      fine(ort->AddSessionConfigEntry(options.get(), "session.disable_prepacking", prepacking ? "0" : "1"),
           error);
  if (!configured) return false;
  return fine(path != nullptr ? ort->CreateSession(env_, path, options.get(), &session_)
                              : ort->CreateSessionFromArray(env_, data, size, options.get(), &session_),
              error);
}

bool Session::metadata(const char* key, char** text, Error& error) const {
  const OrtApi* ort = api();
  OrtAllocator* memory = nullptr;
  Owned<OrtModelMetadata> metadata(ort->ReleaseModelMetadata);
  char* found = nullptr;
  *text = nullptr;
  if (!allocator(&memory, error) || !fine(ort->SessionGetModelMetadata(session_, metadata.out()), error) ||
      !fine(ort->ModelMetadataLookupCustomMetadataMap(metadata.get(), memory, key, &found), error)) {
    return false;
  }
  if (found == nullptr) return true;
  *text = adopt(memory, found, error);
  return *text != nullptr;
}

bool Session::check(int height, int width, int opinions, Error& error) {
  const OrtApi* ort = api();
  size_t inputs = 0;
  size_t outputs = 0;
  if (!fine(ort->SessionGetInputCount(session_, &inputs), error) ||
      !fine(ort->SessionGetOutputCount(session_, &outputs), error)) {
    return false;
  }
  if (inputs != 1 || outputs != 1) {
    return error.set("its contract promises one input and one output, the model has %zu and %zu", inputs,
                     outputs);
  }
  height_ = height;
  width_ = width;
  opinions_ = opinions;
  return check_input(error) && check_output(error);
}

bool Session::check_input(Error& error) {
  Tensor found;
  const int64_t shape[] = {1, height_, width_, 3};
  if (!describe(session_, true, 0, found, error)) return false;
  if (!is(found, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, shape, 4)) {
    return error.set("its contract promises input uint8 [1, %d, %d, 3], the model has another", height_,
                     width_);
  }
  input_ = name_of(session_, true, 0, error);
  return input_ != nullptr;
}

bool Session::check_output(Error& error) {
  Tensor found;
  if (!describe(session_, false, 0, found, error)) return false;
  if (found.type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || !may_hold(found, opinions_)) {
    return error.set("its contract promises an output of size %d, float, the model has another", opinions_);
  }
  output_ = name_of(session_, false, 0, error);
  return output_ != nullptr;
}

bool Session::run(const uint8_t* rgb, size_t size, float* opinions, size_t count, Error& error) const {
  const OrtApi* ort = api();
  if (output_ == nullptr || size != size_t{3} * height_ * width_ || count != static_cast<size_t>(opinions_)) {
    return error.set("%zu bytes for %zu opinions are not what the model takes", size, count);
  }
  Owned<OrtMemoryInfo> memory(ort->ReleaseMemoryInfo);
  Owned<OrtValue> input(ort->ReleaseValue);
  Owned<OrtValue> output(ort->ReleaseValue);
  const int64_t shape[] = {1, height_, width_, 3};
  // onnxruntime only reads inputs, though the C API has no const for it.
  void* pixels = const_cast<uint8_t*>(rgb);
  if (!fine(ort->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, memory.out()), error) ||
      !fine(ort->CreateTensorWithDataAsOrtValue(memory.get(), pixels, size, shape, 4,
                                                ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, input.out()),
            error)) {
    return false;
  }
  const OrtValue* values[] = {input.get()};
  if (!fine(ort->Run(session_, nullptr, &input_, values, 1, &output_, 1, output.out()), error)) return false;
  Owned<OrtTensorTypeAndShapeInfo> info(ort->ReleaseTensorTypeAndShapeInfo);
  size_t found = 0;
  void* data = nullptr;
  if (!fine(ort->GetTensorTypeAndShape(output.get(), info.out()), error) ||
      !fine(ort->GetTensorShapeElementCount(info.get(), &found), error)) {
    return false;
  }
  if (found != count) {
    return error.set("its contract promises an output of size %zu, the model gave %zu", count, found);
  }
  if (!fine(ort->GetTensorMutableData(output.get(), &data), error)) return false;
  memcpy(opinions, data, count * sizeof(float));
  return true;
}

const char* Session::runtime_version() { return OrtGetApiBase()->GetVersionString(); }

}  // namespace mobileiqa
