// score MODEL HEIGHT WIDTH OPINIONS [PIXELS HEIGHT WIDTH]...: prints the score of each file of RGB bytes on a line of
// stdout, and the contract on stderr. A model that takes any size has a height and a width of 0. Exits with 1, and the
// reason on stderr, if something goes wrong.
#include "session.h"

#include <stdio.h>

namespace {

constexpr size_t kMaxOpinions = 1024;

int fail(const mobileiqa::Error& error) {
  fprintf(stderr, "%s\n", error.text);
  return 1;
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
  if (count < 8 || count % 3 != 2) return 2;
  mobileiqa::Error error;
  mobileiqa::Session session;
  char* contract = nullptr;
  const auto count_of_opinions = static_cast<size_t>(atoi(arguments[4]));
  if (count_of_opinions > kMaxOpinions) return 2;
  if (!session.open_file(arguments[1], {1, false, mobileiqa::Accelerator::kCpu}, error) ||
      !session.metadata("mobileiqa.contract", &contract, error)) {
    return fail(error);
  }
  fprintf(stderr, "%s\n", contract != nullptr ? contract : "no contract");
  free(contract);
  const mobileiqa::Output output = {"opinions", atoi(arguments[4])};
  if (!session.check(atoi(arguments[2]), atoi(arguments[3]), &output, 1, error)) return fail(error);
  for (int i = 5; i < count; i += 3) {
    const int height = atoi(arguments[i + 1]);
    const int width = atoi(arguments[i + 2]);
    const size_t size = size_t{3} * height * width;
    float opinions[kMaxOpinions];
    uint8_t* pixels = read(arguments[i], size);
    if (pixels == nullptr) {
      error.set("%s: cannot be read", arguments[i]);
      return fail(error);
    }
    const bool ran = session.run(pixels, size, height, width, opinions, count_of_opinions, error);
    free(pixels);
    if (!ran) return fail(error);
    double sum = 0;
    for (size_t j = 0; j < count_of_opinions; j++) sum += opinions[j];
    printf("%.9g\n", sum / static_cast<double>(count_of_opinions));
  }
  return 0;
}
