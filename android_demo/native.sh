#!/usr/bin/env bash
# Builds the C++ layer without an NDK: native.sh TARGET FOLDER
#   arm64-v8a, x86_64   FOLDER/libmobileiqa.so for the APK
#   host                FOLDER/libmobileiqa.so for this machine's JVM, with the onnxruntime that Python has
#   host-as-phone       the same with the version of onnxruntime that the APK has (x86-64)
#   qemu                FOLDER/score, for qemu-aarch64: the machine code of arm64-v8a under a main of its own
# Needs toolchain.sh to have run.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=toolchain.sh
source "$(dirname "${BASH_SOURCE[0]}")/toolchain.sh"

CPP=$DEMO/mobileiqa/src/main/cpp
ORT=$CACHE/onnxruntime-android
CLANG=${CLANG:-clang-14}
# The NDK's own defaults against overflows are the last three.
FLAGS=(-std=c++17 -O2 -fPIC -nostdinc++ -fno-exceptions -fno-rtti -fvisibility=hidden -Wall -Wextra -Werror
    "-ffile-prefix-map=$DEMO=." -isystem "$ORT/headers" -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wformat-security)
# shellcheck disable=SC2054 # the commas are the linker's
LINK=(-fuse-ld=lld -Wl,--no-undefined -Wl,--strip-all "-Wl,-z,max-page-size=16384,-z,relro,-z,now,-z,noexecstack")
# All functions used from Android's C library, all of them in API 24. There is no sysroot to check additions.
LIBC=(__stack_chk_fail __vsnprintf_chk calloc free getenv malloc memcpy memset setenv snprintf strcmp strlen)

jni_headers() { # JNI is the same on Android, but for two parameters that are not used here
    local home
    home=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
    FLAGS+=(-isystem "$home/include" -isystem "$home/include/linux")
}

objects() { # target folder flags...: session.o and jni.o
    local target=$1 folder=$2 part
    shift 2
    for part in session jni; do
        "$CLANG" "--target=$target" "${FLAGS[@]}" "$@" -c "$CPP/$part.cpp" -o "$folder/$part.o"
    done
}

android_objects() { # abi folder
    case $1 in
        # glibc's headers stand in for Android's: only declarations of LIBC are taken from them.
        # Jumps and returns are signed and checked by processors that can (PAC, BTI); others pass over it.
        arm64-v8a) objects aarch64-linux-android24 "$2" -mbranch-protection=standard -isystem /usr/aarch64-linux-gnu/include ;;
        x86_64) objects x86_64-linux-android24 "$2" -isystem /usr/include/x86_64-linux-gnu ;;
    esac
}

android() { # abi folder
    local target=x86_64-linux-android24
    [[ $1 == x86_64 ]] || target=aarch64-linux-android24
    android_objects "$1" "$scratch"
    printf 'void %s(void) {}\n' "${LIBC[@]}" >"$scratch/libc.c"
    "$CLANG" "--target=$target" -w -fno-builtin -fPIC -shared -nostdlib -fuse-ld=lld \
        -Wl,-soname,libc.so "$scratch/libc.c" -o "$scratch/libc.so"
    "$CLANG" "--target=$target" "${LINK[@]}" -shared -nostdlib -Wl,-soname,libmobileiqa.so \
        "$scratch/session.o" "$scratch/jni.o" "$ORT/jni/$1/libonnxruntime.so" "$scratch/libc.so" \
        -o "$2/libmobileiqa.so"
}

pythons_library() {
    "${PYTHON:-python3}" -c 'import glob, os, importlib.util as u
print(glob.glob(os.path.dirname(u.find_spec("onnxruntime").origin) + "/capi/libonnxruntime.so.*")[0])'
}

host() { # library folder
    local library=$1
    shift
    objects "$("$CLANG" -print-target-triple)" "$scratch"
    # The wheel has no file of the name that it is looked up by.
    ln -sf "$library" "$1/libonnxruntime.so.1"
    "$CLANG" "${LINK[@]}" -shared "$scratch/session.o" "$scratch/jni.o" "$library" "-Wl,-rpath,$(realpath "$1")" \
        -o "$1/libmobileiqa.so"
}

qemu() { # folder
    android_objects arm64-v8a "$scratch"
    "$CLANG" --target=aarch64-linux-gnu "${FLAGS[@]}" -I"$CPP" -c "$DEMO/tests/arm64/score.cpp" \
        -o "$scratch/score.o"
    "$CLANG" --target=aarch64-linux-gnu "${LINK[@]}" "$scratch/score.o" "$scratch/session.o" \
        "$CACHE/qemu/onnxruntime/libonnxruntime.so.1" -Wl,-rpath,/onnxruntime -Wl,--allow-shlib-undefined \
        -o "$1/score"
}

main() {
    if (($# != 2)); then
        sed -n '2,/^# Needs/s/^# //p' "${BASH_SOURCE[0]}" >&2
        return 2
    fi
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    mkdir -p "$2"
    jni_headers
    case $1 in
        arm64-v8a | x86_64) android "$1" "$2" ;;
        host) host "$(pythons_library)" "$2" ;;
        host-as-phone) host "$ORT/linux-x64/libonnxruntime.so.1" "$2" ;;
        qemu) qemu "$2" ;;
        *)
            echo "$1: no such target" >&2
            return 2
            ;;
    esac
}

main "$@"
