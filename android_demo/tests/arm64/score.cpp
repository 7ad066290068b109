// score MODEL HEIGHT WIDTH OUTPUTS [PIXELS HEIGHT WIDTH]...: prints all answers to each file of RGB bytes on a line of
// stdout, and the contract on stderr. A model that takes any size has a height and a width of 0. OUTPUTS are names and
// sizes: opinions:8,faults:8,photo:1. Exits with 1, and the reason on stderr, if something goes wrong.
#include "session.h"

#include <stdio.h>
#include <string.h>

namespace {

constexpr size_t kMaxValues = 1024;

struct Promised {
  mobileiqa::Output outputs[mobileiqa::kMaxOutputs];
  size_t count = 0;
  size_t values = 0;
};

int fail(const mobileiqa::Error& error) {
  fprintf(stderr, "%s\n", error.text);
  return 1;
}

// Cuts `text` into names, to which `promised` points from then on, and sizes.
bool parse(char* text, Promised& promised) {
  for (char* part = strtok(text, ","); part != nullptr; part = strtok(nullptr, ",")) {
    char* colon = strchr(part, ':');
    if (colon == nullptr || promised.count == mobileiqa::kMaxOutputs) return false;
    *colon = '\0';
    const int size = atoi(colon + 1);
    promised.outputs[promised.count++] = {part, size};
    promised.values += static_cast<size_t>(size);
  }
  return promised.count != 0 && promised.values <= kMaxValues;
}

uint8_t* read(const char* path, size_t size) {
  auto* bytes = static_cast<uint8_t*>(malloc(size));
  FILE* file = fopen(path, "rb");
  const bool whole = bytes != nullptr && file != nullptr && fread(bytes, 1, size, file) == size;
  if (file != nullptr) fclose(file);
  if (whole) return bytes;
  free(bytes);
  return nullptr;
}

}  // namespace

int main(int count, char** arguments) {
  Promised promised;
  if (count < 8 || count % 3 != 2 || !parse(arguments[4], promised)) return 2;
  mobileiqa::Error error;
  mobileiqa::Session session;
  char* contract = nullptr;
  if (!session.open_file(arguments[1], {1, false, mobileiqa::Accelerator::kCpu}, error) ||
      !session.metadata("mobileiqa.contract", &contract, error)) {
    return fail(error);
  }
  fprintf(stderr, "%s\n", contract != nullptr ? contract : "no contract");
  free(contract);
  if (!session.check(atoi(arguments[2]), atoi(arguments[3]), promised.outputs, promised.count, error)) {
    return fail(error);
  }
  for (int i = 5; i < count; i += 3) {
    const int height = atoi(arguments[i + 1]);
    const int width = atoi(arguments[i + 2]);
    const size_t size = size_t{3} * height * width;
    float values[kMaxValues];
    uint8_t* pixels = read(arguments[i], size);
    if (pixels == nullptr) {
      error.set("%s: cannot be read", arguments[i]);
      return fail(error);
    }
    const bool ran = session.run(pixels, size, height, width, values, promised.values, error);
    free(pixels);
    if (!ran) return fail(error);
    for (size_t j = 0; j < promised.values; j++) printf("%.9g ", static_cast<double>(values[j]));
    printf("\n");
  }
  return 0;
}
