#!/usr/bin/env bash
# Builds, in android_demo/build, the library mobileiqa-VERSION.aar and the app mobileiqa-demo.apk: installable,
# debuggable, signed with a key made on the spot. Fetches what it needs first (debian.sh); the same sources give the
# same bytes but for the signature.
#   --offline    fetches and installs nothing
#   --unsigned   stops before signing
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=debian.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

MAIN=$DEMO/app/src/main
LIBRARY=$DEMO/mobileiqa
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
    aapt2 compile --dir "$DEMO/newer/res" -o "$1/newer.zip"
    aapt2 link -o "$1/newer.apk" --manifest "$DEMO/newer/AndroidManifest.xml" "$1/newer.zip"
    aapt2 link -o "$1/base.apk" --manifest "$1/AndroidManifest.xml" -I "$FRAMEWORK" -I "$1/newer.apk" --java "$1/gen" \
        --min-sdk-version "$(property minSdk)" --target-sdk-version "$(property targetSdk)" \
        --version-code "$(property versionCode)" --version-name "$(property versionName)" \
        --debug-mode "$1/resources.zip"
}

compile() { # classes classpath sources...: a folder of class files
    mkdir "$1"
    # "options": that Java 8 is old is known; dx takes no newer class files.
    javac -source 8 -target 8 -bootclasspath "$ANDROID_JAR" -cp "$2" -encoding UTF-8 -g:source,lines \
        -Xlint:all,-deprecation,-options -Werror -d "$1" "${@:3}"
}

library() { # work: all that lies in the AAR, in $1/aar
    local sources=() abi
    mapfile -t sources < <(find "$LIBRARY/src/main/java" -name '*.java' | sort)
    compile "$1/annotations" "$ANDROID_JAR" "$LIBRARY"/src/annotations/org/jetbrains/annotations/*.java
    compile "$1/library" "$1/annotations" "${sources[@]}"
    mkdir -p "$1/aar/assets/mobileiqa-small" "$1/aar/assets/mobileiqa"
    python3 "$DEMO/apk.py" zip "$1/library" "$1/aar/classes.jar"
    for abi in "${ABIS[@]}"; do
        bash "$DEMO/native.sh" "$abi" "$1/aar/jni/$abi"
        cp "$CACHE/onnxruntime-android/jni/$abi/libonnxruntime.so" "$1/aar/jni/$abi"
    done
    cp "$MODEL/model.onnx" "$1/aar/assets/mobileiqa-small"
    cp "$DEMO/../training/MODEL_CARD.md" "$DEMO/../LICENSE" "$1/aar/assets/mobileiqa"
    cp "$CACHE/onnxruntime-android/ThirdPartyNotices.txt" "$1/aar/assets/mobileiqa/THIRD_PARTY.txt"
    cp "$LIBRARY/consumer-rules.pro" "$1/aar/proguard.txt"
    touch "$1/aar/R.txt" # there are no resources
    # Gradle's plugin writes these two by what build.gradle says.
    sed "s|<manifest />|<manifest xmlns:android=\"http://schemas.android.com/apk/res/android\" package=\"ai.mobileiqa\">\n\
    <uses-sdk android:minSdkVersion=\"$(property minSdk)\" />\n</manifest>|" \
        "$LIBRARY/src/main/AndroidManifest.xml" >"$1/aar/AndroidManifest.xml"
    mkdir -p "$1/aar/META-INF/com/android/build/gradle"
    printf '%s\n' aarFormatVersion=1.0 aarMetadataVersion=1.0 "minCompileSdk=$(property minSdk)" \
        >"$1/aar/META-INF/com/android/build/gradle/aar-metadata.properties"
}

app() { # work: all that lies in the APK, in $1/apk
    local sources=()
    mapfile -t sources < <(find "$MAIN/java" "$1/gen" -name '*.java' | sort)
    compile "$1/app" "$1/aar/classes.jar:$1/annotations" "${sources[@]}"
    unzip -q "$1/base.apk" -d "$1/apk"
    java -cp "$DX_JAR" com.android.dx.command.Main --dex --min-sdk-version="$(property minSdk)" \
        --output="$1/apk/classes.dex" "$1/app" "$1/aar/classes.jar"
    cp -r "$1/aar/assets" "$1/apk/assets"
    cp -r "$1/aar/jni" "$1/apk/lib"
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
    library "$work"
    python3 "$DEMO/apk.py" zip "$work/aar" "$OUT/mobileiqa-$(property versionName).aar"
    echo "$OUT/mobileiqa-$(property versionName).aar"
    resources "$work"
    app "$work"
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
