// The native half of ai.mobileiqa.core.Model: Java arrays and exceptions around session.h.
#include <jni.h>
#include <string.h>

#include "session.h"

using mobileiqa::Error;
using mobileiqa::kMaxOutputs;
using mobileiqa::Output;
using mobileiqa::Session;

namespace {

// ModelException, handed over by Java: its name is another one in an app whose code is shrunk.
jclass exception_type = nullptr;

void fail(JNIEnv* env, const Error& error) { env->ThrowNew(exception_type, error.text); }

Session* at(jlong handle) { return reinterpret_cast<Session*>(handle); }

// A Java array's bytes for the time of a scope. They are null, with an exception pending, if memory is short.
class Bytes {
 public:
  Bytes(JNIEnv* env, jbyteArray array)
      : env_(env), array_(array), size_(static_cast<size_t>(env->GetArrayLength(array))),
        data_(env->GetByteArrayElements(array, nullptr)) {}
  ~Bytes() {
    if (data_ != nullptr) env_->ReleaseByteArrayElements(array_, data_, JNI_ABORT);
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  const jbyte* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  JNIEnv* env_;
  jbyteArray array_;
  size_t size_;
  jbyte* data_;
};

}  // namespace

#define MODEL(type, name) extern "C" JNIEXPORT type JNICALL Java_ai_mobileiqa_core_Model_##name

// Called once, before all others.
MODEL(void, nativeSetExceptionType)(JNIEnv* env, jclass, jclass type) {
  exception_type = static_cast<jclass>(env->NewGlobalRef(type));
}

// `source` is either a path in UTF-8 that ends in NUL, or a model file's bytes.
MODEL(jlong, nativeOpen)
(JNIEnv* env, jclass, jbyteArray source, jboolean is_path, jint threads, jboolean prepacking,
 jint accelerator) {
  Error error;
  Bytes bytes(env, source);
  if (bytes.data() == nullptr) return 0;
  Session* session = new Session;
  if (session == nullptr) {
    error.set("out of memory");
    fail(env, error);
    return 0;
  }
  const mobileiqa::Options options = {threads, static_cast<bool>(prepacking),
                                      static_cast<mobileiqa::Accelerator>(accelerator)};
  const bool opened = is_path
                          ? session->open_file(reinterpret_cast<const char*>(bytes.data()), options, error)
                          : session->open_bytes(bytes.data(), bytes.size(), options, error);
  if (opened) return reinterpret_cast<jlong>(session);
  delete session;
  fail(env, error);
  return 0;
}

// Returns bytes rather than a string: JNI aborts the process on text that is not its own variant of UTF-8.
MODEL(jbyteArray, nativeMetadata)(JNIEnv* env, jclass, jlong handle, jbyteArray key) {
  Error error;
  Bytes name(env, key);
  if (name.data() == nullptr) return nullptr;
  char* text = nullptr;
  if (!at(handle)->metadata(reinterpret_cast<const char*>(name.data()), &text, error)) {
    fail(env, error);
    return nullptr;
  }
  if (text == nullptr) return nullptr;
  const jsize size = static_cast<jsize>(strlen(text));
  jbyteArray array = env->NewByteArray(size);
  if (array != nullptr) env->SetByteArrayRegion(array, 0, size, reinterpret_cast<const jbyte*>(text));
  free(text);
  return array;
}

// `names` holds the outputs' names in UTF-8, each followed by NUL; `sizes` is as long as there are names.
MODEL(void, nativeCheck)
(JNIEnv* env, jclass, jlong handle, jint height, jint width, jbyteArray names, jintArray sizes) {
  Error error;
  Bytes bytes(env, names);
  if (bytes.data() == nullptr) return;
  const size_t count = static_cast<size_t>(env->GetArrayLength(sizes));
  jint promised[kMaxOutputs] = {};
  Output outputs[kMaxOutputs] = {};
  if (count > kMaxOutputs) {
    error.set("its contract promises %zu outputs, too many", count);
    fail(env, error);
    return;
  }
  env->GetIntArrayRegion(sizes, 0, static_cast<jsize>(count), promised);
  const char* name = reinterpret_cast<const char*>(bytes.data());
  for (size_t i = 0; i < count; i++) {
    outputs[i] = {name, promised[i]};
    name += strlen(name) + 1;
  }
  if (!at(handle)->check(height, width, outputs, count, error)) fail(env, error);
}

MODEL(void, nativeRun)
(JNIEnv* env, jclass, jlong handle, jbyteArray rgb, jint height, jint width, jfloatArray values) {
  Error error;
  Bytes bytes(env, rgb);
  if (bytes.data() == nullptr) return;
  const jsize count = env->GetArrayLength(values);
  jfloat* answer = env->GetFloatArrayElements(values, nullptr);
  if (answer == nullptr) return;
  const bool ran = at(handle)->run(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), height, width,
                                   answer, static_cast<size_t>(count), error);
  env->ReleaseFloatArrayElements(values, answer, ran ? 0 : JNI_ABORT);
  if (!ran) fail(env, error);
}

MODEL(jint, nativeNodes)(JNIEnv* env, jclass, jlong handle, jbyteArray provider) {
  Bytes name(env, provider);
  if (name.data() == nullptr) return 0;
  return static_cast<jint>(at(handle)->nodes(reinterpret_cast<const char*>(name.data())));
}

MODEL(void, nativeClose)(JNIEnv*, jclass, jlong handle) { delete at(handle); }

MODEL(jstring, runtimeVersion)(JNIEnv* env, jclass) { return env->NewStringUTF(Session::runtime_version()); }
