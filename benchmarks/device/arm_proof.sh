#!/usr/bin/env bash
# Do artifacts give the same scores on ARM? Without an ARM machine: the device script and the SDK, with the
# aarch64 wheels that a phone or board would install, run under qemu-user. Scores are compared, never times.
#
#     benchmarks/device/arm_proof.sh [FOLDER [--cpu Cortex-A76]...]
#
# FOLDER (build/arm-proof) keeps what was made, for the next time: delete it to export anew. Needs Debian with qemu-user-static, and this
# SDK installed with its [dev] extra. apt and pip are asked as this machine has them configured; nothing is
# installed on it, and root is not needed.
set -euo pipefail
if [[ ${1:-} == -* ]]; then # help, or an option where the folder belongs
    sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"
    [[ $1 == -h || $1 == --help ]] && exit 0 || exit 2
fi
cd "$(dirname "$0")/../.."
mkdir -p "${1:-build/arm-proof}"
work=$(realpath "${1:-build/arm-proof}")
shift $(($# > 0))
root=$work/root site=$work/site artifacts=$work/artifacts
python=${PYTHON:-python3}

for tool in apt-get dpkg-deb qemu-aarch64-static "$python"; do
    command -v "$tool" >/dev/null || { echo "arm_proof.sh: $tool is missing: apt-get install apt dpkg qemu-user-static python3" >&2; exit 2; }
done

if [ ! -d "$root" ]; then
    echo "--- an arm64 Python, from Debian's packages"
    apt=$work/apt
    mkdir -p "$apt"/state/lists/partial "$apt"/cache/archives/partial
    : >"$apt/status"
    private=(-qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User= -o Acquire::Languages=none
        -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o Debug::NoLocking=1)
    apt-get "${private[@]}" update
    apt-get "${private[@]}" -y --no-install-recommends --download-only install python3 libstdc++6
    rm -rf "$root.part"
    mkdir "$root.part"
    for package in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$package" "$root.part"; done
    [ -e "$root.part/lib" ] || ln -s usr/lib "$root.part/lib"
    mv "$root.part" "$root"
fi
interpreter=$(echo "$root"/usr/bin/python3.[0-9]*[0-9])

if [ ! -d "$site" ]; then
    echo "--- aarch64 wheels, of the versions installed here"
    platforms=(--platform manylinux2014_aarch64)
    for minor in $(seq 17 "$(ldd --version | sed -n '1s/.*\.//p')"); do platforms+=(--platform "manylinux_2_${minor}_aarch64"); done
    wanted=$("$python" -c 'from importlib.metadata import version
print(*(f"{name}=={version(name)}" for name in ("numpy", "pillow", "onnxruntime", "ai-edge-litert", "click")))')
    rm -rf "$site.part"
    # shellcheck disable=SC2086
    "$python" -m pip install --quiet --target "$site.part" --only-binary=:all: --no-compile --no-warn-conflicts \
        --python-version "${interpreter##*python}" "${platforms[@]}" $wanted
    mv "$site.part" "$site"
fi

if [ ! -d "$artifacts" ]; then
    echo "--- artifacts, exported here"
    rm -rf "$artifacts.part"
    "$python" -m mobileiqa_sdk export --checkpoint training/checkpoints/*.safetensors --format onnx,tflite \
        --precision fp32,int8-weights,int8-dynamic --output "$artifacts.part"
    mv "$artifacts.part" "$artifacts"
fi

exec "$python" benchmarks/device/arm_proof.py --root "$root" --interpreter "$interpreter" --site "$site" \
    --json "$work/result.json" "$@" "$artifacts"/*/
