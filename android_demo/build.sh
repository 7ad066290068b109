#!/usr/bin/env bash
# Builds android_demo/build/mobileiqa-demo.apk: installable, debuggable, signed with a key made on the spot.
# Fetches what it needs first (debian.sh); the same sources give the same bytes but for the signature.
#   --offline    fetches and installs nothing
#   --unsigned   stops before signing
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=debian.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

MAIN=$DEMO/app/src/main
MODEL=$DEMO/../mobileiqa_sdk/models/mobileiqa-small
OUT=${MOBILEIQA_ANDROID_OUT:-$DEMO/build}
ABIS=(arm64-v8a x86_64)
export LC_ALL=C TZ=UTC

property() { sed -n "s/^demo\.$1=//p" "$DEMO/gradle.properties"; }

resources() { # work: base.apk and R.java
    aapt2 compile --dir "$MAIN/res" -o "$1/resources.zip"
    # Gradle's plugin wants these two to be its own, so the manifest lacks them.
    sed -e 's|<manifest |<manifest package="ai.mobileiqa.demo" |' \
        -e 's|<application$|<application android:extractNativeLibs="false"|' \
        "$MAIN/AndroidManifest.xml" >"$1/AndroidManifest.xml"
    aapt2 link -o "$1/base.apk" --manifest "$1/AndroidManifest.xml" -I "$FRAMEWORK" --java "$1/gen" \
        --min-sdk-version "$(property minSdk)" --target-sdk-version "$(property targetSdk)" \
        --version-code "$(property versionCode)" --version-name "$(property versionName)" \
        --debug-mode "$1/resources.zip"
}

classes() { # work: classes.dex
    local sources=()
    mapfile -t sources < <(find "$MAIN/java" "$1/gen" -name '*.java' | sort)
    mkdir "$1/classes"
    # "options": that Java 8 is old is known; dx takes no newer class files.
    javac -source 8 -target 8 -bootclasspath "$ANDROID_JAR" -encoding UTF-8 -g:source,lines \
        -Xlint:all,-deprecation,-options -Werror -d "$1/classes" "${sources[@]}"
    java -cp "$DX_JAR" com.android.dx.command.Main --dex --min-sdk-version="$(property minSdk)" \
        --output="$1/classes.dex" "$1/classes"
}

contents() { # work: all that lies in the APK, in $1/apk
    unzip -q "$1/base.apk" -d "$1/apk"
    cp "$1/classes.dex" "$1/apk"
    local abi
    for abi in "${ABIS[@]}"; do
        bash "$DEMO/native.sh" "$abi" "$1/apk/lib/$abi"
        cp "$CACHE/onnxruntime-android/jni/$abi/libonnxruntime.so" "$1/apk/lib/$abi"
    done
    mkdir -p "$1/apk/assets/mobileiqa-small"
    cp "$MODEL/model.onnx" "$1/apk/assets/mobileiqa-small"
    cp "$DEMO/../training/MODEL_CARD.md" "$DEMO/../LICENSE" "$1/apk/assets"
    cp "$CACHE/onnxruntime-android/ThirdPartyNotices.txt" "$1/apk/assets/THIRD_PARTY.txt"
}

sign() { # unsigned signed
    local key=$OUT/debug.keystore
    if [[ ! -f $key ]]; then
        keytool -genkeypair -keystore "$key" -storetype PKCS12 -storepass android -alias debug -keyalg RSA \
            -keysize 2048 -validity 10950 -dname "CN=MobileIQA demo debug key"
    fi
    # Version 1 signatures are for Android before 7.
    apksigner sign --v1-signing-enabled false --ks "$key" --ks-pass pass:android --ks-key-alias debug --out "$2" "$1"
}

main() {
    local option offline='' unsigned=''
    for option; do
        case $option in
            --offline) offline=yes ;;
            --unsigned) unsigned=yes ;;
            *)
                sed -n '2,/^set/s/^# //p' "${BASH_SOURCE[0]}" >&2
                return 2
                ;;
        esac
    done
    [[ $offline ]] || app_toolchain
    mkdir -p "$OUT"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    resources "$work"
    classes "$work"
    contents "$work"
    python3 "$DEMO/apk.py" pack "$work/apk" "$OUT/mobileiqa-demo-unsigned.apk"
    [[ ! $unsigned ]] || return 0
    sign "$OUT/mobileiqa-demo-unsigned.apk" "$work/signed.apk"
    zipalign -c -p 4 "$work/signed.apk"
    apksigner verify --min-sdk-version "$(property minSdk)" "$work/signed.apk"
    python3 "$DEMO/apk.py" check "$work/signed.apk"
    mv "$work/signed.apk" "$OUT/mobileiqa-demo.apk"
    echo "$OUT/mobileiqa-demo.apk"
}

main "$@"
