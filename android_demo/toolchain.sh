#!/usr/bin/env bash
# Gets what building and testing the demo needs: Debian packages, and pinned files from npm and PyPI, which go
# to android_demo/.cache. Run it as root or with sudo at hand; what is there already is not fetched again.
# Sourced, it only defines its functions.
set -euo pipefail

DEMO=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${MOBILEIQA_ANDROID_CACHE:-$DEMO/.cache}

# onnxruntime 1.29.0: C headers, libonnxruntime.so for Android (16 KB pages), and for this machine, to test with.
ORT_NPM=com.github.asus4.onnxruntime@0.4.9
ORT_NPM_SHA256=e59788788818fdde1b2e522e766a21ba0f7d8391de55737abf81e32cc801785d

# onnxruntime for 64-bit ARM Linux, which qemu runs.
ORT_WHEEL=onnxruntime==1.31.1
ORT_WHEEL_SHA256=da05378364c44d4407e463982d2bf8d5e4cfea873283757e48beeb41df97b7f3

# The host's and both phones' compiler; the JVM tests, of apps in Kotlin and shrunk too; the ARM C library for qemu.
CORE_PACKAGES=(clang-14 lld-14 libc6-dev junit4 kotlin proguard-cli unzip
    qemu-user-static libc6-dev-arm64-cross libgcc-12-dev-arm64-cross libstdc++6-arm64-cross)

apt_install() { # packages...: installs those that are missing
    local missing=() root=() package
    for package; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    ((EUID == 0)) || root=(sudo)
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

check_sha256() { # file digest
    echo "$2  $1" | sha256sum --check --quiet --strict || {
        echo "$1: not the file that was pinned; it was not used" >&2
        return 1
    }
}

# unpacked FOLDER DIGEST MAKER: calls MAKER, a function, with an empty scratch folder and an empty result folder,
# which becomes FOLDER in the cache. Where FOLDER was made of DIGEST by this MAKER already, does nothing.
unpacked() {
    local folder=$CACHE/$1 digest scratch
    digest="$2 $(declare -f "$3" | sha256sum)"
    shift 2
    [[ $(cat "$folder/.made-of" 2>/dev/null) == "$digest" ]] && return 0
    mkdir -p "$CACHE"
    scratch=$(mktemp -d -p "$CACHE")
    mkdir "$scratch/download" "$scratch/result"
    if ! "$@" "$scratch/download" "$scratch/result"; then
        rm -rf "$scratch"
        return 1
    fi
    echo "$digest" >"$scratch/result/.made-of"
    rm -rf "$folder"
    mv "$scratch/result" "$folder"
    rm -rf "$scratch"
}

# .cache/onnxruntime-android: headers/, jni/ABI/libonnxruntime.so, linux-x64/libonnxruntime.so.1, ThirdPartyNotices.txt
onnxruntime_android() { unpacked onnxruntime-android "$ORT_NPM_SHA256" unpack_npm; }

unpack_npm() { # download result
    (cd "$1" && npm pack --silent "$ORT_NPM" >/dev/null) || return
    local files=("$1"/*.tgz)
    check_sha256 "${files[0]}" "$ORT_NPM_SHA256" || return
    tar -xzf "${files[0]}" -C "$1" package/Plugins/Android/onnxruntime.aar \
        package/Plugins/Linux/x64/libonnxruntime.so package/ThirdPartyNotices.txt || return
    unzip -q "$1/package/Plugins/Android/onnxruntime.aar" 'headers/*' jni/arm64-v8a/libonnxruntime.so \
        jni/x86_64/libonnxruntime.so -d "$2" || return
    mkdir "$2/linux-x64"
    mv "$1/package/Plugins/Linux/x64/libonnxruntime.so" "$2/linux-x64/libonnxruntime.so.1"
    mv "$1/package/ThirdPartyNotices.txt" "$2"
}

# .cache/qemu: a root for qemu-aarch64 -L, with Debian's ARM C library and onnxruntime's libonnxruntime.so.1
qemu_root() { unpacked qemu "$ORT_WHEEL_SHA256" unpack_wheel; }

unpack_wheel() { # download result
    "${PYTHON:-python3}" -m pip download --quiet --no-deps --only-binary :all: --implementation cp --python-version 311 \
        --platform manylinux_2_28_aarch64 --dest "$1" "$ORT_WHEEL" || return
    local files=("$1"/*.whl)
    check_sha256 "${files[0]}" "$ORT_WHEEL_SHA256" || return
    unzip -q -j "${files[0]}" 'onnxruntime/capi/libonnxruntime.so.*' -d "$2/onnxruntime" || return
    mv "$2"/onnxruntime/libonnxruntime.so.* "$2/onnxruntime/libonnxruntime.so.1"
    ln -s /usr/aarch64-linux-gnu/lib "$2/lib"
    # qemu shows the host's /proc/cpuinfo, by which onnxruntime could not tell what an ARM core can do.
    mkdir "$2/proc"
    cp "$DEMO/tests/arm64/cpuinfo" "$2/proc/cpuinfo"
}

common_toolchain() { # besides Debian's packages of these names
    apt_install "$@"
    command -v javac >/dev/null || apt_install openjdk-17-jdk-headless
    command -v npm >/dev/null || apt_install npm
    onnxruntime_android
}

core_toolchain() {
    common_toolchain "${CORE_PACKAGES[@]}"
    qemu_root
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
    core_toolchain
fi
